/** A run of a thousand tasks: its children come in lots, are told to stop in lots, and none is made twice. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { depsFor, key, pipelineRun, storeWith } from './real-store.js'

const RUN = 'PipelineRun/default/run'
const TASKS = 1_000
const MANY = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  pipelineSpec:
    tasks:
${Array.from({ length: TASKS }, (_, i) => `      - { name: t${i}, taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] } }`).join('\n')}
`

/** Counts what is under way at once; `crash` ends the pass at that creation, as a killed process would. */
function watched(cluster: Cluster, crash = Number.POSITIVE_INFINITY) {
  const seen = { now: 0, most: 0, creations: 0, statuses: 0 }
  const count = async <T>(work: () => Promise<T>): Promise<T> => {
    seen.now += 1
    seen.most = Math.max(seen.most, seen.now)
    try {
      return await work()
    } finally {
      seen.now -= 1
    }
  }
  const counting: Cluster = {
    ...cluster,
    create: (kind, object) =>
      count(() => {
        seen.creations += 1
        return seen.creations > crash ? Promise.reject(new Error('killed')) : cluster.create(kind, object)
      }),
    replace: (kind, object) => count(() => cluster.replace(kind, object)),
    replaceStatus(kind, object) {
      seen.statuses += 1
      return cluster.replaceStatus(kind, object)
    },
  }
  return { cluster: counting, seen }
}

test('a thousand children are made in lots, in the order of the spec, and said in one status', async () => {
  const store = await storeWith(MANY)
  const { cluster, seen } = watched(store)
  await reconcile(depsFor(cluster), RUN)
  expect(seen).toMatchObject({ creations: TASKS, statuses: 1, now: 0 })
  expect(seen.most).toBeGreaterThan(1)
  expect(seen.most).toBeLessThanOrEqual(16)
  const run = await pipelineRun(store)
  const names = Array.from({ length: TASKS }, (_, i) => `run-t${i}`)
  expect(run.status?.childReferences?.map(child => child.name)).toEqual(names)
  const made = [...(await store.list('TaskRun'))]
  made.sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
  expect(made.map(child => child.metadata.name)).toEqual(names)
})

test('killed half way, the next pass makes the rest and no twin', async () => {
  const store = await storeWith(MANY)
  const { cluster } = watched(store, 500)
  await expect(reconcile(depsFor(cluster), RUN)).rejects.toThrow('killed')
  expect(await store.list('TaskRun')).toHaveLength(500)
  const uids = new Set((await store.list('TaskRun')).map(child => child.metadata.uid))
  await reconcile(depsFor(store), RUN)
  const after = await store.list('TaskRun')
  expect(after).toHaveLength(TASKS)
  expect(after.filter(child => uids.has(child.metadata.uid))).toHaveLength(500)
})

test('a thousand children are told to stop in lots', async () => {
  const store = await storeWith(MANY)
  await reconcile(depsFor(store), RUN)
  const run = await pipelineRun(store)
  await store.replace('PipelineRun', { ...run, spec: { ...run.spec, status: 'Cancelled' } })
  const { cluster, seen } = watched(store)
  await reconcile(depsFor(cluster), RUN)
  expect(seen.most).toBeLessThanOrEqual(16)
  expect(succeededCondition(await pipelineRun(store))).toMatchObject({ status: 'False', reason: 'Cancelled' })
  const told = (await store.list('TaskRun')).filter(child => child.spec.status === 'TaskRunCancelled')
  expect(told).toHaveLength(TASKS)
})

test('a pipeline that does not fit into the status of its run fails it, and what was begun is told to stop', async () => {
  const script = 'x'.repeat(800_000)
  const store = await storeWith(`
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  pipelineSpec:
    tasks:
      - { name: large, taskSpec: { steps: [{ name: s, image: alpine, script: "${script}" }] } }
      - { name: small, taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] } }
`)
  await reconcile(depsFor(store), RUN)
  const condition = succeededCondition(await pipelineRun(store))
  expect(condition).toMatchObject({ status: 'False', reason: 'Failed' })
  expect(condition?.message).toMatch(/^the status of this run cannot be stored any more: /)
  for (const name of ['run-large', 'run-small']) {
    expect((await store.get('TaskRun', key(name)))?.spec.status).toBe('TaskRunCancelled')
  }
})

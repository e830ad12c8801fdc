/**
 * A worker that was frozen in the middle of a pass goes on with what it saw, while others have gone on with the run. What it
 * writes to the run is refused, but a child that it makes is there: nothing may come of it.
 */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { toTimestamp } from '../../src/lib/time.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import type { Kind } from '../../src/resources/kinds.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { isDone, succeededCondition } from '../../src/status/conditions.js'
import { depsFor, key, NOW, PIPELINE_RUN, pipelineRun, storeWith, TASK_RUN, taskRun } from './real-store.js'

/** Holds up the first creation of this kind until `let` is called; `reached` when it is held. */
function holding(cluster: Cluster, held: Kind) {
  let letGo = () => {}
  let arrive = () => {}
  const released = new Promise<void>(resolve => (letGo = resolve))
  const reached = new Promise<void>(resolve => (arrive = resolve))
  const late: Cluster = {
    ...cluster,
    async create(kind, object) {
      if (kind === held) {
        arrive()
        await released
      }
      return cluster.create(kind, object)
    },
  }
  return { late, reached, letGo }
}

test('a Pod that is made when its TaskRun was cancelled meanwhile goes again', async () => {
  const cluster = await storeWith(TASK_RUN)
  const { late, reached, letGo } = holding(cluster, 'Pod')
  const frozen = reconcile(depsFor(late), 'TaskRun/default/one')
  await reached
  const run = await taskRun(cluster, 'one')
  await cluster.replace('TaskRun', { ...run, spec: { ...run.spec, status: 'TaskRunCancelled' } } as TaskRun)
  await reconcile(depsFor(cluster), 'TaskRun/default/one')
  expect(succeededCondition(await taskRun(cluster, 'one'))).toMatchObject({ reason: 'TaskRunCancelled' })
  letGo()
  const outcome = await frozen
  if (outcome.kind === 'again') await reconcile(depsFor(late), 'TaskRun/default/one')
  const pods = await cluster.list('Pod')
  expect(pods.filter(pod => pod.metadata.deletionTimestamp === undefined)).toEqual([])
})

test('a TaskRun that is made when its PipelineRun was cancelled meanwhile ends without a Pod', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const { late, reached, letGo } = holding(cluster, 'TaskRun')
  const frozen = reconcile(depsFor(late), 'PipelineRun/default/run')
  await reached
  const run = await pipelineRun(cluster)
  await cluster.replace('PipelineRun', { ...run, spec: { ...run.spec, status: 'Cancelled' } })
  await reconcile(depsFor(cluster), 'PipelineRun/default/run')
  expect(succeededCondition(await pipelineRun(cluster))).toMatchObject({ reason: 'Cancelled' })
  letGo()
  const outcome = await frozen
  if (outcome.kind === 'again') await reconcile(depsFor(late), 'PipelineRun/default/run')
  for (const { metadata } of await cluster.list('TaskRun')) {
    await reconcile(depsFor(cluster), `TaskRun/default/${metadata.name}`)
    expect(isDone(await taskRun(cluster, metadata.name))).toBe(true)
  }
  const pods = await cluster.list('Pod')
  expect(pods.filter(pod => pod.metadata.deletionTimestamp === undefined)).toEqual([])
})

test.each([
  ['took long', 5_000, NOW],
  ['took long, of a run that a worker whose clock is ahead has started', 5_000, NOW + 60_000],
  ['took until the clock was set back', -5_000, NOW],
])('a pass that %s makes sure of the run before it makes anything', async (_, lasts, startedAt) => {
  const cluster = await storeWith(TASK_RUN)
  const begun = { ...(await taskRun(cluster, 'one')), status: { startTime: toTimestamp(startedAt) } } as TaskRun
  await cluster.replaceStatus('TaskRun', begun)
  let time = NOW
  const slow: Cluster = {
    ...cluster,
    async list(kind, selector) {
      // Frozen while it looked; meanwhile somebody cancels the run, and another worker ends it.
      if (time === NOW) {
        time += lasts
        const run = await taskRun(cluster, 'one')
        await cluster.replace('TaskRun', { ...run, spec: { ...run.spec, status: 'TaskRunCancelled' } } as TaskRun)
        await reconcile(depsFor(cluster), 'TaskRun/default/one')
      }
      return cluster.list(kind, selector)
    },
    create: (kind, object) => Promise.reject(new Error(`${kind} ${object.metadata.name} is made by a late worker`)),
  }
  expect(
    await reconcile(
      depsFor(slow, () => time),
      'TaskRun/default/one',
    ),
  ).toEqual({ kind: 'again', afterMs: 0 })
  expect(time).not.toBe(NOW)
})

test('a worker whose clock is behind ends nothing before it started', async () => {
  const cluster = await storeWith(TASK_RUN)
  await reconcile(depsFor(cluster), 'TaskRun/default/one')
  const pod = await cluster.get('Pod', key('one-pod'))
  const terminated = { exitCode: 0, startedAt: '2026-01-02T03:00:00Z', finishedAt: '2026-01-02T03:00:01Z' }
  const containerStatuses = [{ name: 'step-s', image: '', restartCount: 0, ready: false, state: { terminated } }]
  await cluster.replaceStatus('Pod', { ...pod, status: { phase: 'Succeeded', containerStatuses } } as never)
  await reconcile(
    depsFor(cluster, () => NOW - 10_000),
    'TaskRun/default/one',
  )
  const run = await taskRun(cluster, 'one')
  expect(isDone(run)).toBe(true)
  const { status } = run
  expect(Date.parse(status?.completionTime ?? '')).toBeGreaterThanOrEqual(Date.parse(status?.startTime ?? ''))
})

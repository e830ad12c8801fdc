/** One pass at a time over runs in a real store: what it writes, what it leaves alone, what it makes of a 'no'. */
import { expect, test } from 'vitest'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import type { RunKey } from '../../src/queue/queue.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import type { Kind } from '../../src/resources/kinds.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { applyTo } from '../listeners/world.js'
import { depsFor, key, NOW, PIPELINE_RUN, pipelineRun, storeWith, TASK_RUN, taskRun } from './real-store.js'

const RUN: RunKey = 'PipelineRun/default/run'
const ONE: RunKey = 'TaskRun/default/one'
const HOUR = 3_600_000

/** Refuses creations as an API server would. */
function refusing(cluster: Cluster, refused: Kind, error: Error): Cluster {
  return {
    ...cluster,
    create: (kind, object) => (kind === refused ? Promise.reject(error) : cluster.create(kind, object)),
  }
}

/** Lets something happen just before a status is written for the first time. */
function beforeStatus(cluster: Cluster, happening: () => Promise<unknown>): Cluster {
  let happened = false
  return {
    ...cluster,
    async replaceStatus(kind, object) {
      if (!happened) {
        happened = true
        await happening()
      }
      return cluster.replaceStatus(kind, object)
    },
  }
}

test('a first pass makes the first child, writes the status and asks to look again at the timeout', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  expect(await reconcile(depsFor(cluster), RUN)).toEqual({ kind: 'again', afterMs: HOUR })
  const run = await pipelineRun(cluster)
  expect(succeededCondition(run)).toMatchObject({ status: 'Unknown', reason: 'Running' })
  expect(run.status?.childReferences?.map(child => child.name)).toEqual(['run-a'])
  const [child, ...others] = await cluster.list('TaskRun')
  expect(others).toEqual([])
  expect(child?.metadata).toMatchObject({
    name: 'run-a',
    ownerReferences: [{ kind: 'PipelineRun', name: 'run', uid: run.metadata.uid, controller: true }],
  })
})

test('a pass that finds nothing new writes nothing, also much later', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  await reconcile(depsFor(cluster), RUN)
  const [version, run] = [cluster.version(), await pipelineRun(cluster)]
  expect(await reconcile(depsFor(cluster), RUN)).toEqual({ kind: 'again', afterMs: HOUR })
  expect(
    await reconcile(
      depsFor(cluster, () => NOW + 1_000),
      RUN,
    ),
  ).toEqual({ kind: 'again', afterMs: HOUR - 1_000 })
  expect(cluster.version()).toBe(version)
  expect(await pipelineRun(cluster)).toEqual(run)
})

test('a child that is refused ends the run, and with it the children that were made before', async () => {
  const task = 'taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] }'
  const cluster = await storeWith(`
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  pipelineSpec:
    tasks:
      - { name: made, ${task} }
      - { name: refused, taskSpec: { metadata: { labels: { bad: "a b" } }, ${task.slice('taskSpec: { '.length)} }
`)
  expect(await reconcile(depsFor(cluster), RUN)).toEqual({ kind: 'settled' })
  const run = await pipelineRun(cluster)
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: 'CreateRunFailed' })
  expect(run.status?.childReferences?.map(child => child.name)).toEqual(['run-made'])
  expect((await taskRun(cluster, 'run-made')).spec.status).toBe('TaskRunCancelled')
})

test('a run whose status has become too large to store ends with the last one that was, and its Pod goes', async () => {
  const cluster = await storeWith(TASK_RUN)
  await reconcile(depsFor(cluster), ONE)
  const before = (await taskRun(cluster, 'one')).status
  const pod = await cluster.get('Pod', key('one-pod'))
  const containerStatuses = [
    { name: 'step-s', image: '', imageID: 'x'.repeat(600_000), restartCount: 0, ready: true, state: { running: {} } },
  ]
  await cluster.replaceStatus('Pod', { ...pod, status: { phase: 'Running', containerStatuses } } as never)
  const limited: Cluster = {
    ...cluster,
    replaceStatus: (kind, object) =>
      JSON.stringify(object).length > 500_000
        ? Promise.reject(new ClusterError('Invalid', 'Too long: 600000 bytes'))
        : cluster.replaceStatus(kind, object),
  }
  expect(await reconcile(depsFor(limited), ONE)).toEqual({ kind: 'settled' })
  const { status } = await taskRun(cluster, 'one')
  expect(succeededCondition(await taskRun(cluster, 'one'))).toMatchObject({
    status: 'False',
    message: expect.stringContaining('Too long'),
  })
  expect(status?.taskSpec).toEqual(before?.taskSpec)
  expect((await cluster.get('Pod', key('one-pod')))?.metadata.deletionTimestamp).toBeDefined()
})

test('annotations of a task that are too much for its run are left out, and the run goes on', async () => {
  const large = (name: string) => `annotations: { ${name}: "${'x'.repeat(200_000)}" }`
  const cluster = await storeWith(
    `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: large, ${large('theirs')} }
spec:
  tasks: [{ name: a, taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] } }]
`,
    `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run, ${large('ours')} }
spec: { pipelineRef: { name: large } }
`,
  )
  await reconcile(depsFor(cluster), RUN)
  const run = await pipelineRun(cluster)
  expect(succeededCondition(run)).toBeDefined()
  expect(Object.keys(run.metadata.annotations ?? {})).toEqual(['ours'])
})

test('a child that was made before the crash is adopted', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const crashing: Cluster = { ...cluster, replaceStatus: () => Promise.reject(new Error('killed here')) }
  await expect(reconcile(depsFor(crashing), RUN)).rejects.toThrow('killed here')
  const made = await cluster.list('TaskRun')
  expect(made.map(child => child.metadata.name)).toEqual(['run-a'])
  expect((await pipelineRun(cluster)).status).toBeUndefined()

  await reconcile(depsFor(cluster), RUN)
  expect(await cluster.list('TaskRun')).toEqual(made)
  expect((await pipelineRun(cluster)).status?.childReferences?.map(child => child.name)).toEqual(['run-a'])
})

test('a stranger under a child’s name ends the run with a condition that names it, and stays untouched', async () => {
  const cluster = await storeWith(PIPELINE_RUN, TASK_RUN.replace('name: one', 'name: run-a'))
  const stranger = await taskRun(cluster, 'run-a')
  expect(await reconcile(depsFor(cluster), RUN)).toEqual({ kind: 'settled' })
  const run = await pipelineRun(cluster)
  expect(succeededCondition(run)).toMatchObject({
    status: 'False',
    reason: 'CreateRunFailed',
    message: expect.stringContaining('"run-a"'),
  })
  expect(run.status?.completionTime).toBe('2026-01-02T03:04:05Z')
  expect(await cluster.list('TaskRun')).toEqual([stranger])
})

test('a stranger that comes between looking and creating ends the run just the same', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const raced: Cluster = {
    ...cluster,
    async create(kind, object) {
      if (kind === 'TaskRun') await applyTo(cluster, TASK_RUN.replace('name: one', 'name: run-a'))
      return cluster.create(kind, object)
    },
  }
  expect(await reconcile(depsFor(raced), RUN)).toEqual({ kind: 'settled' })
  const run = await pipelineRun(cluster)
  expect(succeededCondition(run)).toMatchObject({
    status: 'False',
    reason: 'CreateRunFailed',
    message: expect.stringContaining('"run-a", which is taken by an object that this run did not make'),
  })
  expect((await cluster.list('TaskRun')).map(each => each.metadata.ownerReferences)).toEqual([undefined])
})

test('a Pod of a stranger is never adopted: its outcome is not ours', async () => {
  const cluster = await storeWith(TASK_RUN)
  const stranger = await cluster.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'one-pod', namespace: 'default' },
    spec: { restartPolicy: 'Never', containers: [{ name: 'step-s', image: 'alpine' }] },
  })
  expect(await reconcile(depsFor(cluster), ONE)).toEqual({ kind: 'settled' })
  expect(succeededCondition(await taskRun(cluster, 'one'))).toMatchObject({
    status: 'False',
    reason: 'PodCreationFailed',
    message: expect.stringContaining('one-pod'),
  })
  expect(await cluster.list('Pod')).toEqual([stranger])
})

test('who wrote first wins: the pass is done again on what is true now', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const raced = beforeStatus(cluster, async () => {
    const run = await pipelineRun(cluster)
    await cluster.replace('PipelineRun', { ...run, spec: { ...run.spec, status: 'Cancelled' } })
  })
  expect(await reconcile(depsFor(raced), RUN)).toEqual({ kind: 'again', afterMs: 0 })
  expect((await pipelineRun(cluster)).status).toBeUndefined()
  await reconcile(depsFor(raced), RUN)
  const run = await pipelineRun(cluster)
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: 'Cancelled' })
  expect((await taskRun(cluster, 'run-a')).spec.status).toBe('TaskRunCancelled')
})

test('a run that is deleted during the pass is settled', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const raced = beforeStatus(cluster, () => cluster.delete('PipelineRun', key('run')))
  expect(await reconcile(depsFor(raced), RUN)).toEqual({ kind: 'settled' })
  await cluster.collected()
  expect(await cluster.list('PipelineRun')).toEqual([])
  expect(await cluster.list('TaskRun')).toEqual([])
})

test('a run that does not exist, or is on its way out, is settled', async () => {
  const cluster = await storeWith()
  await cluster.create('PipelineRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name: 'run', namespace: 'default', finalizers: ['example.com/wait'] },
    spec: { pipelineSpec: { tasks: [] } },
  })
  await cluster.delete('PipelineRun', key('run'))
  const version = cluster.version()
  expect(await reconcile(depsFor(cluster), RUN)).toEqual({ kind: 'settled' })
  expect(await reconcile(depsFor(cluster), 'TaskRun/default/nobody')).toEqual({ kind: 'settled' })
  expect(cluster.version()).toBe(version)
})

const QUOTA = new ClusterError('Forbidden', 'pods "one-pod" is forbidden: exceeded quota: count/pods=0', {
  by: 'quota',
})
const POLICY = new ClusterError('Forbidden', 'pods "one-pod" is forbidden: not on a Sunday')

test.each(
  cases<{ manifest: string; run: RunKey; refused: Kind; reason: string; message: string }>({
    'a child': {
      manifest: PIPELINE_RUN,
      run: RUN,
      refused: 'TaskRun',
      reason: 'CreateRunFailed',
      message: POLICY.message,
    },
    'the Pod of an inline task': {
      manifest: TASK_RUN,
      run: ONE,
      refused: 'Pod',
      reason: 'PodCreationFailed',
      message: `failed to create task run pod "one": ${POLICY.message}. Maybe invalid TaskSpec`,
    },
    'the Pod of a Task': {
      manifest: `
        apiVersion: tekton.dev/v1
        kind: Task
        metadata: { name: lint }
        spec: { steps: [{ image: alpine, script: "true" }] }
---
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec: { taskRef: { name: lint } }
`,
      run: ONE,
      refused: 'Pod',
      reason: 'PodCreationFailed',
      message: `failed to create task run pod "one": ${POLICY.message}. Maybe missing or invalid Task default/lint`,
    },
    'a claim': {
      manifest: `
        apiVersion: tekton.dev/v1
        kind: TaskRun
        metadata: { name: one }
        spec:
          workspaces:
            - name: w
              volumeClaimTemplate: { spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } } }
          taskSpec: { workspaces: [{ name: w }], steps: [{ image: alpine, script: "true" }] }
      `,
      run: ONE,
      refused: 'PersistentVolumeClaim',
      reason: 'CouldntCreateWorkspacePVC',
      message: `Failed to create PVC for TaskRun default/one workspaces correctly: ${POLICY.message}`,
    },
  }),
)('the API server’s no to %s becomes the last condition, in its words', async (_, one) => {
  const cluster = await storeWith(one.manifest)
  expect(await reconcile(depsFor(refusing(cluster, one.refused, POLICY)), one.run)).toEqual({ kind: 'settled' })
  const run = one.run === RUN ? await pipelineRun(cluster) : await taskRun(cluster, 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: one.reason, message: one.message })
  expect(run.status).toMatchObject({ startTime: '2026-01-02T03:04:05Z', completionTime: '2026-01-02T03:04:05Z' })
  const version = cluster.version()
  expect(await reconcile(depsFor(cluster), one.run)).toEqual({ kind: 'settled' })
  expect(cluster.version()).toBe(version)
})

test('a quota that is used up is waited for, and the clock does not run', async () => {
  const cluster = await storeWith(TASK_RUN)
  const outcome = await reconcile(depsFor(refusing(cluster, 'Pod', QUOTA)), ONE)
  expect(outcome).toEqual({ kind: 'again', afterMs: 1_000 })
  const run = await taskRun(cluster, 'one')
  expect(succeededCondition(run)).toMatchObject({
    status: 'Unknown',
    reason: 'ExceededResourceQuota',
    message: `TaskRun Pod exceeded available resources: ${QUOTA.message}`,
  })
  expect(run.status?.startTime).toBeUndefined()
  await reconcile(depsFor(cluster), ONE)
  expect(await cluster.list('Pod')).toHaveLength(1)
})

test('a Pod that the namespace does not allow fails its run', async () => {
  const cluster = await storeWith(TASK_RUN)
  const words = 'pods "one-pod" is forbidden: violates PodSecurity "restricted:latest"'
  const no = new ClusterError('Forbidden', words, { by: 'pod security' })
  await reconcile(depsFor(refusing(cluster, 'Pod', no)), ONE)
  const { reason, message } = succeededCondition(await taskRun(cluster, 'one')) ?? {}
  expect({ reason, message }).toEqual({ reason: 'PodAdmissionFailed', message: no.message })
})

test('a store that is away is thrown, and no run shows it', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const away = new ClusterError('Unavailable', 'connection refused')
  await expect(reconcile(depsFor(refusing(cluster, 'TaskRun', away)), RUN)).rejects.toBe(away)
  expect((await pipelineRun(cluster)).status).toBeUndefined()
})

test('a done run is never touched, whatever its spec says', async () => {
  const cluster = await storeWith(PIPELINE_RUN, TASK_RUN)
  for (const [kind, name, run] of [
    ['PipelineRun', 'run', RUN],
    ['TaskRun', 'one', ONE],
  ] as const) {
    const stored = await cluster.get<'PipelineRun' | 'TaskRun'>(kind, key(name))
    if (stored === undefined) throw new Error(`${name} is not there`)
    const cancel = kind === 'PipelineRun' ? 'Cancelled' : 'TaskRunCancelled'
    const asked = await cluster.replace(kind, { ...stored, spec: { ...stored.spec, status: cancel } } as never)
    const conditions = [{ type: 'Succeeded', status: 'True' as const, reason: 'Succeeded', message: 'as it was' }]
    await cluster.replaceStatus(kind, { ...(asked as object), status: { conditions } } as never)
    const version = cluster.version()
    expect(
      await reconcile(
        depsFor(cluster, () => NOW + 100 * HOUR),
        run,
      ),
    ).toEqual({ kind: 'settled' })
    expect(cluster.version()).toBe(version)
  }
  expect([...(await cluster.list('Pod')), ...(await cluster.list('ConfigMap'))]).toEqual([])
})

test('a run that somebody else manages is left alone', async () => {
  const cluster = await storeWith(PIPELINE_RUN.replace('spec:\n', 'spec:\n  managedBy: example.com/other\n'))
  await reconcile(depsFor(cluster), RUN)
  expect(await cluster.list('TaskRun')).toEqual([])
  expect((await pipelineRun(cluster)).status?.conditions ?? []).toEqual([])
})

test('labels and annotations of the Pipeline come over, those of the run win', async () => {
  const cluster = await storeWith(
    `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: p, labels: { team: theirs, tier: backend }, annotations: { note: from the pipeline } }
spec: { tasks: [{ name: a, taskSpec: { steps: [{ image: alpine, script: "true" }] } }] }
`,
    `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run, labels: { team: ours } }
spec: { pipelineRef: { name: p } }
`,
  )
  await reconcile(depsFor(cluster), RUN)
  const { metadata, status } = await pipelineRun(cluster)
  expect(metadata.labels).toMatchObject({ team: 'ours', tier: 'backend', 'tekton.dev/pipeline': 'p' })
  expect(metadata.annotations).toMatchObject({ note: 'from the pipeline' })
  expect(status?.childReferences).toHaveLength(1)
  expect(metadata.generation).toBe(1)
})

test('what is no run key is thrown, naming what one looks like', async () => {
  const cluster = await storeWith()
  await expect(reconcile(depsFor(cluster), 'Pod/default/x' as RunKey)).rejects.toThrow(
    '"Pod/default/x" is not a run key; expected PipelineRun/<namespace>/<name>',
  )
})

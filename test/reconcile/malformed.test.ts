/** Objects that got past admission: each fails itself, with a reason, and disturbs no other. */
import { expect, test } from 'vitest'
import type { EmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import type { Kind, Kinds } from '../../src/resources/kinds.js'
import type { New } from '../../src/resources/meta.js'
import { isDone, succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { seededRandom } from '../helpers/random.js'
import { yaml } from '../helpers/yaml.js'
import { depsFor, key, pipelineRun, storeWith, TASK_RUN, taskRun } from './real-store.js'

/** As written, without anybody looking at it. */
async function createUnseen(cluster: EmbeddedCluster, manifest: string): Promise<void> {
  const object = yaml<New<Kinds[Kind]>>(manifest)
  await cluster.create(
    object.kind as Kind,
    {
      ...object,
      metadata: { ...object.metadata, namespace: 'default' },
    } as never,
  )
}

const TASK_RUNS: Readonly<Record<string, { spec: string; message: string }>> = {
  'no list of steps': {
    spec: '{ taskSpec: { steps: null } }',
    message: 'spec.taskSpec.steps: Invalid value: "null": spec.taskSpec.steps in body must be of type array: "null"',
  },
  'params that are no list': {
    spec: '{ params: {}, taskSpec: { steps: [{ image: a }] } }',
    message: 'spec.params: Invalid value: "object": spec.params in body must be of type array: "object"',
  },
  'a value of when that is no text': {
    spec: '{ taskSpec: { steps: [{ image: a, when: [{ input: a, operator: in, values: [true] }] }] } }',
    message:
      'spec.taskSpec.steps[0].when[0].values[0]: Invalid value: "boolean": spec.taskSpec.steps[0].when[0].values[0] in body must be of type string: "boolean"',
  },
  'a param value that nobody made a text of': {
    spec: '{ params: [{ name: a, value: 5 }], taskSpec: { steps: [{ image: a }] } }',
    message:
      'spec.params[0].value: Invalid value: "integer": spec.params[0].value in body must be of type string, array of strings or object of strings: "integer"',
  },
  'a spec that is a text': {
    spec: 'nothing',
    message: 'spec: Invalid value: "string": spec in body must be of type object: "string"',
  },
  'a bundle, which v1beta1 had': {
    spec: '{ taskRef: { name: a, bundle: example.com/tasks } }',
    message: 'must not set the field(s): spec.taskRef.bundle',
  },
  'a timeout that is none': {
    spec: '{ timeout: soon, taskSpec: { steps: [{ image: a }] } }',
    message: 'time: invalid duration "soon"',
  },
}

test.each(cases(TASK_RUNS))('a TaskRun with %s', async (_, { spec, message }) => {
  const cluster = await storeWith()
  await createUnseen(cluster, `{ apiVersion: tekton.dev/v1, kind: TaskRun, metadata: { name: one }, spec: ${spec} }`)
  expect(await reconcile(depsFor(cluster), 'TaskRun/default/one')).toEqual({ kind: 'settled' })
  expect((await taskRun(cluster, 'one')).status).toMatchObject({
    startTime: '2026-01-02T03:04:05Z',
    completionTime: '2026-01-02T03:04:05Z',
    conditions: [
      {
        type: 'Succeeded',
        status: 'False',
        reason: 'TaskRunValidationFailed',
        message: `[User error] TaskRun default/one is malformed: ${message}`,
      },
    ],
  })
  expect(await cluster.list('Pod')).toEqual([])
})

test('a PipelineRun whose spec is malformed in several places names all of them', async () => {
  const cluster = await storeWith()
  await createUnseen(
    cluster,
    `{ apiVersion: tekton.dev/v1, kind: PipelineRun, metadata: { name: run }, spec: { timeouts: [], pipelineSpec: { tasks: [{ name: 5 }] } } }`,
  )
  await reconcile(depsFor(cluster), 'PipelineRun/default/run')
  const condition = succeededCondition(await pipelineRun(cluster))
  expect(condition).toMatchObject({ status: 'False', reason: 'PipelineValidationFailed' })
  expect(condition?.message).toContain('spec.pipelineSpec.tasks[0].name: Invalid value: "integer"')
  expect(condition?.message).toContain('\nspec.timeouts: Invalid value: "array"')
})

test.each(['Task', 'StepAction', 'Pipeline'] as const)('whoever refers to a malformed %s fails', async kind => {
  const cluster = await storeWith()
  await createUnseen(
    cluster,
    `{ apiVersion: tekton.dev/${kind === 'StepAction' ? 'v1beta1' : 'v1'}, kind: ${kind}, metadata: { name: bad }, spec: { params: {} } }`,
  )
  const spec = {
    Task: 'taskRef: { name: bad }',
    StepAction: 'taskSpec: { steps: [{ name: s, ref: { name: bad } }] }',
    Pipeline: 'pipelineRef: { name: bad }',
  }[kind]
  const run = kind === 'Pipeline' ? 'PipelineRun' : 'TaskRun'
  await createUnseen(cluster, `{ apiVersion: tekton.dev/v1, kind: ${run}, metadata: { name: one }, spec: { ${spec} } }`)
  await reconcile(depsFor(cluster), `${run}/default/one`)
  const condition = succeededCondition((await cluster.get(run, key('one'))) ?? {})
  expect(condition).toMatchObject({
    status: 'False',
    reason: kind === 'Pipeline' ? 'CouldntGetPipeline' : 'TaskRunResolutionFailed',
  })
  expect(condition?.message).toContain(`${kind} "bad" is malformed: spec.params: Invalid value: "object"`)
})

test('a run of somebody else may be what it likes', async () => {
  const cluster = await storeWith()
  await createUnseen(
    cluster,
    '{ apiVersion: tekton.dev/v1, kind: TaskRun, metadata: { name: one }, spec: { managedBy: them, params: 5 } }',
  )
  await reconcile(depsFor(cluster), 'TaskRun/default/one').catch(() => undefined)
  expect((await taskRun(cluster, 'one')).status?.conditions).toBeUndefined()
})

test('a Pod whose status makes no sense fails its run, and goes', async () => {
  const cluster = await storeWith(TASK_RUN)
  await reconcile(depsFor(cluster), 'TaskRun/default/one')
  const [pod] = await cluster.list('Pod')
  await cluster.replaceStatus('Pod', { ...pod, status: { phase: 'Running', containerStatuses: 5 } } as never)
  expect(await reconcile(depsFor(cluster), 'TaskRun/default/one')).toEqual({ kind: 'settled' })
  const condition = succeededCondition(await taskRun(cluster, 'one'))
  expect(condition).toMatchObject({ status: 'False', reason: 'TaskRunValidationFailed' })
  expect(condition?.message).toMatch(/^TaskRun default\/one cannot be decided: /)
})

const PIPELINE_RUN = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  params: [{ name: who, value: world }, { name: list, value: [a, b] }, { name: map, value: { k: v } }]
  workspaces: [{ name: files, emptyDir: {} }]
  timeouts: { pipeline: 1h0m0s, tasks: 30m0s }
  taskRunSpecs: [{ pipelineTaskName: a, stepSpecs: [{ name: s, computeResources: { limits: { cpu: "1" } } }] }]
  taskRunTemplate: { podTemplate: { env: [{ name: A, value: b }], nodeSelector: { disk: ssd } } }
  pipelineSpec:
    params: [{ name: who, type: string, default: me, enum: [me, world] }, { name: list, type: array }]
    workspaces: [{ name: files }]
    results: [{ name: out, value: $(tasks.a.results.r) }]
    tasks:
      - name: a
        retries: 1
        timeout: 10m0s
        workspaces: [{ name: files, workspace: files, subPath: x }]
        params: [{ name: p, value: $(params.who) }]
        when: [{ input: $(params.who), operator: in, values: [world] }]
        taskSpec:
          params: [{ name: p, type: string }]
          results: [{ name: r, type: string }]
          workspaces: [{ name: files, mountPath: /files }]
          volumes: [{ name: v, emptyDir: {} }]
          stepTemplate: { env: [{ name: X, value: y }] }
          sidecars: [{ name: c, image: alpine, script: sleep 9 }]
          steps:
            - name: s
              image: alpine
              args: [$(params.p)]
              command: [echo]
              env: [{ name: E, value: e }]
              volumeMounts: [{ name: v, mountPath: /v }]
              onError: continue
              timeout: 5m0s
      - name: b
        runAfter: [a]
        matrix: { params: [{ name: m, value: "$(params.list[*])" }], include: [{ name: i, params: [{ name: n, value: z }] }] }
        taskSpec: { params: [{ name: m }], steps: [{ name: s, image: alpine, script: echo }] }
      - name: c
        taskRef: { name: known }
    finally:
      - name: f
        params: [{ name: st, value: $(tasks.a.status) }]
        taskSpec: { params: [{ name: st }], steps: [{ name: s, image: alpine, script: echo }] }
`
const TASK = `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: known }
spec: { steps: [{ name: s, image: alpine, script: "true" }] }
`

const WRONG: readonly unknown[] = [null, true, 5, -1.5, 'x', '', [], {}, [null], [true], [[]], { a: 1 }, { a: null }]

/** The same value with something wrong put in at a random place in it. */
function corrupted(value: unknown, random: () => number): unknown {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if (keys.length === 0 || random() < 0.12) return WRONG[Math.floor(random() * WRONG.length)]
  const chosen = keys[Math.floor(random() * keys.length)] ?? ''
  if (Array.isArray(value)) return value.map((item, i) => (String(i) === chosen ? corrupted(item, random) : item))
  const record = value as Readonly<Record<string, unknown>>
  return { ...record, [chosen]: corrupted(record[chosen], random) }
}

/** Passes over all runs until nothing changes. @throws when a pass does. */
async function settle(cluster: EmbeddedCluster): Promise<void> {
  for (let round = 0; round < 12; round++) {
    const before = JSON.stringify(await everything(cluster))
    for (const kind of ['PipelineRun', 'TaskRun'] as const) {
      for (const run of await cluster.list(kind)) {
        await reconcile(depsFor(cluster), `${kind}/default/${run.metadata.name}`)
      }
    }
    if (JSON.stringify(await everything(cluster)) === before) return
  }
  throw new Error('the runs never come to rest')
}

async function everything(cluster: EmbeddedCluster): Promise<readonly unknown[]> {
  return [...(await cluster.list('PipelineRun')), ...(await cluster.list('TaskRun')), ...(await cluster.list('Pod'))]
}

const SEEDS = Array.from({ length: 25 }, (_, i) => i + 1)

test.each(SEEDS)(
  'a run with a corrupted spec ends or waits for its Pods, and never comes back as a fault (%i)',
  async seed => {
    const random = seededRandom(seed)
    const cluster = await storeWith(TASK)
    const sound = yaml<New<Kinds['PipelineRun']>>(PIPELINE_RUN)
    for (let i = 0; i < 5; i++) {
      const metadata = { name: `run-${i}`, namespace: 'default' }
      await cluster.create('PipelineRun', { ...sound, metadata, spec: corrupted(sound.spec, random) } as never)
    }
    await cluster.create('PipelineRun', { ...sound, metadata: { name: 'bystander', namespace: 'default' } })
    await settle(cluster)
    for (const run of await cluster.list('PipelineRun')) {
      const condition = succeededCondition(run)
      expect(condition?.reason, run.metadata.name).toMatch(/^[A-Z]/)
      if (isDone(run)) expect(condition?.message).not.toBe('')
      else
        expect(
          (await cluster.list('TaskRun', { labels: { 'tekton.dev/pipelineRun': run.metadata.name } })).length,
        ).toBeGreaterThan(0)
    }
    expect(succeededCondition(await pipelineRun(cluster, 'bystander'))).toMatchObject({
      status: 'Unknown',
      reason: 'Running',
    })
  },
)

test.each(SEEDS)('runs with a corrupted status end, with what they began, and disturb no other (%i)', async seed => {
  const random = seededRandom(seed)
  const cluster = await storeWith(TASK)
  const sound = yaml<New<Kinds['PipelineRun']>>(PIPELINE_RUN)
  for (const name of ['run', 'bystander']) {
    await cluster.create('PipelineRun', { ...sound, metadata: { name, namespace: 'default' } })
  }
  await settle(cluster)
  for (const kind of ['PipelineRun', 'TaskRun'] as const) {
    for (const run of await cluster.list(kind)) {
      if (run.metadata.name.startsWith('run')) {
        await cluster.replaceStatus(kind, { ...run, status: corrupted(run.status, random) } as never)
      }
    }
  }
  await settle(cluster)
  for (const kind of ['PipelineRun', 'TaskRun'] as const) {
    for (const run of await cluster.list(kind)) {
      expect(succeededCondition(run)?.reason, run.metadata.name).toMatch(/^[A-Z]/)
      if (run.metadata.name.startsWith('bystander')) expect(isDone(run)).toBe(false)
    }
  }
})

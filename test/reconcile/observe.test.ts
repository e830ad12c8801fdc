/** What a pass reads of a real store: by derived names, told apart by owner uid. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { ownedBy } from '../../src/pod/build-pod.js'
import { lookUpStarted, observePipelineRun, observeTaskRun } from '../../src/reconcile/observe/observe.js'
import type { AnyKind } from '../../src/resources/kinds.js'
import type { OwnerReference } from '../../src/resources/meta.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { claimName } from '../../src/run/names.js'
import { depsFor, ENTRYPOINT, NOW, PIPELINE_RUN, pipelineRun, storeWith, TASK_RUN, taskRun } from './real-store.js'

const TASK = `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: lint, labels: { team: a } }
spec: { steps: [{ image: alpine, script: "true" }] }
`
const PIPELINE = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: p }
spec:
  tasks:
    - { name: known, taskRef: { name: lint } }
    - { name: unknown, taskRef: { name: nobody } }
    - { name: remote, taskRef: { resolver: git, params: [{ name: url, value: x }] } }
    - { name: custom, taskRef: { apiVersion: example.com/v1, kind: Wait } }
  finally:
    - { name: last, taskRef: { name: lint } }
`
const runOf = (reference: string) => `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec: { pipelineRef: ${reference} }
`

async function observed(...manifests: readonly string[]) {
  const cluster = await storeWith(...manifests)
  return observePipelineRun(depsFor(cluster), await pipelineRun(cluster), NOW)
}

test('Pipeline and Tasks are looked up with where they are from; custom tasks are nobody’s to look up', async () => {
  const world = await observed(PIPELINE, TASK, runOf('{ name: p }'))
  expect(world.pipeline).toMatchObject({ is: 'found', from: { name: 'p' } })
  expect([...world.tasks.keys()]).toEqual(['known', 'unknown', 'remote', 'last'])
  expect(world.tasks.get('known')).toMatchObject({ is: 'found', from: { name: 'lint', labels: { team: 'a' } } })
  expect(world.tasks.get('last')).toMatchObject({ is: 'found' })
  expect(world.tasks.get('unknown')).toEqual({
    is: 'failed',
    reason: 'CouldntGetTask',
    message: 'Couldn\'t retrieve Task "nobody": tasks.tekton.dev "nobody" not found',
  })
  expect(world.tasks.get('remote')).toMatchObject({ is: 'pending', request: { kind: 'ResolutionRequest' } })
})

test('a Pipeline that is not there is a failed lookup, no fault', async () => {
  const world = await observed(runOf('{ name: nobody }'))
  expect(world.pipeline).toEqual({
    is: 'failed',
    reason: 'CouldntGetPipeline',
    message: expect.stringMatching(/pipelines\.tekton\.dev "nobody" not found$/),
  })
  expect([world.tasks.size, world.children]).toEqual([0, []])
})

test('an inline Pipeline is from nowhere, and what a status holds goes over what is stored now', async () => {
  const cluster = await storeWith(PIPELINE, TASK, runOf('{ name: p }'))
  const run = await pipelineRun(cluster)
  const kept = { tasks: [{ name: 'old', taskSpec: { steps: [] } }] }
  const world = await observePipelineRun(depsFor(cluster), { ...run, status: { pipelineSpec: kept } }, NOW)
  expect(world.pipeline).toEqual({ is: 'found', value: kept })
  expect(world.tasks.size).toBe(0)
  const inline = await observed(PIPELINE_RUN)
  expect(inline.pipeline).not.toHaveProperty('from')
})

test('once a run has begun, only the Tasks of what begins now are read, each once', async () => {
  const cluster = await storeWith(PIPELINE, TASK, runOf('{ name: p }'))
  const run = await pipelineRun(cluster)
  const status = {
    childReferences: [
      { apiVersion: 'tekton.dev/v1', kind: 'TaskRun' as const, name: 'run-known', pipelineTaskName: 'known' },
    ],
    skippedTasks: [{ name: 'unknown', reason: 'Results were missing' as const }],
  }
  const spec = (await cluster.get('Pipeline', { namespace: 'default', name: 'p' }))!.spec
  const begun = { ...run, status: { ...status, pipelineSpec: spec } }
  const world = await observePipelineRun(depsFor(cluster), begun, NOW)
  expect([...world.tasks.keys()]).toEqual([])
  const started = new Set(['known', 'unknown', 'custom', 'last'])
  const wider = await lookUpStarted(depsFor(cluster), begun, world, started)
  expect([...(wider?.tasks ?? [])]).toMatchObject([['last', { is: 'found', from: { name: 'lint' } }]])
  expect(await lookUpStarted(depsFor(cluster), begun, wider!, started)).toBeUndefined()
})

test('children are told from strangers by the uid of their controller', async () => {
  const cluster = await storeWith(PIPELINE_RUN, PIPELINE_RUN.replace('name: run', 'name: other'))
  const run = await pipelineRun(cluster)
  const other = await pipelineRun(cluster, 'other')
  const owner = (of: typeof run, controller: boolean): OwnerReference => ({
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    name: of.metadata.name,
    uid: of.metadata.uid,
    controller,
  })
  const create = (name: string, ...ownerReferences: OwnerReference[]) =>
    cluster.create('TaskRun', {
      apiVersion: 'tekton.dev/v1',
      kind: 'TaskRun',
      metadata: { name, namespace: 'default', ownerReferences },
      spec: {},
    })
  const child = await create('run-a', owner(run, true))
  await create('run-b', owner(other, true), owner(run, false))
  await create('run-c', owner(run, true))
  const world = await observePipelineRun(depsFor(cluster), run, NOW)
  expect(world.children).toEqual([child])
  expect(world.strangers).toEqual(['run-b'])
})

test('the Pod of the present attempt is ours by uid, or a stranger', async () => {
  const cluster = await storeWith(TASK_RUN)
  const run = await taskRun(cluster, 'one')
  const owner = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'one', uid: run.metadata.uid, controller: true }
  const create = (name: string, ownerReferences: OwnerReference[]) =>
    cluster.create('Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', ownerReferences },
      spec: { restartPolicy: 'Never', containers: [] },
    })
  const first = await create('one-pod', [owner])
  await create('one-pod-retry1', [])
  const look = (retries: number) => {
    const retriesStatus = Array.from({ length: retries }, () => ({}))
    return observeTaskRun(depsFor(cluster), { ...run, status: { retriesStatus } }, NOW)
  }
  expect(await look(0)).toMatchObject({ pod: first, stranger: false })
  expect(await look(1)).toMatchObject({ pod: undefined, stranger: 'stays' })
  expect(await look(2)).toMatchObject({ pod: undefined, stranger: false })
})

test('everything a TaskRun hangs on is read: StepActions, claims, account, its Secrets, the entrypoint', async () => {
  const cluster = await storeWith(
    `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec:
  serviceAccountName: builder
  workspaces:
    - name: w
      volumeClaimTemplate:
        metadata: { name: cache }
        spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } }
  taskSpec:
    workspaces: [{ name: w }]
    steps:
      - { name: inline, image: alpine, script: "true" }
      - { name: known, ref: { name: action } }
      - { name: unknown, ref: { name: nobody } }
      - { name: remote, ref: { resolver: git } }
`,
    '{apiVersion: tekton.dev/v1beta1, kind: StepAction, metadata: {name: action}, spec: {image: alpine, script: "true"}}',
    '{apiVersion: v1, kind: ServiceAccount, metadata: {name: builder}, secrets: [{name: there}, {name: gone}]}',
    '{apiVersion: v1, kind: Secret, metadata: {name: there}, stringData: {a: b}}',
    `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${ENTRYPOINT.name}}, immutable: true, binaryData: {entrypoint-amd64: AAAA}}`,
  )
  const run = await taskRun(cluster, 'one')
  const name = claimName('cache', 'w', run.metadata.uid)
  await cluster.create('PersistentVolumeClaim', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: {},
  })
  const world = await observeTaskRun(depsFor(cluster), run, NOW)
  expect([...world.stepActions].map(([index, found]) => [index, found.is])).toEqual([
    [1, 'found'],
    [2, 'failed'],
    [3, 'pending'],
  ])
  expect(world.stepActions.get(2)).toMatchObject({ message: 'stepactions.tekton.dev "nobody" not found' })
  expect(world.stepActions.get(3)).toMatchObject({
    request: { metadata: { labels: { 'resolution.tekton.dev/type': 'git' } } },
  })
  expect(world.toMakePod).toEqual({
    claims: new Map([[name, { accessModes: [] }]]),
    serviceAccountExists: true,
    secrets: [{ name: 'there', type: 'Opaque', annotations: {}, keys: ['a'] }],
    limitRanges: [],
    restricted: false,
    nodes: undefined,
    entrypoint: { ...ENTRYPOINT, exists: true },
  })
  expect(JSON.stringify(world), 'no value of a secret is carried about').not.toContain(btoa('b'))
})

test('only the pass that makes the Pod reads what it is made of', async () => {
  const cluster = await storeWith(
    '{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: one}, spec: {serviceAccountName: nobody, taskSpec: {steps: [{image: alpine, script: "true"}]}}}',
  )
  const run = await taskRun(cluster, 'one')
  const material = async (status?: TaskRun['status'], spec = run.spec) =>
    (await observeTaskRun(depsFor(cluster), { ...run, spec, ...(status && { status }) }, NOW)).toMakePod
  expect(await material()).toMatchObject({ serviceAccountExists: false, secrets: [] })
  expect(await material({ podName: 'one-pod' }), 'made before').toBeUndefined()
  expect(await material({}, { ...run.spec, status: 'TaskRunCancelled' })).toBeUndefined()
  await cluster.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'one-pod', namespace: 'default', ownerReferences: [ownedBy(run)] },
    spec: { restartPolicy: 'Never', containers: [{ name: 'step-a', image: 'a' }] },
  })
  expect(await material({}), 'made, and not said yet').toBeUndefined()
})

test('a Task that is not there is a failed lookup, no fault', async () => {
  const cluster = await storeWith(
    '{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: one}, spec: {taskRef: {name: nobody}}}',
  )
  const world = await observeTaskRun(depsFor(cluster), await taskRun(cluster, 'one'), NOW)
  expect(world.task).toEqual({
    is: 'failed',
    reason: 'TaskRunResolutionFailed',
    message: expect.stringMatching(/tasks\.tekton\.dev "nobody" not found$/),
  })
})

test('a look reads names and lists nothing, however many other runs there are', async () => {
  const others = Array.from({ length: 20 }, (_, index) => PIPELINE_RUN.replace('name: run', `name: other-${index}`))
  const cluster = await storeWith(PIPELINE_RUN, ...others)
  const reads: string[] = []
  const counted: Cluster = {
    ...cluster,
    get: (kind: AnyKind, at: { readonly name: string }) => {
      reads.push(`${kind}/${at.name}`)
      return cluster.get(kind, { namespace: 'default', ...at }) as Promise<undefined>
    },
    list: () => Promise.reject(new Error('a look must not list')),
  }
  const run = await pipelineRun(cluster)
  await observePipelineRun(depsFor(counted), run, NOW)
  expect(reads.splice(0)).toEqual(['TaskRun/run-a', 'TaskRun/run-b'])
  await observePipelineRun(depsFor(counted), run, NOW, 'listed')
  expect(reads.splice(0)).toEqual([])
})

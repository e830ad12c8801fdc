/** References with a resolver, from the request that they make to what becomes of its answer, over a real store. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import type { ResolutionRequest, ResolutionRequestStatus } from '../../src/resources/resolution.js'
import { cases } from '../helpers/cases.js'
import { depsFor, NOW, pipelineRun, storeWith, taskRun } from './real-store.js'

const REF = '{ resolver: mine, params: [{ name: name, value: $(params.which) }] }'
const TASK_RUN = `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec: { params: [{ name: which, value: lint }], taskRef: ${REF} }
`
const PIPELINE_RUN = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec: { params: [{ name: which, value: p }], pipelineRef: ${REF} }
`
const PIPELINE_RUN_OF_TASKS = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  params: [{ name: which, value: lint }]
  pipelineSpec:
    params: [{ name: which }]
    tasks: [{ name: a, taskRef: ${REF} }]
`
const SOURCE = { uri: 'git+https://example.com/x', digest: { sha1: 'abc' }, entryPoint: 'task.yaml' }
const TASK =
  '{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: lint, labels: {team: a}, annotations: {note: b}}, spec: {steps: [{name: s, image: alpine, script: "true"}]}}'
const PIPELINE = `{apiVersion: tekton.dev/v1beta1, kind: Pipeline, metadata: {name: p, namespace: elsewhere, labels: {team: a}}, spec: {params: [{name: which}], tasks: [{name: a, taskSpec: {steps: [{name: s, image: alpine, resources: {requests: {cpu: 100m}}, script: "true"}]}}]}}`

const found = (manifest: string): ResolutionRequestStatus => ({
  data: Buffer.from(manifest).toString('base64'),
  refSource: SOURCE,
  conditions: [{ type: 'Succeeded', status: 'True' }],
})
const refused = (message: string): ResolutionRequestStatus => ({
  conditions: [{ type: 'Succeeded', status: 'False', reason: 'ResolutionFailed', message }],
})

async function pass(cluster: Cluster, key: 'TaskRun/default/one' | 'PipelineRun/default/run'): Promise<void> {
  expect(await reconcile(depsFor(cluster), key)).toMatchObject({ kind: expect.any(String) })
}

async function onlyRequest(cluster: Cluster): Promise<ResolutionRequest> {
  const requests = await cluster.list('ResolutionRequest')
  expect(requests).toHaveLength(1)
  return requests[0] as ResolutionRequest
}

async function answer(cluster: Cluster, status: ResolutionRequestStatus): Promise<void> {
  await cluster.replaceStatus('ResolutionRequest', { ...(await onlyRequest(cluster)), status })
}

const conditionOf = (run: { readonly status?: { readonly conditions?: readonly object[] } }) =>
  run.status?.conditions?.[0]

test('a TaskRun asks once, waits, and takes over what the answer brings', async () => {
  const cluster = await storeWith(TASK_RUN)
  await pass(cluster, 'TaskRun/default/one')
  await pass(cluster, 'TaskRun/default/one')
  const request = await onlyRequest(cluster)
  const { uid } = (await taskRun(cluster, 'one')).metadata
  expect(request.metadata).toMatchObject({
    labels: { 'resolution.tekton.dev/type': 'mine' },
    ownerReferences: [{ kind: 'TaskRun', name: 'one', uid, controller: true }],
  })
  expect(request.spec).toEqual({ params: [{ name: 'name', value: 'lint' }] })
  expect(conditionOf(await taskRun(cluster, 'one'))).toMatchObject({
    status: 'Unknown',
    reason: 'ResolvingTaskRef',
    message: 'TaskRun default/one awaiting remote resource',
  })

  await answer(cluster, found(TASK))
  await pass(cluster, 'TaskRun/default/one')
  const run = await taskRun(cluster, 'one')
  expect(run.metadata.labels).toMatchObject({ team: 'a', 'tekton.dev/task': 'lint' })
  expect(run.metadata.annotations).toMatchObject({ note: 'b' })
  expect(run.status).toMatchObject({ podName: 'one-pod', provenance: { refSource: SOURCE } })
  expect(await cluster.list('Pod')).toHaveLength(1)
})

test('a PipelineRun takes over a fetched Pipeline, brought to v1 and defaulted', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  await pass(cluster, 'PipelineRun/default/run')
  expect(conditionOf(await pipelineRun(cluster))).toMatchObject({
    reason: 'ResolvingPipelineRef',
    message: 'PipelineRun default/run awaiting remote resource',
  })
  await answer(cluster, found(PIPELINE))
  await pass(cluster, 'PipelineRun/default/run')
  const run = await pipelineRun(cluster)
  expect(run.metadata.labels).toMatchObject({ team: 'a', 'tekton.dev/pipeline': 'p' })
  expect(run.status?.provenance?.refSource).toEqual(SOURCE)
  expect(run.status?.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]).toMatchObject({
    computeResources: { requests: { cpu: '100m' } },
  })
  expect((await cluster.list('TaskRun')).map(child => child.metadata.name)).toEqual(['run-a'])
})

test('a pipeline task is asked for once: its TaskRun finds the answer to what the PipelineRun asked', async () => {
  const cluster = await storeWith(PIPELINE_RUN_OF_TASKS)
  await pass(cluster, 'PipelineRun/default/run')
  expect(conditionOf(await pipelineRun(cluster))).toMatchObject({ reason: 'ResolvingTaskRef' })
  expect((await onlyRequest(cluster)).spec.params).toEqual([{ name: 'name', value: 'lint' }])
  await answer(cluster, found(TASK))
  await pass(cluster, 'PipelineRun/default/run')
  const deps = depsFor(cluster)
  await reconcile(deps, 'TaskRun/default/run-a')
  await onlyRequest(cluster)
  const child = await taskRun(cluster, 'run-a')
  expect(child.status).toMatchObject({ podName: 'run-a-pod', provenance: { refSource: SOURCE } })
  // As Tekton: where a task came from is told by its TaskRun alone.
  expect((await pipelineRun(cluster)).status?.provenance).not.toHaveProperty('refSource')
})

const NO_STEPS = '{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: lint}, spec: {steps: []}}'
const DENIED = `validation failed for referenced object lint: admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: missing field(s): spec.steps`

test.each(
  cases({
    'the resolver says no': {
      status: refused('error getting "Git" "default/x": no'),
      verdict: ['TaskRunResolutionFailed', 'error requesting remote resource: error getting "Git" "default/x": no'],
    },
    'it is of another kind': {
      status: found(PIPELINE),
      verdict: ['TaskRunResolutionFailed', 'resource is not a task'],
    },
    'it would be refused here': { status: found(NO_STEPS), verdict: ['TaskValidationFailed', DENIED] },
    'it has a field that nobody knows': {
      status: found(TASK.replace('steps:', 'stepz: 1, steps:')),
      verdict: ['TaskRunResolutionFailed', /^invalid runtime object: .*unknown field "spec\.stepz"/],
    },
    'it is no YAML': {
      status: found('a: [b'),
      verdict: ['TaskRunResolutionFailed', /^invalid runtime object: error converting YAML to JSON/],
    },
    'it is nothing of Tekton’s': {
      status: found('{apiVersion: v1, kind: Secret, metadata: {name: s}}'),
      verdict: ['TaskRunResolutionFailed', 'invalid runtime object: no kind "Secret" is registered for version "v1"'],
    },
    'it is no base64': {
      status: { ...found(TASK), data: 'ab$=' },
      verdict: [
        'TaskRunResolutionFailed',
        'error accessing data from remote resource: error decoding data from base64: illegal base64 data at input byte 2',
      ],
    },
  }),
)('a TaskRun fails for good when %s', async (_, { status, verdict: [reason, message] }) => {
  const cluster = await storeWith(TASK_RUN)
  await pass(cluster, 'TaskRun/default/one')
  await answer(cluster, status)
  await pass(cluster, 'TaskRun/default/one')
  expect(conditionOf(await taskRun(cluster, 'one'))).toMatchObject({
    status: 'False',
    reason,
    message: typeof message === 'string' ? message : expect.stringMatching(message as RegExp),
  })
  expect(await cluster.list('Pod')).toEqual([])
})

test.each(
  cases({
    'the resolver says no': {
      manifest: PIPELINE_RUN,
      status: refused('no'),
      reason: 'CouldntGetPipeline',
      message:
        'Error retrieving pipeline for pipelinerun default/run: resolver failed to get Pipeline : error requesting remote resource: no',
    },
    'its Pipeline is a Task': {
      manifest: PIPELINE_RUN,
      status: found(TASK),
      reason: 'CouldntGetPipeline',
      message:
        'Error retrieving pipeline for pipelinerun default/run: failed to read runtime object as Pipeline: resource is not a pipeline',
    },
    'its Pipeline would be refused here': {
      manifest: PIPELINE_RUN,
      status: found('{apiVersion: tekton.dev/v1, kind: Pipeline, metadata: {name: p}, spec: {tasks: []}}'),
      reason: 'PipelineValidationFailed',
      message:
        'Failed dryRunValidation for PipelineRun run: [User error] failed to read runtime object as Pipeline: validation failed for referenced object p: admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: expected at least one, got none: spec.description, spec.params, spec.resources, spec.tasks, spec.workspaces',
    },
    'a Task of it cannot be had': {
      manifest: PIPELINE_RUN_OF_TASKS,
      status: refused('no'),
      reason: 'CouldntGetTask',
      message:
        "Pipeline default/run can't be Run; it contains Tasks that don't exist: Couldn't retrieve Task \"resolver type mine\\nname = lint\\n\": error requesting remote resource: no",
    },
  }),
)('a PipelineRun fails for good when %s', async (_, { manifest, status, reason, message }) => {
  const cluster = await storeWith(manifest)
  await pass(cluster, 'PipelineRun/default/run')
  await answer(cluster, status)
  await pass(cluster, 'PipelineRun/default/run')
  expect(conditionOf(await pipelineRun(cluster))).toMatchObject({ status: 'False', reason, message })
})

test('a step’s StepAction is fetched, and where it came from stands in the step’s state', async () => {
  const cluster = await storeWith(`
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec:
  taskSpec:
    params: [{ name: which, default: greet }]
    steps:
      - { name: plain, image: alpine, script: "true" }
      - { name: far, ref: ${REF} }
`)
  await pass(cluster, 'TaskRun/default/one')
  expect(conditionOf(await taskRun(cluster, 'one'))).toMatchObject({
    reason: 'ResolvingStepActionRef',
    message: 'TaskRun default/one awaiting remote StepAction',
  })
  expect((await onlyRequest(cluster)).spec.params).toEqual([{ name: 'name', value: 'greet' }])
  await answer(
    cluster,
    found(
      '{apiVersion: tekton.dev/v1alpha1, kind: StepAction, metadata: {name: greet}, spec: {image: far/away, script: "true"}}',
    ),
  )
  await pass(cluster, 'TaskRun/default/one')
  const expected = [{ name: 'far', container: 'step-far', provenance: { refSource: SOURCE } }]
  const run = await taskRun(cluster, 'one')
  expect(run.status?.steps).toEqual(expected)
  expect(run.status?.taskSpec?.steps[1]).toMatchObject({ name: 'far', image: 'far/away' })

  const [pod] = await cluster.list('Pod')
  if (pod === undefined) throw new Error('no Pod')
  const running = { running: { startedAt: '2026-01-02T03:04:06Z' } }
  const containerStatuses = pod.spec.containers.map(({ name, image = '' }) => ({
    name,
    image,
    imageID: '',
    ready: true,
    restartCount: 0,
    state: running,
  }))
  await cluster.replaceStatus('Pod', { ...pod, status: { phase: 'Running', containerStatuses } })
  await pass(cluster, 'TaskRun/default/one')
  const steps = (await taskRun(cluster, 'one')).status?.steps ?? []
  expect(steps.map(({ name, provenance }) => [name, provenance])).toEqual([
    ['plain', undefined],
    ['far', { refSource: SOURCE }],
  ])
  expect(steps[1]).toMatchObject(running)
})

test('a StepAction that cannot be had fails the TaskRun in the step’s name', async () => {
  const cluster = await storeWith(`
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec: { taskSpec: { steps: [{ name: far, ref: { resolver: mine } }] } }
`)
  await pass(cluster, 'TaskRun/default/one')
  await answer(cluster, found(TASK))
  await pass(cluster, 'TaskRun/default/one')
  expect(conditionOf(await taskRun(cluster, 'one'))).toMatchObject({
    reason: 'TaskRunResolutionFailed',
    message: 'failed to resolve step ref for step "far" (index 0): resource is not a StepAction',
  })
})

test('an answer that somebody planted under the name is not believed', async () => {
  const cluster = await storeWith(TASK_RUN)
  await pass(cluster, 'TaskRun/default/one')
  const { metadata, spec } = await onlyRequest(cluster)
  const { name, namespace } = metadata
  await cluster.delete('ResolutionRequest', { namespace, name })
  const { name: _, ...labels } = { name: '', 'resolution.tekton.dev/type': 'mine' }
  await cluster.create('ResolutionRequest', {
    apiVersion: 'resolution.tekton.dev/v1beta1',
    kind: 'ResolutionRequest',
    metadata: { name, namespace, labels },
    spec,
  })
  await answer(cluster, found(TASK))
  await pass(cluster, 'TaskRun/default/one')
  expect(conditionOf(await taskRun(cluster, 'one'))).toMatchObject({
    reason: 'TaskRunResolutionFailed',
    message: expect.stringContaining('was not made for this run'),
  })
})

test.each(
  cases({
    'no label can hold': {
      resolver: 'x'.repeat(64),
      message:
        /error requesting remote resource: .*metadata\.labels: Invalid value: "x{64}": must be no more than 63 bytes/,
    },
    'no object can be called': { resolver: 'Git Lab', message: /error requesting remote resource: .*Invalid value/ },
  }),
)('a resolver name that %s fails the run that uses it', async (_, { resolver, message }) => {
  const cluster = await storeWith(
    TASK_RUN.replace('resolver: mine', `resolver: ${resolver}`),
    PIPELINE_RUN.replace('resolver: mine', `resolver: ${resolver}`),
  )
  await pass(cluster, 'TaskRun/default/one')
  await pass(cluster, 'PipelineRun/default/run')
  expect(conditionOf(await taskRun(cluster, 'one'))).toMatchObject({
    reason: 'TaskRunResolutionFailed',
    message: expect.stringMatching(message),
  })
  expect(conditionOf(await pipelineRun(cluster))).toMatchObject({
    reason: 'CouldntGetPipeline',
    message: expect.stringMatching(message),
  })
})

test('a task whose resolver params need a result is asked for by its TaskRun, when the result is there', async () => {
  const cluster = await storeWith(`
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  pipelineSpec:
    tasks:
      - name: a
        taskSpec: { results: [{ name: which }], steps: [{ name: s, image: alpine, script: "true" }] }
      - name: b
        runAfter: [a]
        taskRef: { resolver: mine, params: [{ name: name, value: $(tasks.a.results.which) }] }
`)
  await pass(cluster, 'PipelineRun/default/run')
  expect(await cluster.list('ResolutionRequest')).toEqual([])
  const a = await taskRun(cluster, 'run-a')
  await cluster.replaceStatus('TaskRun', {
    ...a,
    status: {
      conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded' }],
      completionTime: new Date(NOW).toISOString(),
      results: [{ name: 'which', type: 'string', value: 'lint' }],
    },
  })
  await pass(cluster, 'PipelineRun/default/run')
  await reconcile(depsFor(cluster), 'TaskRun/default/run-b')
  expect((await onlyRequest(cluster)).spec.params).toEqual([{ name: 'name', value: 'lint' }])
})

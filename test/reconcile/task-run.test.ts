import { expect, test } from 'vitest'
import type { Action, TaskRunWorld } from '../../src/reconcile/decision.js'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import { type ContainerStatus, NOP_IMAGE, type Pod, type PodStatus } from '../../src/resources/core.js'
import type { TaskRun, TaskRunSpec, TaskRunStatus } from '../../src/resources/tekton.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import {
  containerStatus,
  createdPod,
  exited,
  FINISHED_AT,
  NOW,
  podMaterial,
  running,
  storedPod,
  taskRun,
  worldFor,
} from '../helpers/task-run-world.js'
import { yamlCases } from '../helpers/yaml.js'

const ONE_STEP: TaskRunSpec = { taskSpec: { steps: [{ name: 'a', image: 'tool', command: ['a'] }] } }
const WITH_SIDECAR: TaskRunSpec = {
  taskSpec: { steps: [{ name: 'a', image: 'tool', command: ['a'] }], sidecars: [{ name: 'db', image: 'postgres' }] },
}

interface Shown {
  readonly status: TaskRunStatus
  readonly actions: readonly Action[]
}

function verdict({ status }: Shown): readonly (string | undefined)[] {
  const condition = succeededCondition({ status })
  return [condition?.status, condition?.reason, condition?.message]
}

function does({ actions }: Shown): readonly string[] {
  return actions.map(action => (action.do === 'create' ? `create ${action.kind}` : action.do))
}

/** A run whose first pass is over, and its Pod in the given state. */
function underWay(spec: TaskRunSpec, podStatus?: PodStatus): { readonly run: TaskRun; readonly world: TaskRunWorld } {
  const run = taskRun(spec)
  const world = worldFor(run)
  const first = reconcileTaskRun(run, world)
  return { run: { ...run, status: first.status }, world: { ...world, pod: storedPod(createdPod(first), podStatus) } }
}

function after(run: TaskRun, { status }: Shown): TaskRun {
  return { ...run, status }
}

const stepRuns: PodStatus = { phase: 'Running', containerStatuses: [containerStatus('step-a', running())] }
const stepFailed: PodStatus = { phase: 'Failed', containerStatuses: [containerStatus('step-a', exited(1))] }

test('the first pass starts the clock, keeps the task and makes the Pod after what it needs', () => {
  const run = taskRun(ONE_STEP)
  const decision = reconcileTaskRun(run, worldFor(run))
  expect(does(decision)).toEqual(['create ConfigMap', 'create Pod'])
  expect(decision.status).toMatchObject({
    startTime: '2026-01-02T03:04:05Z',
    podName: 'build-pod',
    taskSpec: ONE_STEP.taskSpec,
  })
  expect(verdict(decision)).toEqual(['Unknown', 'Pending', 'Pending'])
  expect(decision.lookAgainAt).toBe(NOW + 3_601_000)
  expect(decision.labels).toEqual({ 'app.kubernetes.io/managed-by': 'tekton-pipelines' })
})

test('labels and annotations of the Task are added below those of the run, and only what is missing', () => {
  const run = taskRun({ taskRef: { name: 't' } }, { labels: { 'app.kubernetes.io/managed-by': 'me', a: 'run' } })
  const from = { name: 't', labels: { a: 'task', b: 'task' }, annotations: { note: 'n', 'chains.tekton.dev/x': 'y' } }
  const task = { is: 'found', value: ONE_STEP.taskSpec!, from } as const
  const decision = reconcileTaskRun(run, worldFor(run, { task }))
  expect(decision.labels).toEqual({ b: 'task', 'tekton.dev/task': 't' })
  expect(decision.annotations).toEqual({ note: 'n', 'pipeline.tekton.dev/release': 'unknown' })
})

test.each(
  cases<{ readonly spec: TaskRunSpec; readonly world?: Partial<TaskRunWorld>; readonly verdict: readonly string[] }>({
    'pending by its own word': {
      spec: { ...ONE_STEP, status: 'TaskRunPending' },
      verdict: ['Unknown', 'TaskRunPending', 'TaskRun "build" is pending'],
    },
    'task still being fetched': {
      spec: { taskRef: { name: 't' } },
      world: { task: { is: 'pending' } },
      verdict: ['Unknown', 'ResolvingTaskRef', 'TaskRun ci/build awaiting remote resource'],
    },
    'task cannot be had': {
      spec: { taskRef: { name: 't' } },
      world: { task: { is: 'failed', reason: 'TaskRunResolutionFailed', message: 'no such task' } },
      verdict: ['False', 'TaskRunResolutionFailed', 'no such task'],
    },
    'step action still being fetched': {
      spec: { taskSpec: { steps: [{ name: 'a', ref: { name: 'x' } }] } },
      verdict: ['Unknown', 'ResolvingStepActionRef', 'TaskRun ci/build awaiting remote StepAction'],
    },
    'step action cannot be had': {
      spec: { taskSpec: { steps: [{ name: 'a', ref: { name: 'x' } }] } },
      world: {
        stepActions: new Map([[0, { is: 'failed', reason: 'TaskRunResolutionFailed', message: 'no such action' }]]),
      },
      verdict: [
        'False',
        'TaskRunResolutionFailed',
        'failed to resolve step ref for step "a" (index 0): no such action',
      ],
    },
    'a stranger has the name': {
      spec: ONE_STEP,
      world: { stranger: 'stays' },
      verdict: [
        'False',
        'PodCreationFailed',
        'failed to create task run pod "build": a pod "ci/build-pod" exists and does not belong to this TaskRun. Delete that pod, or give the TaskRun another name',
      ],
    },
    'cancelled before anything': {
      spec: { ...ONE_STEP, status: 'TaskRunCancelled', statusMessage: 'enough' },
      verdict: ['False', 'TaskRunCancelled', 'TaskRun "build" was cancelled. enough'],
    },
  }),
)('nothing is made: %s', (_, { spec, world, verdict: expected }) => {
  const run = taskRun(spec)
  const decision = reconcileTaskRun(run, worldFor(run, world))
  expect(decision.actions).toEqual([])
  expect(verdict(decision)).toEqual(expected)
})

interface MistakeCase {
  readonly spec: TaskRunSpec
  readonly reason?: string
  readonly message: string
}

test.each(yamlCases<MistakeCase>(new URL('task-run-mistakes.cases.yaml', import.meta.url)))(
  'a mistake of the author: %s',
  (_, { spec, reason = 'TaskRunValidationFailed', message }) => {
    const run = taskRun(spec)
    const decision = reconcileTaskRun(run, worldFor(run))
    expect(verdict(decision)).toEqual(['False', reason, `[User error] ${message}`])
    expect(decision.actions).toEqual([])
    expect(decision.status.completionTime).toBeDefined()
  },
)

test('a referenced Task takes only bindings that it declares; two claims are too many only with the affinity assistant', () => {
  const bindings = [
    { name: 'w', persistentVolumeClaim: { claimName: 'one' } },
    { name: 'v', persistentVolumeClaim: { claimName: 'two' } },
  ]
  const referring = taskRun({ taskRef: { name: 't' }, workspaces: bindings })
  const task = {
    is: 'found',
    value: { ...ONE_STEP.taskSpec!, workspaces: [{ name: 'w' }] },
    from: { name: 't' },
  } as const
  expect(verdict(reconcileTaskRun(referring, worldFor(referring, { task })))[2]).toBe(
    '[User error] workspace binding "v" does not match any declared workspace',
  )
  const inline = taskRun({ ...ONE_STEP, workspaces: bindings })
  const world = worldFor(inline)
  expect(does(reconcileTaskRun(inline, world))).toContain('create Pod')
  const strict = {
    ...world,
    settings: { ...world.settings, flags: { ...world.settings.flags, coschedule: 'workspaces' as const } },
  }
  expect(verdict(reconcileTaskRun(inline, strict))[2]).toBe('[User error] more than one PersistentVolumeClaim is bound')
})

test('CEL in a step is decided before the Pod is made', () => {
  const step = { name: 'a', image: 'tool', command: ['a'] }
  const run = taskRun({
    taskSpec: {
      steps: [
        { ...step, when: [{ cel: 'yes' }] },
        { ...step, name: 'b', when: [{ cel: 'no' }] },
      ],
    },
  })
  const pod = createdPod(reconcileTaskRun(run, worldFor(run), cel => cel === 'yes'))
  const [yes, no] = pod.spec.containers.map(({ args }) => args?.filter(arg => arg.startsWith('-when')))
  expect(yes).toEqual([])
  expect(no).toEqual(['-when_in', '-when_value'])
})

test('the Pod is followed: pending, running, done', () => {
  const { run, world } = underWay(ONE_STEP)
  const pending = reconcileTaskRun(run, world)
  expect(verdict(pending)).toEqual(['Unknown', 'Pending', 'Pending'])
  const runs = reconcileTaskRun(after(run, pending), { ...world, pod: { ...world.pod!, status: stepRuns } })
  expect(verdict(runs)[1]).toBe('Running')
  expect(runs.status.steps).toEqual([
    { name: 'a', container: 'step-a', running: { startedAt: '2026-01-02T03:04:06Z' } },
  ])
  const ended: PodStatus = { phase: 'Succeeded', containerStatuses: [containerStatus('step-a', exited(0))] }
  const done = reconcileTaskRun(after(run, runs), { ...world, pod: { ...world.pod!, status: ended } })
  expect(verdict(done)).toEqual(['True', 'Succeeded', 'All Steps have completed executing'])
  expect(done).toMatchObject({ actions: [], status: { completionTime: '2026-01-02T03:04:05Z' } })
  expect(done.lookAgainAt).toBeUndefined()
})

test('done is never left, whatever the world says', () => {
  const { run, world } = underWay(ONE_STEP, stepFailed)
  const done = reconcileTaskRun(run, world)
  expect(verdict(done)[1]).toBe('StepFailed')
  const later = { ...world, now: NOW + 1e9, pod: undefined }
  const cancelled = { ...after(run, done), spec: { ...run.spec, status: 'TaskRunCancelled' } }
  expect(reconcileTaskRun(cancelled, later)).toEqual({ actions: [], status: done.status })
})

test('a run that somebody else manages is left alone', () => {
  const run = taskRun({ ...ONE_STEP, managedBy: 'kueue.x-k8s.io/multikueue' })
  expect(reconcileTaskRun(run, worldFor(run))).toEqual({ actions: [], status: {} })
})

test('sidecars hold the first step until they are ready, once', () => {
  const ready = containerStatus('sidecar-db', running(), { ready: true })
  const both: PodStatus = { phase: 'Running', containerStatuses: [containerStatus('step-a', running()), ready] }
  const { run, world } = underWay(WITH_SIDECAR, both)
  const decision = reconcileTaskRun(run, world)
  expect(decision.actions).toEqual([
    expect.objectContaining({ do: 'annotate', annotations: { 'tekton.dev/ready': 'READY' }, uid: 'uid-of-build-pod' }),
  ])
  const metadata = { ...world.pod!.metadata, annotations: { 'tekton.dev/ready': 'READY' } }
  expect(reconcileTaskRun(run, { ...world, pod: { ...world.pod!, metadata } }).actions).toEqual([])
})

/** What a Pod of our own kubelet says of its network. */
const ON_THE_MACHINE: Pick<PodStatus, 'podIP'> = { podIP: '127.0.0.1' }

/** A run whose step has ended as told, as long as its sidecar still runs. */
function stepDone(exitCode: number, spec: TaskRunSpec = WITH_SIDECAR, network: Pick<PodStatus, 'podIP'> = {}) {
  const stepEnded = containerStatus('step-a', exited(exitCode))
  const containerStatuses = [stepEnded, containerStatus('sidecar-db', running())]
  const { run, world } = underWay(spec, { phase: 'Running', containerStatuses, ...network })
  const soon = { ...world, now: NOW + 10_000 }
  const decision = reconcileTaskRun(run, soon)
  const asked = world.pod!.spec.containers.map(one => (one.name === 'sidecar-db' ? { ...one, image: NOP_IMAGE } : one))
  const pod: Pod = { ...world.pod!, spec: { ...world.pod!.spec, containers: asked } }
  /** The nop image ended, and with it the Pod. */
  const ended = (phase: 'Running' | 'Succeeded' | 'Failed', sidecarCode: number): Pod => ({
    ...pod,
    status: { phase, containerStatuses: [stepEnded, containerStatus('sidecar-db', exited(sidecarCode))], ...network },
  })
  return { decision, run: after(run, decision), world: { ...soon, pod }, ended }
}

const STOPPED = 'Sidecar container successfully stopped by nop image'

test('a run is done when its steps are: its sidecars are only asked to stop', () => {
  const { decision, run, world, ended } = stepDone(0, WITH_SIDECAR, { podIP: '10.1.0.7' })
  expect(decision.actions).toEqual([expect.objectContaining({ do: 'stopSidecars', containers: ['sidecar-db'] })])
  expect(verdict(decision)).toEqual(['True', 'Succeeded', 'All Steps have completed executing'])
  expect(decision.status.conditions?.length).toBe(1)
  expect(decision.status.completionTime).toBe(FINISHED_AT)
  expect(decision.status.sidecars).toMatchObject([{ name: 'db', running: {} }])
  expect(decision.lookAgainAt).toBeUndefined()
  for (const pod of [world.pod, ended('Failed', 137), undefined]) {
    expect(reconcileTaskRun(run, { ...world, pod })).toEqual({ actions: [], status: run.status })
  }
})

test.each([
  ['with an exit code', 1, 'Error', 'StepFailed'],
  ['out of memory', 137, 'OOMKilled', 'StepOOM'],
])('a run whose step failed %s is done as soon', (_, code, told, reason) => {
  const failing = containerStatus('step-a', exited(code, [], told))
  const containerStatuses = [failing, containerStatus('sidecar-db', running())]
  const { run, world } = underWay(WITH_SIDECAR, { phase: 'Running', containerStatuses })
  const decision = reconcileTaskRun(run, world)
  expect(does(decision)).toEqual(['stopSidecars'])
  expect(verdict(decision).slice(0, 2)).toEqual(['False', reason])
})

test('a pass that was killed after it asked sidecars to stop is made again, and asks no more', () => {
  const { run, world } = stepDone(0)
  const again = reconcileTaskRun({ ...run, status: { ...run.status, conditions: [] } }, world)
  expect(again.actions).toEqual([])
  expect(verdict(again)[1]).toBe('Succeeded')
})

test('sidecars that have the ports of the machine are waited for, and the run tells how they ended', () => {
  const { decision, run, world, ended } = stepDone(0, WITH_SIDECAR, ON_THE_MACHINE)
  expect(does(decision)).toEqual(['stopSidecars'])
  expect(verdict(decision).slice(0, 2)).toEqual(['Unknown', 'Pending'])
  expect(decision.status.completionTime).toBeUndefined()
  // Asked once: the swapped image is seen.
  const waits = reconcileTaskRun(run, world)
  expect(waits).toEqual({ actions: [], status: run.status, lookAgainAt: NOW + 45_000 })

  const done = reconcileTaskRun(run, { ...world, now: NOW + 12_000, pod: ended('Running', 0) })
  expect(verdict(done)).toEqual(['True', 'Succeeded', 'All Steps have completed executing'])
  expect(done.status.conditions?.length).toBe(1)
  // The step's end, not the sidecar's.
  expect(done.status.completionTime).toBe(FINISHED_AT)
  expect(done.status.sidecars).toMatchObject([
    { name: 'db', container: 'sidecar-db', terminated: { exitCode: 0, reason: 'Completed', message: STOPPED } },
  ])
  expect(done.lookAgainAt).toBeUndefined()
})

test('a step that failed waits for such sidecars too', () => {
  const { decision, run, world, ended } = stepDone(1, WITH_SIDECAR, ON_THE_MACHINE)
  expect(verdict(decision)[0]).toBe('Unknown')
  const done = reconcileTaskRun(run, { ...world, pod: ended('Failed', 0) })
  expect(verdict(done).slice(0, 2)).toEqual(['False', 'StepFailed'])
  expect(done.status.sidecars?.[0]?.terminated?.exitCode).toBe(0)
})

test('how a sidecar that is waited for or its Pod ends changes nothing: the steps have decided', () => {
  const { run, world, ended } = stepDone(0, WITH_SIDECAR, ON_THE_MACHINE)
  const killed = reconcileTaskRun(run, { ...world, pod: ended('Failed', 137) })
  expect(verdict(killed)[1]).toBe('Succeeded')
  expect(killed.status.sidecars?.[0]?.terminated).toMatchObject({
    exitCode: 137,
    reason: 'Completed',
    message: STOPPED,
  })
  expect(verdict(reconcileTaskRun(run, { ...world, pod: undefined }))[1]).toBe('Succeeded')
  const cancelled = reconcileTaskRun({ ...run, spec: { ...run.spec, status: 'TaskRunCancelled' } }, world)
  expect(verdict(cancelled)[1]).toBe('Succeeded')
})

test('a sidecar that does not stop is waited for as long as its grace, also where a Pod asks for its node’s network', () => {
  const { run, world } = stepDone(0, { ...WITH_SIDECAR, timeout: '20s', podTemplate: { hostNetwork: true } })
  expect(verdict(reconcileTaskRun(run, { ...world, now: NOW + 44_999 }))[0]).toBe('Unknown')
  const late = reconcileTaskRun(run, { ...world, now: NOW + 45_000 })
  expect(verdict(late)[1]).toBe('Succeeded')
  expect(late.status.completionTime).toBe(FINISHED_AT)
})

test('a native sidecar is waited for, as in Tekton', () => {
  const { run, world } = underWay(ONE_STEP, { phase: 'Running' })
  const native = (state: ContainerStatus['state']): Pod => ({
    ...world.pod!,
    spec: { ...world.pod!.spec, initContainers: [{ name: 'sidecar-db', image: 'db', restartPolicy: 'Always' }] },
    status: {
      phase: 'Running',
      containerStatuses: [containerStatus('step-a', exited(0))],
      initContainerStatuses: [containerStatus('sidecar-db', state)],
    },
  })
  const waits = reconcileTaskRun(run, { ...world, pod: native(running()) })
  expect(waits.actions).toEqual([])
  expect(verdict(waits)[0]).toBe('Unknown')
  expect(verdict(reconcileTaskRun(after(run, waits), { ...world, pod: native(exited(0)) }))[1]).toBe('Succeeded')
})

test('a run completes when its last step did, within what its own clock can have seen', () => {
  const ended: PodStatus = { phase: 'Succeeded', containerStatuses: [containerStatus('step-a', exited(0))] }
  const { run, world } = underWay(ONE_STEP, ended)
  expect(reconcileTaskRun(run, { ...world, now: NOW + 60_000 }).status.completionTime).toBe(FINISHED_AT)
  // FINISHED_AT is three seconds after NOW: a node whose clock is ahead.
  expect(reconcileTaskRun(run, world).status.completionTime).toBe('2026-01-02T03:04:05Z')
  const startTime = '2026-01-02T03:05:00Z'
  const late = { ...run, status: { ...run.status, startTime } }
  expect(reconcileTaskRun(late, { ...world, now: NOW + 90_000 }).status.completionTime).toBe(startTime)
})

test('out of time: the Pod goes, its steps are marked, those that had ended keep their state', () => {
  const steps = [
    { name: 'a', image: 'tool', command: ['a'] },
    { name: 'b', image: 'tool', command: ['b'] },
  ]
  const { run, world } = underWay(
    { timeout: '10s', taskSpec: { steps } },
    {
      phase: 'Running',
      containerStatuses: [containerStatus('step-a', exited(0)), containerStatus('step-b', running())],
    },
  )
  const early = reconcileTaskRun(run, { ...world, now: NOW + 10_999 })
  expect(verdict(early)[1]).toBe('Running')
  expect(early.lookAgainAt).toBe(NOW + 11_000)
  const late = reconcileTaskRun(run, { ...world, now: NOW + 11_000 })
  expect(verdict(late)).toEqual(['False', 'TaskRunTimeout', 'TaskRun "build" failed to finish within "10s"'])
  expect(does(late)).toEqual(['delete'])
  expect(late.status.steps?.map(step => step.terminationReason)).toEqual(['Completed', 'TaskRunTimeout'])
  expect(late.status.steps?.[1]?.terminated).toEqual({
    exitCode: 1,
    reason: 'TaskRunTimeout',
    message: 'Step b terminated as pod build-pod is terminated',
    startedAt: '2026-01-02T03:04:06Z',
    finishedAt: '2026-01-02T03:04:16Z',
  })
})

test('a Pod that ended in time counts, however late we look', () => {
  const { run, world } = underWay({ ...ONE_STEP, timeout: '10s' }, stepFailed)
  expect(verdict(reconcileTaskRun(run, { ...world, now: NOW + 60_000 }))[1]).toBe('StepFailed')
})

test('timeout 0s is none', () => {
  const { run, world } = underWay({ ...ONE_STEP, timeout: '0s' }, stepRuns)
  const decision = reconcileTaskRun(run, { ...world, now: NOW + 1e12 })
  expect(verdict(decision)[1]).toBe('Running')
  expect(decision.lookAgainAt).toBeUndefined()
})

test('cancelling deletes the Pod, leaves no results, and is not retried', () => {
  const results = [{ name: 'r' }]
  const { run, world } = underWay(
    {
      retries: 3,
      taskSpec: {
        results,
        steps: [
          { name: 'a', image: 't', command: ['a'] },
          { name: 'b', image: 't', command: ['a'] },
        ],
      },
    },
    {
      phase: 'Running',
      containerStatuses: [
        containerStatus('step-a', exited(0, [{ key: 'r', value: 'v', type: 1 }])),
        containerStatus('step-b', running()),
      ],
    },
  )
  const asked = { ...run, spec: { ...run.spec, status: 'TaskRunCancelled', statusMessage: 'by hand' } }
  const decision = reconcileTaskRun(asked, world)
  expect(verdict(decision)).toEqual(['False', 'TaskRunCancelled', 'TaskRun "build" was cancelled. by hand'])
  expect(does(decision)).toEqual(['delete'])
  expect(decision.status.results).toBeUndefined()
  expect(decision.status.steps?.map(step => step.terminationReason)).toEqual(['Completed', 'TaskRunCancelled'])
})

test('what held a run up is told when it is cancelled', () => {
  const waiting = { reason: 'ErrImagePull', message: 'no such host' }
  const { run, world } = underWay(ONE_STEP, {
    phase: 'Pending',
    containerStatuses: [containerStatus('step-a', { waiting })],
  })
  const held = after(run, reconcileTaskRun(run, world))
  const decision = reconcileTaskRun({ ...held, spec: { ...run.spec, status: 'TaskRunCancelled' } }, world)
  expect(verdict(decision)[2]).toBe(
    'TaskRun "build" was cancelled. \nPrevious status: [PullImageFailed] build step "step-a" is pending with reason "no such host"',
  )
})

test('an image that cannot be pulled ends the run and its Pod', () => {
  const message =
    'Back-off pulling image "t": ErrImagePull: failed to resolve reference "docker.io/library/t:latest": docker.io/library/t:latest: not found'
  const waiting = { reason: 'ImagePullBackOff', message }
  const { run, world } = underWay(ONE_STEP, {
    phase: 'Pending',
    containerStatuses: [containerStatus('step-a', { waiting })],
  })
  const decision = reconcileTaskRun(run, world)
  expect(verdict(decision)[1]).toBe('TaskRunImagePullFailed')
  expect(does(decision)).toEqual(['delete'])
  expect(decision.status.steps?.[0]?.terminated?.reason).toBe('TaskRunImagePullFailed')
})

test('a missing Secret ends the run and its Pod, and the step goes on telling which', () => {
  const waiting = { reason: 'CreateContainerConfigError', message: 'secret "s" not found' }
  const { run, world } = underWay(
    { taskSpec: { steps: ['a', 'b'].map(name => ({ name, image: 'tool', command: ['a'] })) } },
    {
      phase: 'Pending',
      containerStatuses: [containerStatus('step-a', running()), containerStatus('step-b', { waiting })],
    },
  )
  const decision = reconcileTaskRun(run, world)
  expect(verdict(decision)).toEqual([
    'False',
    'CreateContainerConfigError',
    'Failed to create pod due to config error: secret "s" not found',
  ])
  expect(does(decision)).toEqual(['delete'])
  expect(decision.status.steps).toMatchObject([{ terminated: { reason: 'CreateContainerConfigError' } }, { waiting }])
})

test.each(
  cases({
    'an image that is slow to come': {
      waiting: { reason: 'ImagePullBackOff', message: 'back-off' },
      settings: { imagePullBackOffTimeoutMs: 60_000 },
      reason: 'PullImageFailed',
      end: 'TaskRunImagePullFailed',
    },
    'a slow container runtime': {
      waiting: { reason: 'CreateContainerError', message: 'context deadline exceeded' },
      settings: { createContainerErrorTimeoutMs: 60_000 },
      reason: 'Pending',
      end: 'PodCreationFailed',
    },
  }),
)('an installation can be patient with %s', (_, { waiting, settings, reason, end }) => {
  const { run, world } = underWay(ONE_STEP, {
    phase: 'Pending',
    conditions: [{ type: 'Initialized', status: 'True', lastTransitionTime: '2026-01-02T03:04:15Z' }],
    containerStatuses: [containerStatus('step-a', { waiting })],
  })
  const patient = { ...world, settings: { ...world.settings, ...settings } }
  const early = reconcileTaskRun(run, { ...patient, now: NOW + 69_999 })
  expect(verdict(early)[1]).toBe(reason)
  expect(early.lookAgainAt).toBe(NOW + 70_000)
  expect(verdict(reconcileTaskRun(run, { ...patient, now: NOW + 70_000 }))[1]).toBe(end)
  const none = { ...world.settings, imagePullBackOffTimeoutMs: 0, createContainerErrorTimeoutMs: 0 }
  expect(verdict(reconcileTaskRun(run, { ...world, settings: none, now: NOW + 69_999 }))[1]).toBe(end)
})

test.each(['TaskRunCancelled', 'TaskRunTimeout'])('keep-pod-on-cancel: %s tells the Pod to end itself', reason => {
  const { run, world } = underWay(
    { ...WITH_SIDECAR, timeout: '10s', retries: 1 },
    {
      phase: 'Running',
      containerStatuses: [containerStatus('step-a', running()), containerStatus('sidecar-db', running())],
    },
  )
  const flags = { ...world.settings.flags, keepPodOnCancel: true }
  const keeping = { ...world, settings: { ...world.settings, flags } }
  const spec = reason === 'TaskRunCancelled' ? { ...run.spec, status: reason } : run.spec
  const late = { ...keeping, now: NOW + 11_000 }
  const decision = reconcileTaskRun({ ...run, spec }, late)
  expect(decision.actions).toMatchObject([
    { do: 'annotate', annotations: { 'tekton.dev/cancel': 'CANCEL' } },
    { do: 'stopSidecars', containers: ['sidecar-db'] },
  ])
  expect(decision.status.steps?.[0]?.terminationReason).toBe(reason)
  const pending = world.pod && { ...world.pod, status: { phase: 'Pending' as const } }
  const nothingRan = reconcileTaskRun({ ...run, spec }, { ...late, pod: pending })
  expect(does(nothingRan), 'a Pod that shows nothing is not kept').toEqual(['delete'])
})

test('a Pod that waits for sidecars of others gets its word when they are ready', () => {
  const run = taskRun(ONE_STEP)
  const world = worldFor(run)
  const flags = { ...world.settings.flags, runningInEnvironmentWithInjectedSidecars: true }
  const injecting = { ...world, settings: { ...world.settings, flags } }
  const first = reconcileTaskRun(run, injecting)
  const pod = storedPod(createdPod(first), stepRuns)
  expect(reconcileTaskRun({ ...run, status: first.status }, { ...injecting, pod }).actions).toMatchObject([
    { do: 'annotate', annotations: { 'tekton.dev/ready': 'READY' } },
  ])
})

test('a service account that is not there, and a secret that lacks a key, end the run before its Pod', () => {
  const run = taskRun({ ...ONE_STEP, serviceAccountName: 'nobody' })
  const missing = reconcileTaskRun(run, worldFor(run, { toMakePod: podMaterial({ serviceAccountExists: false }) }))
  expect(verdict(missing)).toEqual([
    'False',
    'PodCreationFailed',
    'failed to create task run pod "build": translating TaskSpec to Pod: serviceaccounts "nobody" not found. Maybe invalid TaskSpec',
  ])
  const secrets = [{ name: 'key', type: 'kubernetes.io/ssh-auth', annotations: {}, keys: ['ssh-privatekey'] }]
  const world = worldFor(run, { toMakePod: podMaterial({ secrets }) })
  const flags = { ...world.settings.flags, requireGitSshSecretKnownHosts: true }
  const strict = reconcileTaskRun(run, { ...world, settings: { ...world.settings, flags } })
  expect(verdict(strict)[1]).toBe('TaskRunValidationFailed')
  expect(verdict(strict)[2]).toContain('TaskRun validation failed. Git SSH Secret must have "known_hosts" included')
  expect(does(strict)).toEqual([])
})

test('a failure is ignored where the pipeline task says so, a cancel and a broken promise are not', () => {
  const annotations = { 'pipeline.tekton.dev/pipeline-task-on-error': 'continue' }
  const { run, world } = underWay(ONE_STEP, stepFailed)
  const allowed = { ...run, metadata: { ...run.metadata, annotations } }
  expect(verdict(reconcileTaskRun(allowed, world))).toEqual([
    'False',
    'FailureIgnored',
    '"step-a" exited with code 1: Error',
  ])
  const cancelled = { ...allowed, spec: { ...run.spec, status: 'TaskRunCancelled' } }
  expect(verdict(reconcileTaskRun(cancelled, world))[1]).toBe('TaskRunCancelled')
})

test.each(
  cases<PodStatus | undefined>({
    'no look at it yet': undefined,
    'when it was last seen pending': { phase: 'Pending', containerStatuses: [] },
    'when a step was seen to run': stepRuns,
  }),
)('a Pod that vanished is never made again: %s', (_, podStatus) => {
  const { run, world } = underWay(ONE_STEP)
  const seen = podStatus
    ? after(run, reconcileTaskRun(run, { ...world, pod: { ...world.pod!, status: podStatus } }))
    : run
  const lost = reconcileTaskRun(seen, { ...world, pod: undefined })
  expect(lost.actions).toEqual([])
  expect(verdict(lost)).toEqual([
    'False',
    'Failed',
    'pod "build-pod" of TaskRun "build" vanished before its steps were done, and steps are never run twice in one attempt. Set spec.retries to have lost attempts repeated',
  ])
})

test('retries repeat an attempt whose Pod vanished, under another name', () => {
  const { run, world } = underWay({ ...ONE_STEP, retries: 1 })
  const lost = reconcileTaskRun(run, { ...world, pod: undefined })
  expect(verdict(lost)[1]).toBe('ToBeRetried')
  const next = reconcileTaskRun(after(run, lost), { ...world, pod: undefined })
  expect(createdPod(next).metadata.name).toBe('build-pod-retry1')
})

test('a Pod made by a pass that could not write its status is adopted', () => {
  const { run, world } = underWay(ONE_STEP, stepRuns)
  const forgetful: TaskRun = taskRun(run.spec)
  const decision = reconcileTaskRun(forgetful, world)
  expect(decision.actions).toEqual([])
  expect(decision.status).toMatchObject({ podName: 'build-pod', taskSpec: ONE_STEP.taskSpec })
  expect(verdict(decision)[1]).toBe('Running')
})

test('retries: the attempt is put away, the next one gets a new Pod and a new clock', () => {
  const { run, world } = underWay({ ...ONE_STEP, retries: 1 }, stepFailed)
  const first = reconcileTaskRun(run, { ...world, now: NOW + 5_000 })
  expect(verdict(first)).toEqual(['Unknown', 'ToBeRetried', '"step-a" exited with code 1: Error'])
  expect(first.lookAgainAt).toBe(NOW + 5_000)
  expect(Object.keys(first.status).sort()).toEqual(['conditions', 'provenance', 'retriesStatus', 'steps', 'taskSpec'])
  const [attempt] = first.status.retriesStatus ?? []
  expect(attempt).toMatchObject({ podName: 'build-pod', completionTime: FINISHED_AT })
  expect(attempt?.conditions).toMatchObject([{ type: 'Succeeded', status: 'False', reason: 'StepFailed' }])
  expect(attempt?.retriesStatus).toBeUndefined()

  // Seen again before the world was: the old Pod is not taken for the new one.
  const second = reconcileTaskRun(after(run, first), { ...world, now: NOW + 6_000 })
  expect(createdPod(second).metadata.name).toBe('build-pod-retry1')
  expect(second.status).toMatchObject({ podName: 'build-pod-retry1', startTime: '2026-01-02T03:04:11Z' })
  expect(second.status.steps).toBeUndefined()

  const pod = storedPod(createdPod(second), stepFailed)
  const last = reconcileTaskRun(after(run, second), { ...world, pod })
  expect(verdict(last)[1]).toBe('StepFailed')
  expect(last.status.retriesStatus?.length).toBe(1)
})

test('the next attempt waits until the Pod of a timed-out one is gone, and remembers why it failed', () => {
  const { run, world } = underWay({ ...ONE_STEP, retries: 1, timeout: '1s' }, stepRuns)
  const late = { ...world, now: NOW + 2_000 }
  const failing = reconcileTaskRun(run, late)
  expect(does(failing)).toEqual(['delete'])
  expect(verdict(failing)[1]).toBe('ToBeRetried')
  expect(failing.status.retriesStatus).toBeUndefined()

  const waits = reconcileTaskRun(after(run, failing), { ...late, now: NOW + 3_000 })
  expect(waits).toEqual({ actions: [], status: failing.status })

  const gone = reconcileTaskRun(after(run, waits), { ...late, pod: undefined })
  expect(gone.status.retriesStatus?.[0]?.conditions).toMatchObject([{ reason: 'TaskRunTimeout', status: 'False' }])
  expect(gone.status.conditions?.map(({ type, reason }) => [type, reason])).toEqual([['Succeeded', 'ToBeRetried']])
  expect(gone.status.podName).toBeUndefined()
})

test('a failed attempt with sidecars is followed by the next only when they have stopped', () => {
  const containerStatuses = [containerStatus('step-a', exited(1)), containerStatus('sidecar-db', running())]
  const { run, world } = underWay({ ...WITH_SIDECAR, retries: 1 }, { phase: 'Running', containerStatuses })
  const failing = reconcileTaskRun(run, world)
  expect(does(failing)).toEqual(['stopSidecars'])
  expect(failing.status.retriesStatus).toBeUndefined()
  const stopped = [containerStatus('step-a', exited(1)), containerStatus('sidecar-db', exited(0))]
  const ended: Pod = { ...world.pod!, status: { phase: 'Failed', containerStatuses: stopped } }
  const next = reconcileTaskRun(after(run, failing), { ...world, pod: ended })
  const [attempt] = next.status.retriesStatus ?? []
  expect(attempt?.conditions).toMatchObject([{ reason: 'StepFailed' }])
  expect(attempt?.sidecars?.[0]?.terminated?.exitCode).toBe(0)
})

test('a mistake is retried too, and ends when the retries are used up', () => {
  const run = taskRun({ retries: 2, taskSpec: { steps: [] } })
  let seen: TaskRun = run
  const reasons: (string | undefined)[] = []
  for (let pass = 0; pass < 4; pass += 1) {
    const decision = reconcileTaskRun(seen, worldFor(run))
    reasons.push(verdict(decision)[1])
    seen = after(seen, decision)
  }
  expect(reasons).toEqual(['ToBeRetried', 'ToBeRetried', 'TaskRunValidationFailed', 'TaskRunValidationFailed'])
  expect(seen.status?.retriesStatus?.length).toBe(2)
})

test('claims that exist already are not made again, nor is the entrypoint', () => {
  const run = taskRun({ ...ONE_STEP, workspaces: [{ name: 'w', volumeClaimTemplate: { spec: {} } }] })
  const world = worldFor(run)
  const first = reconcileTaskRun(run, world)
  expect(does(first)).toEqual(['create ConfigMap', 'create PersistentVolumeClaim', 'create Pod'])
  const created = first.actions.flatMap(one => (one.do === 'create' ? [one.object.metadata.name ?? ''] : []))
  const entrypoint = { ...podMaterial().entrypoint, exists: true }
  const again = reconcileTaskRun(run, {
    ...world,
    toMakePod: podMaterial({ claims: new Map(created.map(name => [name, { accessModes: [] }])), entrypoint }),
  })
  expect(does(again)).toEqual(['create Pod'])
})

/** Pod → what the TaskRun's status says about it. Only what is in the Pod counts; what the run decides is not here. */
import type { ContainerStateTerminated, ContainerStatus, Pod } from '../resources/core.js'
import type { ConditionStatus } from '../resources/meta.js'
import { isAskedToStop } from '../resources/stopped-sidecars.js'
import type { Artifacts, ResultValue, SidecarState, StepState, TaskSpec } from '../resources/tekton.js'
import { sidecarContainerName, stepContainerName } from '../run/task-variables.js'
import { artifactsOf, mergeArtifacts } from './artifacts.js'
import type { FailureKind } from './failure-class.js'
import { failureOf } from './pod-failure.js'
import { type Hindrance, hindranceOf, waitingOf } from './pod-waiting.js'
import { TASK_RUN_REASONS, type TaskRunReason, TERMINATION_REASONS, USER_ERROR } from './reasons.js'
import { stepResultsOf, taskResultsOf } from './step-results.js'
import {
  ENTRY_TYPE,
  internalValue,
  parseTerminationMessage,
  publicMessage,
  type TerminationEntry,
} from './termination-message.js'

const STOPPED = {
  reason: TERMINATION_REASONS.Completed,
  message: 'Sidecar container successfully stopped by nop image',
} as const

/** What kind of failure it is, if it is one. */
export interface Verdict extends Partial<FailureKind> {
  readonly status: ConditionStatus
  readonly reason: TaskRunReason
  readonly message: string
}

export interface PodReport {
  /** In the order of the task's steps; a container that the kubelet has not reported yet is left out. */
  readonly steps: readonly StepState[]
  readonly sidecars: readonly SidecarState[]
  /** What the finished steps left; belongs into the status only when the run is done. */
  readonly results: readonly ResultValue[]
  /** The same, of artifacts. */
  readonly artifacts: Artifacts
  readonly verdict: Verdict
  /** Nothing but a new Pod would help: the image cannot be pulled, a Secret is missing. The run fails, the Pod goes. */
  readonly hindrance: Hindrance | undefined
  /** Sidecars that still run, or still could. */
  readonly openSidecars: readonly string[]
  /** Their containers are neither ready nor have ended. When none is left in a running Pod, the first step may start. */
  readonly unreadySidecars: readonly string[]
  /** It is so. */
  readonly sidecarsReady: boolean
  /** A step's container has run at some time. */
  readonly started: boolean
  /** Steps that wait for one that will never tell them to go on: somebody has to end them. */
  readonly hasStrandedSteps: boolean
}

export function statusFromPod(taskRun: string, task: TaskSpec, pod: Pod): PodReport {
  const reported = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
  const statuses = new Map(reported.map(status => [status.name, status]))
  const found = task.steps.flatMap((spec, index) => {
    const status = statuses.get(stepContainerName(spec, index))
    const { entries, error } = parseTerminationMessage(status?.state.terminated?.message)
    return status ? [{ spec, status, entries, error }] : []
  })
  const sidecars = (task.sidecars ?? []).flatMap(sidecar => {
    const container = sidecarContainerName(sidecar)
    const status = statuses.get(container)
    return [{ name: sidecar.name, status }]
  })
  // Also those that something else has put into the Pod.
  const beside = pod.spec.containers.filter(({ name }) => !name.startsWith('step-'))
  const native = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const { results, problem } = taskResultsOf(
    task.results ?? [],
    found.map(({ spec, entries }) => ({ name: spec.name ?? '', declared: spec.results, entries })),
  )
  // Native ones were started before the steps' containers: Kubernetes has waited for them.
  const unreadySidecars = beside.map(({ name }) => name).filter(name => !isReady(statuses.get(name)))
  const complete = isComplete(task, pod)
  return {
    steps: found.map(({ spec, status, entries }) => stepState(status, entries, spec.results)),
    sidecars: sidecars.flatMap(({ name, status }) =>
      status ? [sidecarState(name, status, wasAsked(pod, status))] : [],
    ),
    results,
    artifacts: mergeArtifacts(
      found.flatMap(({ entries }) => [
        artifactsOf(entries, ENTRY_TYPE.taskArtifacts),
        artifactsOf(entries, ENTRY_TYPE.stepArtifacts),
      ]),
    ),
    verdict: complete ? endOf(taskRun, pod, found, problem) : progressOf(pod),
    hindrance: hindranceOf(taskRun, pod),
    openSidecars: [...beside, ...native].map(({ name }) => name).filter(name => !statuses.get(name)?.state.terminated),
    unreadySidecars,
    sidecarsReady: pod.status?.phase === 'Running' && unreadySidecars.length === 0,
    started: found.some(({ status }) => hasStarted(status)),
    hasStrandedSteps: complete && !isFinished(pod) && endedSteps(task, pod).length < task.steps.length,
  }
}

/** Its containers will not run again: another attempt may start. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

interface Found {
  readonly status: ContainerStatus
  readonly entries: readonly TerminationEntry[]
  readonly error?: string | undefined
}

function endOf(taskRun: string, pod: Pod, steps: readonly Found[], resultProblem: string | undefined): Verdict {
  const { Succeeded, TaskRunValidationFailed, TaskRunResultLargerThanAllowedLimit } = TASK_RUN_REASONS
  const wrong = (reason: TaskRunReason, message: string): Verdict => ({
    status: 'False',
    reason,
    message: USER_ERROR + message,
    failureClass: 'user',
    neverStarted: false,
  })
  const tooLarge = steps.map(tooLargeOf).find(text => text !== undefined)
  if (tooLarge) return wrong(TaskRunResultLargerThanAllowedLimit, `TaskRun "${taskRun}" failed: ${tooLarge}`)
  // As Tekton: results that do not keep what the task promised count before how the steps ended.
  if (resultProblem) return wrong(TaskRunValidationFailed, resultProblem)
  const failure = failureOf(pod)
  if (failure) return { status: 'False', ...failure }
  const unread = steps.find(({ status, error }) => error !== undefined && status.state.terminated?.exitCode === 0)
  if (unread) return wrong(TaskRunValidationFailed, `the results of "${unread.status.name}" are lost: ${unread.error}`)
  return { status: 'True', reason: Succeeded, message: 'All Steps have completed executing' }
}

/** The entrypoint says `<bytes> <limit> <what>` of a result that it left out. The words up to the colon are Tekton's. */
function tooLargeOf({ status, entries }: Found): string | undefined {
  const [, bytes, limit, what] = /^(\d+) (\d+) (.+)$/s.exec(internalValue(entries, 'ResultTooLarge') ?? '') ?? []
  if (bytes === undefined) return undefined
  return `${bytes} bytes results size exceeds configured limit of ${limit} bytes: ${what} of "${status.name}"`
}

function progressOf(pod: Pod): Verdict {
  if ((pod.status?.phase ?? 'Pending') === 'Pending') return { status: 'Unknown', ...waitingOf(pod) }
  const message = 'Not all Steps in the Task have finished executing'
  return { status: 'Unknown', reason: TASK_RUN_REASONS.Running, message }
}

/** The steps decide, not the Pod: its sidecars may go on. A step out of memory ends it whatever its exit code says. */
function isComplete(task: TaskSpec, pod: Pod): boolean {
  if (isFinished(pod)) return true
  const ended = endedSteps(task, pod)
  return (
    ended.length === task.steps.length ||
    ended.some(one => one.reason === TERMINATION_REASONS.OOMKilled || isWithoutWord(one))
  )
}

function endedSteps(task: TaskSpec, pod: Pod): readonly ContainerStateTerminated[] {
  const names = new Set(task.steps.map(stepContainerName))
  return (pod.status?.containerStatuses ?? [])
    .filter(status => names.has(status.name))
    .flatMap(({ state }) => (state.terminated ? [state.terminated] : []))
}

/** Its entrypoint was killed, or never began. It has told the next step nothing, which would wait for ever. */
function isWithoutWord({ exitCode, message }: ContainerStateTerminated): boolean {
  const { entries } = parseTerminationMessage(message)
  return exitCode !== 0 && internalValue(entries, 'StartedAt') === undefined
}

function stepState(
  status: ContainerStatus,
  entries: readonly TerminationEntry[],
  declared: TaskSpec['results'],
): StepState {
  const { terminated } = status.state
  const results = stepResultsOf(entries, declared)
  return {
    ...(terminated ? { terminated: stepTerminated(terminated, entries) } : status.state),
    name: status.name.replace(/^step-/, ''),
    container: status.name,
    ...(status.imageID && { imageID: status.imageID }),
    ...(results.length > 0 && { results }),
    ...artifactsOf(entries, ENTRY_TYPE.stepArtifacts),
    ...(terminated && withReason(terminationReason(terminated, entries))),
  }
}

function withReason(reason: string | undefined): { readonly terminationReason?: string } {
  return reason ? { terminationReason: reason } : {}
}

/** The container is the entrypoint's; what it says of the step inside is what counts. */
function stepTerminated(
  terminated: ContainerStateTerminated,
  entries: readonly TerminationEntry[],
): ContainerStateTerminated {
  const { message: raw, ...rest } = terminated
  const exitCode = Number(internalValue(entries, 'ExitCode') ?? terminated.exitCode)
  const startedAt = internalValue(entries, 'StartedAt') ?? terminated.startedAt
  // A text that is not ours is the runtime's: why the container could not start.
  const message = entries.length > 0 ? publicMessage(entries) : raw === '[]' ? '' : raw
  return {
    ...rest,
    exitCode: Number.isInteger(exitCode) ? exitCode : terminated.exitCode,
    ...(startedAt && { startedAt }),
    ...(message && { message }),
  }
}

/** As Tekton: the entrypoint's word, then `Continued` if it hid an exit code, then the runtime's word. */
function terminationReason(
  terminated: ContainerStateTerminated,
  entries: readonly TerminationEntry[],
): string | undefined {
  const hidden = internalValue(entries, 'ExitCode') !== undefined
  return internalValue(entries, 'Reason') ?? (hidden ? TERMINATION_REASONS.Continued : terminated.reason)
}

/** One whose image was swapped did not end by itself: its exit code says nothing, as in Tekton. */
function sidecarState(name: string, status: ContainerStatus, nop: boolean): SidecarState {
  const { terminated } = status.state
  const state = terminated && nop ? { terminated: { ...terminated, ...STOPPED } } : status.state
  return { ...state, name, container: status.name, ...(status.imageID && { imageID: status.imageID }) }
}

function wasAsked(pod: Pod, { name }: ContainerStatus): boolean {
  return pod.spec.containers.some(container => container.name === name && isAskedToStop(pod, container))
}

function isReady(status: ContainerStatus | undefined): boolean {
  return status?.state.terminated !== undefined || (status?.state.running !== undefined && status.ready)
}

function hasStarted(status: ContainerStatus): boolean {
  return status.state.running !== undefined || status.state.terminated !== undefined || status.restartCount > 0
}

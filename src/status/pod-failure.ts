/** Why a completed Pod failed: the reason and message of the condition, in Tekton's order of precedence. */
import type { ContainerStatus, Pod } from '../resources/core.js'
import { TASK_RUN_REASONS, type TaskRunReason, TERMINATION_REASONS } from './reasons.js'
import { internalValue, parseTerminationMessage } from './termination-message.js'

export interface PodFailure {
  readonly reason: TaskRunReason
  readonly message: string
}

/** Undefined when it did not fail: sidecars alone fail nothing, unless they take the whole Pod with them. */
export function failureOf(pod: Pod): PodFailure | undefined {
  const containers = inSpecOrder(pod)
  const stepFailed = containers.filter(isStep).some(hasFailed)
  if (pod.status?.phase !== 'Failed' && !stepFailed) return undefined
  return { reason: reasonOf(pod, containers), message: messageOf(pod, containers) }
}

function reasonOf(pod: Pod, containers: readonly ContainerStatus[]): TaskRunReason {
  const R = TASK_RUN_REASONS
  if (isEvicted(pod)) return R.PodEvicted
  const inits = pod.status?.initContainerStatuses ?? []
  const steps = containers.filter(isStep)
  const sidecars = containers.filter(status => !isStep(status))
  const order: readonly [boolean, TaskRunReason][] = [
    [inits.filter(isSidecar).some(isOutOfMemory), R.SidecarOOM],
    [inits.some(isOutOfMemory), R.InitContainerOOM],
    [inits.filter(isSidecar).some(hasFailed), R.SidecarFailed],
    [inits.some(hasFailed), R.InitContainerFailed],
    [sidecars.some(isOutOfMemory), R.SidecarOOM],
    [steps.some(isOutOfMemory), R.StepOOM],
    [sidecars.some(hasFailed), R.SidecarFailed],
    [steps.some(hasFailed), R.StepFailed],
  ]
  return order.find(([holds]) => holds)?.[1] ?? R.Failed
}

function messageOf(pod: Pod, containers: readonly ContainerStatus[]): string {
  if (isEvicted(pod) && pod.status?.message) return pod.status.message
  const init = pod.status?.initContainerStatuses?.map(containerMessage).find(text => text !== undefined)
  if (init !== undefined) return `init container failed, ${init}`
  const [first] = containers.flatMap(status => containerMessage(status) ?? [])
  if (first !== undefined) return first
  if (pod.status?.message) return pod.status.message
  return containers.some(isOutOfMemory) ? TERMINATION_REASONS.OOMKilled : 'build failed for unspecified reasons.'
}

function containerMessage(status: ContainerStatus): string | undefined {
  const { terminated } = status.state
  if (terminated === undefined) return undefined
  const { entries } = parseTerminationMessage(terminated.message)
  const why = internalValue(entries, 'Reason')
  // It did not fail, an earlier one did.
  if (why === TERMINATION_REASONS.Skipped) return undefined
  if (why === TERMINATION_REASONS.TimeoutExceeded) {
    return `"${status.name}" exited because the step exceeded the specified timeout limit`
  }
  if (terminated.exitCode === 0) return undefined
  const reason = terminated.reason ? `: ${terminated.reason}` : ''
  // What the entrypoint or the runtime has to add, where no command of the step is to blame.
  const more = internalValue(entries, 'Message') ?? (entries.length === 0 ? terminated.message : undefined)
  return `"${status.name}" exited with code ${terminated.exitCode}${reason}${more ? `. ${more}` : ''}`
}

/** The kubelet reports containers in any order; the first one of the spec that failed is the one to name. */
function inSpecOrder(pod: Pod): readonly ContainerStatus[] {
  const place = new Map(pod.spec.containers.map(({ name }, index) => [name, index]))
  const of = (status: ContainerStatus) => place.get(status.name) ?? place.size
  return [...(pod.status?.containerStatuses ?? [])].sort((a, b) => of(a) - of(b))
}

function isEvicted(pod: Pod): boolean {
  return pod.status?.reason === 'Evicted'
}

function hasFailed({ state }: ContainerStatus): boolean {
  return state.terminated !== undefined && (state.terminated.exitCode !== 0 || state.terminated.reason === 'OOMKilled')
}

function isOutOfMemory({ state }: ContainerStatus): boolean {
  return state.terminated?.reason === TERMINATION_REASONS.OOMKilled
}

function isStep({ name }: ContainerStatus): boolean {
  return name.startsWith('step-')
}

function isSidecar({ name }: ContainerStatus): boolean {
  return name.startsWith('sidecar-')
}

/** Why a completed Pod failed: the reason and message of the condition, in Tekton's order of precedence. */
import type { ContainerStatus, Pod } from '../resources/core.js'
import { disruptionOf } from './disruption.js'
import type { FailureKind } from './failure-class.js'
import { neverStarted } from './never-started.js'
import { classOfFailure } from './pod-failure-class.js'
import { TASK_RUN_REASONS, type TaskRunReason, TERMINATION_REASONS } from './reasons.js'
import { internalValue, parseTerminationMessage } from './termination-message.js'

export interface PodFailure extends FailureKind {
  readonly reason: TaskRunReason
  readonly message: string
}

/** Undefined when it did not fail: sidecars alone fail nothing, unless they take the whole Pod with them. */
export function failureOf(pod: Pod): PodFailure | undefined {
  const containers = inSpecOrder(pod)
  const stepFailed = containers.filter(isStep).some(hasFailed)
  if (pod.status?.phase !== 'Failed' && !stepFailed) return undefined
  const { reason, message, culprit } = whatFailed(pod, containers)
  const failureClass = classOfFailure(pod, reason, culprit?.container)
  const disruption = failureClass === 'infrastructure' && reason !== 'PodEvicted' ? disruptionOf(pod) : undefined
  return {
    reason,
    message:
      disruption === undefined || isSaidIn(message, pod) ? message : `${message.replace(/\.$/, '')}. ${disruption}`,
    failureClass,
    neverStarted: neverStarted(pod),
  }
}

function isSaidIn(message: string, { status }: Pod): boolean {
  return Boolean(status?.message) && message === status?.message
}

function whatFailed(
  pod: Pod,
  containers: readonly ContainerStatus[],
): { readonly reason: TaskRunReason; readonly message: string; readonly culprit?: Culprit } {
  const R = TASK_RUN_REASONS
  const { reason, message } = pod.status ?? {}
  if (reason === 'Evicted') return { reason: R.PodEvicted, message: message || UNSPECIFIED }
  // What was killed for that did not fail by itself. Ours is the shorter time: the Pod's is for when we are away.
  if (reason === 'DeadlineExceeded') return { reason: R.TaskRunTimeout, message: message || UNSPECIFIED }
  const culprit = culpritOf(pod, containers)
  return {
    reason: culprit?.reason ?? R.Failed,
    message: messageOf(pod, containers, culprit),
    ...(culprit && { culprit }),
  }
}

interface Culprit {
  readonly reason: TaskRunReason
  readonly container: ContainerStatus
  readonly init: boolean
}

/** As Tekton: sidecars before steps, since steps often fail because their sidecar did; lack of memory before all else. */
function culpritOf(pod: Pod, containers: readonly ContainerStatus[]): Culprit | undefined {
  const R = TASK_RUN_REASONS
  const inits = pod.status?.initContainerStatuses ?? []
  const all = inits.map(container => ({ container, init: true }))
  const main = containers.map(container => ({ container, init: false }))
  const order: readonly [readonly Omit<Culprit, 'reason'>[], (one: ContainerStatus) => boolean, TaskRunReason][] = [
    [all, one => isSidecar(one) && isOutOfMemory(one), R.SidecarOOM],
    [all, one => isOutOfMemory(one), R.InitContainerOOM],
    [all, one => isSidecar(one) && hasFailed(one), R.SidecarFailed],
    [all, one => hasFailed(one), R.InitContainerFailed],
    [main, one => isSidecar(one) && isOutOfMemory(one), R.SidecarOOM],
    [main, one => isStep(one) && isOutOfMemory(one), R.StepOOM],
    [main, one => isSidecar(one) && hasFailed(one), R.SidecarFailed],
    [main, one => isStep(one) && hasFailed(one) && !wasSkipped(one), R.StepFailed],
  ]
  for (const [among, holds, reason] of order) {
    const found = among.find(({ container }) => holds(container))
    if (found) return { ...found, reason }
  }
  return undefined
}

const UNSPECIFIED = 'build failed for unspecified reasons.'

function messageOf(pod: Pod, containers: readonly ContainerStatus[], culprit: Culprit | undefined): string {
  const text = culprit && containerMessage(culprit.container)
  if (text !== undefined) return culprit?.init ? `init container failed, ${text}` : text
  if (pod.status?.message) return pod.status.message
  return containers.some(isOutOfMemory) ? TERMINATION_REASONS.OOMKilled : UNSPECIFIED
}

function containerMessage(status: ContainerStatus): string | undefined {
  const { terminated } = status.state
  if (terminated === undefined) return undefined
  const { entries } = parseTerminationMessage(terminated.message)
  if (internalValue(entries, 'Reason') === TERMINATION_REASONS.TimeoutExceeded) {
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

/** It did not fail, an earlier one did. */
function wasSkipped({ state }: ContainerStatus): boolean {
  const { entries } = parseTerminationMessage(state.terminated?.message)
  return internalValue(entries, 'Reason') === TERMINATION_REASONS.Skipped
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

/** When the last step has ended, the sidecars are asked to stop. Mostly the run is done then; some are waited for. */
import { fromTimestamp, toTimestamp } from '../../lib/time.js'
import type { Pod } from '../../resources/core.js'
import { type Condition, keyOf } from '../../resources/meta.js'
import { isAskedToStop } from '../../resources/stopped-sidecars.js'
import type { SidecarState, TaskRun, TaskRunStatus } from '../../resources/tekton.js'
import { isFinished, type PodReport, statusFromPod, type Verdict } from '../../status/from-pod.js'
import type { TaskRunReason } from '../../status/reasons.js'
import type { Action } from '../decision.js'
import { kindToRemember, rememberedKind } from './task-run-failure-kind.js'

/**
 * While sidecars are waited for, a second condition remembers what the steps came to: how a sidecar ends, a Pod that
 * is deleted or a late cancel do not change it any more. It goes when the run is done.
 */
export const STEPS_DONE = 'StepsDone'

/** Kubernetes' default for terminationGracePeriodSeconds. */
const DEFAULT_GRACE_SECONDS = 30
/** What a node gets beyond its Pod's grace to kill, and to say so. */
const REPORT_MS = 5_000

export function withStepsDone(status: TaskRunStatus, verdict: Verdict, now: number): TaskRunStatus {
  const { status: isWell, reason, message } = verdict
  const remembered: Condition = {
    type: STEPS_DONE,
    status: isWell,
    reason,
    message,
    lastTransitionTime: toTimestamp(now),
  }
  return { ...status, conditions: [...(status.conditions ?? []), remembered, ...kindToRemember(verdict)] }
}

export function stepsOutcome(status: TaskRunStatus): Verdict | undefined {
  const found = status.conditions?.find(({ type }) => type === STEPS_DONE)
  if (found === undefined) return undefined
  const { status: isWell, reason, message = '' } = found
  return { status: isWell, reason: reason as TaskRunReason, message, ...rememberedKind(status.conditions) }
}

/** Until when sidecars are waited for, epoch ms; undefined when there is nothing to wait for. */
export function sidecarsAwaitedUntil(status: TaskRunStatus, pod: Pod, report: PodReport): number | undefined {
  if (isFinished(pod) || !report.openSidecars.some(name => isAwaited(pod, name))) return undefined
  const asked = status.conditions?.find(({ type }) => type === STEPS_DONE)?.lastTransitionTime ?? ''
  const graceSeconds = pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
  return fromTimestamp(asked) + graceSeconds * 1_000 + REPORT_MS
}

/** Native ones, as in Tekton; and those whose ports a sidecar of the next task may want. */
function isAwaited(pod: Pod, container: string): boolean {
  return hasPortsOfItsNode(pod) || !pod.spec.containers.some(({ name }) => name === container)
}

/** The containers of our own kubelet have no network but the machine's. */
const MACHINE = '127.0.0.1'

function hasPortsOfItsNode({ spec, status }: Pod): boolean {
  return spec.hostNetwork === true || status?.podIP === MACHINE
}

/** What a run that is done does not tell yet of its sidecars: how they ended. Undefined as long as nobody knows, and when it is told. */
export function sidecarsAtEnd({ metadata, status }: TaskRun, pod: Pod): readonly SidecarState[] | undefined {
  if (status?.taskSpec === undefined || !isSidecarOpen(status)) return undefined
  // Its containers are killed, and what it says of them is not to be relied on.
  if (pod.metadata.deletionTimestamp !== undefined) return undefined
  const { sidecars } = statusFromPod(metadata.name, status.taskSpec, pod)
  return sidecars.length > 0 && sidecars.every(({ terminated }) => terminated) ? sidecars : undefined
}

export function isSidecarOpen({ sidecars = [] }: TaskRunStatus): boolean {
  return sidecars.some(({ terminated }) => terminated === undefined)
}

/** Those that run, or still could, and were not asked yet. Native ones Kubernetes stops when the steps are done. */
export function stopSidecars(pod: Pod, { openSidecars }: PodReport): readonly Action[] {
  const open = new Set(openSidecars)
  const containers = pod.spec.containers.flatMap(one =>
    open.has(one.name) && !isAskedToStop(pod, one) ? [one.name] : [],
  )
  if (isFinished(pod) || containers.length === 0) return []
  return [{ do: 'stopSidecars', kind: 'Pod', key: keyOf(pod), uid: pod.metadata.uid, containers }]
}

/** Between the last step's end and the run's: the sidecars are asked to stop, and the status waits to tell how they did. */
import { fromTimestamp, toTimestamp } from '../lib/time.js'
import type { Pod } from '../resources/core.js'
import { type Condition, keyOf } from '../resources/meta.js'
import { isAskedToStop } from '../resources/stopped-sidecars.js'
import type { TaskRunStatus } from '../resources/tekton.js'
import { isFinished, type PodReport, type Verdict } from '../status/from-pod.js'
import type { TaskRunReason } from '../status/reasons.js'
import type { Action } from './decision.js'
import { kindToRemember, rememberedKind } from './task-run-failure-kind.js'

/**
 * While sidecars are being stopped, a second condition remembers what the steps came to: how a sidecar ends, a Pod that
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
  if (isFinished(pod) || report.openSidecars.length === 0) return undefined
  const asked = status.conditions?.find(({ type }) => type === STEPS_DONE)?.lastTransitionTime ?? ''
  const graceSeconds = pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
  return fromTimestamp(asked) + graceSeconds * 1_000 + REPORT_MS
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

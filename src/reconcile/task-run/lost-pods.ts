/** Pods that went, or are to go, and nobody says any more how their steps fared. */
import { fromTimestamp } from '../../lib/time.js'
import type { Pod } from '../../resources/core.js'
import type { TaskRunStatus } from '../../resources/tekton.js'
import { succeededCondition } from '../../status/conditions.js'
import { disruptionOf } from '../../status/disruption.js'
import { isFinished, type PodReport } from '../../status/from-pod.js'
import { TASK_RUN_REASONS } from '../../status/reasons.js'
import type { Failure } from './task-run-endings.js'

/** A kubelet ends the containers within their grace, and says so. This is for its way to the API server. */
const ANSWER_MS = 60_000

/** Epoch ms: from when on a Pod that is being deleted is lost, if it has not ended by then. */
export function lostAt(pod: Pod): number | undefined {
  const { deletionTimestamp } = pod.metadata
  if (deletionTimestamp === undefined || isFinished(pod)) return undefined
  const due = fromTimestamp(deletionTimestamp)
  return Number.isFinite(due) ? due + ANSWER_MS : undefined
}

/**
 * Its node does not answer. The attempt is over; the next one, if there is one, still waits until the Pod is gone, because
 * on a node that is only cut off its steps go on.
 */
export function lostOnNode(pod: Pod, { verdict }: PodReport, now: number): Failure | undefined {
  const at = lostAt(pod)
  if (at === undefined || now < at || verdict.status !== 'Unknown') return undefined
  const { name, deletionTimestamp } = pod.metadata
  const node = pod.spec.nodeName === undefined ? 'its node' : `its node "${pod.spec.nodeName}"`
  const message = `pod "${name}" should have ended by ${deletionTimestamp}, and ${node} does not say that it has: ${disruptionOf(pod)}`
  return { reason: TASK_RUN_REASONS.Failed, message, failureClass: 'infrastructure', neverStarted: false }
}

export function vanished(taskRun: string, status: TaskRunStatus): Failure {
  const last = succeededCondition({ status })?.message ?? ''
  const why = last.startsWith(GOING) ? ` (${last.slice(GOING.length)})` : ''
  return {
    reason: TASK_RUN_REASONS.Failed,
    message: `pod "${status.podName}" of TaskRun "${taskRun}" vanished before its steps were done${why}, and steps are never run twice in one attempt. Set spec.retries to have lost attempts repeated`,
    failureClass: 'infrastructure',
    neverStarted: false,
  }
}

const GOING = 'The Pod is going: '

/** What is said of a Pod that is about to go, also for when it is gone. */
export function goingMessage(pod: Pod): string | undefined {
  const disruption = isFinished(pod) ? undefined : disruptionOf(pod)
  return disruption && GOING + disruption
}

/** Whose fault it is that a Pod failed. */
import { fromTimestamp } from '../lib/time.js'
import type { ContainerStateTerminated, ContainerStatus, Pod } from '../resources/core.js'
import { disruptionOf } from './disruption.js'
import { classOfReason, type FailureClass } from './failure-class.js'
import { NOT_STARTED } from './never-started.js'
import { TASK_RUN_REASONS, type TaskRunReason, TERMINATION_REASONS } from './reasons.js'
import { classOfStartError } from './start-error.js'
import { internalValue, parseTerminationMessage } from './termination-message.js'

/** `container`: the one that is to blame, if one is. */
export function classOfFailure(pod: Pod, reason: TaskRunReason, container: ContainerStatus | undefined): FailureClass {
  if (reason === TASK_RUN_REASONS.PodEvicted) return isOverOwnLimit(pod.status?.message) ? 'user' : 'infrastructure'
  const byReason = classOfReason(reason)
  if (byReason === 'memory' || byReason === 'timeout') return byReason
  const terminated = container?.state.terminated
  if (terminated === undefined) return REFUSED_FOR_GOOD.has(pod.status?.reason ?? '') ? 'user' : 'infrastructure'
  if (isTakenAway(pod, terminated)) return 'infrastructure'
  if (NOT_STARTED.has(terminated.reason)) return classOfStartError(terminated.message ?? '')
  if (terminated.reason === 'ContainerStatusUnknown') return 'infrastructure'
  if (container?.name.startsWith('step-')) return classOfStep(terminated)
  // Init containers that are no sidecars are none of the author's.
  return reason === TASK_RUN_REASONS.InitContainerFailed ? 'infrastructure' : 'user'
}

/** More on a disk than it asked for. */
function isOverOwnLimit(message = ''): boolean {
  return /exceed(?:s|ed) (?:the total limit|its local ephemeral storage limit|the limit)/.test(message)
}

/** What no node of this kind takes. */
const REFUSED_FOR_GOOD: ReadonlySet<string> = new Set([
  'AppArmor',
  'PodFeatureUnsupported',
  'PodOSNotSupported',
  'PodOSSelectorNodeLabelDoesNotMatch',
  'SysctlForbidden',
])

function classOfStep({ message, exitCode }: ContainerStateTerminated): FailureClass {
  const { entries } = parseTerminationMessage(message)
  if (internalValue(entries, 'Reason') === TERMINATION_REASONS.TimeoutExceeded) return 'timeout'
  // Who is told by nobody how it ended was killed together with its entrypoint, from outside.
  const isKilled = internalValue(entries, 'StartedAt') === undefined && exitCode > KILLED_BY_SIGNAL
  return isKilled ? 'infrastructure' : 'user'
}

const KILLED_BY_SIGNAL = 128

/** It was ended with its Pod, and not before. */
function isTakenAway(pod: Pod, { exitCode, finishedAt = '' }: ContainerStateTerminated): boolean {
  if (disruptionOf(pod) === undefined) return false
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata
  if (exitCode > KILLED_BY_SIGNAL || deletionTimestamp === undefined) return true
  return fromTimestamp(finishedAt) >= fromTimestamp(deletionTimestamp) - deletionGracePeriodSeconds * 1000
}

/** What a change of a run's status tells the world, in Tekton's words. Pure. */
import type { Condition } from '../resources/meta.js'
import { succeededCondition } from '../status/conditions.js'
import { TASK_RUN_REASONS } from '../status/reasons.js'

/** What an Event says about an object. */
export interface EventText {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

export interface RunState {
  readonly status?: {
    readonly conditions?: readonly Condition[]
    readonly startTime?: string
    readonly podName?: string
  }
}

/** The moment at which a run leaves its waiting room; its first pass often gets further than that at once. */
export const STARTED: Condition = { type: 'Succeeded', status: 'Unknown', reason: 'Started', message: '' }

/**
 * The conditions a run went through from one stored status to the next, oldest first. It has started when it has a
 * `startTime`, whatever it has come to since, and who waits for that word must hear it.
 */
export function passedConditions(before: RunState, after: RunState): readonly Condition[] {
  const now = succeededCondition(after)
  if (now === undefined) return []
  const hasStarted = before.status?.startTime === undefined && after.status?.startTime !== undefined
  const isStart = now.status === 'Unknown' && now.reason === STARTED.reason
  const last = isStart || isSame(succeededCondition(before), now) ? [] : [now]
  return hasStarted ? [STARTED, ...last] : last
}

/** The Events of one pass, in order. */
export function runEvents(before: RunState, after: RunState): readonly EventText[] {
  return [...passedConditions(before, after).map(textOf), ...warnings(before, after)]
}

/** What Tekton warns of besides. */
function warnings(before: RunState, after: RunState): readonly EventText[] {
  const { ExceededNodeResources } = TASK_RUN_REASONS
  const isNew = succeededCondition(before)?.reason !== ExceededNodeResources
  if (!isNew || succeededCondition(after)?.reason !== ExceededNodeResources) return []
  const message = `Insufficient resources to schedule pod "${after.status?.podName}"`
  return [{ type: 'Warning', reason: ExceededNodeResources, message }]
}

function textOf({ status, reason = '', message = '' }: Condition): EventText {
  if (status === 'True') return { type: 'Normal', reason: 'Succeeded', message }
  if (status === 'False') return { type: 'Warning', reason: 'Failed', message }
  return { type: 'Normal', reason, message }
}

function isSame(before: Condition | undefined, after: Condition): boolean {
  return before?.status === after.status && before.reason === after.reason && before.message === after.message
}

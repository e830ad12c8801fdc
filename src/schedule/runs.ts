/** The runs of a schedule: which may start beside which, and which are old enough to go. */
import { fromTimestamp } from '../lib/time.js'
import type { Condition, ObjectMeta } from '../resources/meta.js'
import {
  type RunReference,
  SCHEDULE_UID_LABEL,
  SCHEDULED_AT_ANNOTATION,
  type ScheduleSpec,
} from '../resources/schedules.js'
import { EVENT_ID_LABEL } from '../trigger/fire.js'

export const RUN_KINDS = ['PipelineRun', 'TaskRun', 'CustomRun'] as const
export type RunKind = (typeof RUN_KINDS)[number]

export interface ScheduledRun {
  readonly reference: RunReference
  readonly scheduleUid: string
  /** Of the firing that made it. */
  readonly eventId: string
  /** Epoch ms; NaN when somebody took the annotation away. */
  readonly scheduledAt: number
  readonly outcome: 'unfinished' | 'succeeded' | 'failed'
  /** Epoch ms; 0 while it is unfinished. */
  readonly endedAt: number
}

interface Run {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly status?: { readonly conditions?: readonly Condition[]; readonly completionTime?: string }
}

/** Undefined when no schedule made it. What a run makes has the run's labels, and is not counted. */
export function scheduledRun(run: Run): ScheduledRun | undefined {
  const { labels = {}, annotations = {}, ownerReferences = [], namespace, name, uid } = run.metadata
  const scheduleUid = labels[SCHEDULE_UID_LABEL]
  if (scheduleUid === undefined) return undefined
  if (ownerReferences.some(owner => owner.controller && owner.uid !== scheduleUid)) return undefined
  const { conditions = [], completionTime = '' } = run.status ?? {}
  const verdict = conditions.find(condition => condition.type === 'Succeeded')
  const isDone = verdict?.status === 'True' || verdict?.status === 'False'
  return {
    reference: { apiVersion: run.apiVersion, kind: run.kind, namespace, name, uid },
    scheduleUid,
    eventId: labels[EVENT_ID_LABEL] ?? '',
    scheduledAt: fromTimestamp(annotations[SCHEDULED_AT_ANNOTATION] ?? ''),
    outcome: !isDone ? 'unfinished' : verdict.status === 'True' ? 'succeeded' : 'failed',
    endedAt: isDone ? fromTimestamp(completionTime) || fromTimestamp(verdict.lastTransitionTime ?? '') || 0 : 0,
  }
}

export type Concurrency =
  | { readonly is: 'start'; readonly cancel: readonly RunReference[] }
  | { readonly is: 'skip'; readonly why: string }

/**
 * `runs`: those of this schedule, at least all unfinished ones. Runs of the very same firing do not count: a dispatch that
 * is repeated has decided before.
 */
export function decideConcurrency(
  { concurrencyPolicy = 'Allow' }: Pick<ScheduleSpec, 'concurrencyPolicy'>,
  runs: readonly ScheduledRun[],
  firing: { readonly eventId: string; readonly slot: number },
): Concurrency {
  const others = runs.filter(run => run.outcome === 'unfinished' && run.eventId !== firing.eventId)
  const [first] = others
  if (first === undefined || concurrencyPolicy === 'Allow') return { is: 'start', cancel: [] }
  if (concurrencyPolicy === 'Forbid') {
    const more = others.length > 1 ? ` and ${others.length - 1} more` : ''
    return { is: 'skip', why: `${shown(first)}${more} has not ended` }
  }
  const later = others.find(run => run.scheduledAt > firing.slot)
  if (later !== undefined) return { is: 'skip', why: `${shown(later)} is of a later time` }
  return { is: 'start', cancel: others.map(run => run.reference) }
}

/** Ended runs beyond the limits, the oldest first. */
export function runsToDelete(
  { successfulRunsHistoryLimit, failedRunsHistoryLimit }: ScheduleSpec,
  runs: readonly ScheduledRun[],
): readonly RunReference[] {
  const beyond = (outcome: ScheduledRun['outcome'], limit: number | undefined) =>
    limit === undefined
      ? []
      : runs
          .filter(run => run.outcome === outcome)
          .sort((a, b) => b.endedAt - a.endedAt || b.scheduledAt - a.scheduledAt)
          .slice(limit)
          .reverse()
  return [...beyond('succeeded', successfulRunsHistoryLimit), ...beyond('failed', failedRunsHistoryLimit)].map(
    run => run.reference,
  )
}

function shown({ reference: { kind, namespace, name } }: ScheduledRun): string {
  return `${kind} "${namespace}/${name}"`
}

/** `kind: Schedule` of tektite.dev: a trigger that the clock fires. Named as CronJob names it where it has a word. */
import type { Condition, Resource } from './meta.js'
import type { TriggerSpecBinding, TriggerSpecTemplate } from './triggers.js'

export interface ScheduleSpec {
  /** One of the two. */
  readonly schedule?: string
  readonly schedules?: readonly string[]
  /** IANA; UTC unless told. */
  readonly timeZone?: string
  readonly bindings?: readonly TriggerSpecBinding[]
  /** For the template, as they are written. */
  readonly params?: readonly { readonly name: string; readonly value: string }[]
  readonly template: TriggerSpecTemplate
  readonly serviceAccountName?: string
  readonly concurrencyPolicy?: ConcurrencyPolicy
  readonly startingDeadlineSeconds?: number
  readonly suspend?: boolean
  readonly successfulRunsHistoryLimit?: number
  readonly failedRunsHistoryLimit?: number
}

export const CONCURRENCY_POLICIES = ['Allow', 'Forbid', 'Replace'] as const
export type ConcurrencyPolicy = (typeof CONCURRENCY_POLICIES)[number]

/** What a ticker saw last, so that a change is noticed also when it was made while none was running. */
export interface ObservedSchedule {
  readonly schedules: readonly string[]
  readonly timeZone: string
  readonly suspend: boolean
  /** Slots up to this time are none of this schedule's: it was made, changed or resumed then. */
  readonly since: string
}

export interface RunReference {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export interface ScheduleStatus {
  readonly observedGeneration?: number
  readonly observed?: ObservedSchedule
  /** The last slot that fired: what it was due at, not when that happened. */
  readonly lastScheduleTime?: string
  readonly lastSuccessfulTime?: string
  /** The next five; none while suspended. */
  readonly nextScheduleTimes?: readonly string[]
  /** Runs of this schedule that have not ended. */
  readonly active?: readonly RunReference[]
  readonly conditions?: readonly Condition[]
}

export interface Schedule extends Resource {
  readonly kind: 'Schedule'
  readonly spec: ScheduleSpec
  readonly status?: ScheduleStatus
}

/** On what a schedule creates: its name and uid. */
export const SCHEDULE_LABEL = 'tektite.dev/schedule'
export const SCHEDULE_UID_LABEL = 'tektite.dev/schedule-uid'
/** And the time it was due, RFC 3339. */
export const SCHEDULED_AT_ANNOTATION = 'tektite.dev/scheduled-at'

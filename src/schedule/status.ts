/** A schedule's status, from what is known of it. */
import { fromTimestamp, toTimestamp } from '../lib/time.js'
import type { Condition } from '../resources/meta.js'
import type { ObservedSchedule, Schedule, ScheduleStatus } from '../resources/schedules.js'
import { MAX_AT_ONCE } from './due.js'
import type { TimingReading } from './read-schedule.js'
import type { ScheduledRun } from './runs.js'
import { nextSlots } from './slots.js'

const SHOWN_NEXT = 5
/** A clock may be a little behind another one; a day is no difference of clocks. */
const CLOCK_DIFFERENCE_MS = 86_400_000

export interface ScheduleFacts {
  readonly observed: ObservedSchedule
  readonly timing: TimingReading
  /** The last slot that fired (epoch ms). */
  readonly last: number | undefined
  /** The newest slot that was given up (epoch ms). */
  readonly missed: number | undefined
  readonly runs: readonly ScheduledRun[]
}

/** Equal facts make an equal status, so that saying the same again is no write. */
export function statusOf(schedule: Schedule, facts: ScheduleFacts, now: number): ScheduleStatus {
  const { observed, timing, last, runs } = facts
  const before = schedule.status ?? {}
  const successes = runs.flatMap(run => (run.outcome === 'succeeded' ? [run.endedAt] : []))
  const lastSuccess = latest([...successes, before.lastSuccessfulTime])
  const from = Math.max(now, last ?? 0, fromTimestamp(observed.since))
  const next = timing.is === 'read' && !observed.suspend ? nextSlots(timing.timing, from, SHOWN_NEXT) : []
  const lastSlot = latest([last, before.lastScheduleTime])
  const { generation } = schedule.metadata
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    observed,
    ...(lastSlot !== undefined && { lastScheduleTime: toTimestamp(lastSlot) }),
    ...(lastSuccess !== undefined && { lastSuccessfulTime: toTimestamp(lastSuccess) }),
    nextScheduleTimes: next.map(toTimestamp),
    active: runs
      .filter(run => run.outcome === 'unfinished')
      .sort((a, b) => a.scheduledAt - b.scheduledAt || (a.reference.name < b.reference.name ? -1 : 1))
      .map(run => run.reference),
    conditions: conditionsOf(before.conditions ?? [], schedule, facts, now),
  }
}

function conditionsOf(
  before: readonly Condition[],
  schedule: Schedule,
  { observed, timing, last, missed }: ScheduleFacts,
  now: number,
): readonly Condition[] {
  const ready = readiness(observed, timing, last, now)
  const since = (condition: Condition): Condition => {
    const old = before.find(({ type }) => type === condition.type)
    const same =
      old?.status === condition.status && old.reason === condition.reason && old.message === condition.message
    return same && old.lastTransitionTime !== undefined ? old : { ...condition, lastTransitionTime: toTimestamp(now) }
  }
  const told = before.find(({ type }) => type === 'SlotsMissed')
  const slotsMissed = missed === undefined ? told : since(missedCondition(schedule, missed))
  return [since(ready), ...(slotsMissed === undefined ? [] : [slotsMissed])]
}

function readiness(
  observed: ObservedSchedule,
  timing: TimingReading,
  last: number | undefined,
  now: number,
): Condition {
  const type = 'Ready'
  if (timing.is === 'wrong') {
    const message = timing.faults.map(({ path, value, message, hint }) => `${path} "${value}": ${message}; ${hint}`)
    return { type, status: 'False', reason: 'Invalid', message: message.join('. ') }
  }
  if (observed.suspend) return { type, status: 'False', reason: 'Suspended', message: 'spec.suspend is true' }
  const after = Math.max(last ?? 0, fromTimestamp(observed.since))
  if (after > now + CLOCK_DIFFERENCE_MS) {
    const message = `the clock was ahead: what is due up to ${toTimestamp(after)} counts as fired. If the clock is right now, delete the Schedule and create it again`
    return { type, status: 'False', reason: 'ClockWasAhead', message }
  }
  return { type, status: 'True', reason: 'Scheduled', message: '' }
}

function missedCondition({ spec }: Schedule, missed: number): Condition {
  const why =
    spec.startingDeadlineSeconds === undefined
      ? 'without startingDeadlineSeconds only the last of those that were missed fires'
      : `they were over startingDeadlineSeconds (${spec.startingDeadlineSeconds}) late, or more than ${MAX_AT_ONCE} were due at once`
  return {
    type: 'SlotsMissed',
    status: 'True',
    reason: 'NotFired',
    message: `not fired: what was due up to ${toTimestamp(missed)}; ${why}`,
  }
}

function latest(times: readonly (number | string | undefined)[]): number | undefined {
  const known = times.flatMap(time =>
    time === undefined ? [] : [typeof time === 'string' ? fromTimestamp(time) : time],
  )
  return known.length === 0 ? undefined : Math.max(...known)
}

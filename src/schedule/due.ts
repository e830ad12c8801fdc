/** What a schedule owes at a moment. Pure: whoever asks twice, or two who ask at once, are told the same. */
import { fromTimestamp, toTimestamp } from '../lib/time.js'
import type { ObservedSchedule, Schedule, ScheduleSpec } from '../resources/schedules.js'
import { cronTexts, DEFAULT_TIME_ZONE } from './read-schedule.js'
import { lastSlots, nextSlots, type Timing } from './slots.js'

/** After a long absence nobody wants more at once; the older ones are given up, and the status says so. */
export const MAX_AT_ONCE = 100
/** Later than this, and without a deadline, a slot gives way to a later one: it was missed and not just met late. */
const ON_TIME_MS = 60_000

export interface Due {
  /** Slots to fire now, in order (epoch ms). */
  readonly slots: readonly number[]
  /** The newest slot that is given up; undefined when none is. */
  readonly missed: number | undefined
  /** When there will be something to do again; undefined when never. */
  readonly next: number | undefined
}

/**
 * What the schedule is looked at as from now on. When its times changed, or it was suspended or resumed, only what comes
 * after `now` counts. `before` is what was observed earlier: by whom it was, in memory or in the status, the latest counts.
 */
export function observe(
  { spec, metadata }: Schedule,
  before: readonly (ObservedSchedule | undefined)[],
  now: number,
): ObservedSchedule {
  const seen = {
    schedules: cronTexts(spec),
    timeZone: spec.timeZone ?? DEFAULT_TIME_ZONE,
    suspend: spec.suspend ?? false,
  }
  const known = before.filter(one => one !== undefined)
  if (known.length === 0) return { ...seen, since: metadata.creationTimestamp }
  const same = known.filter(one => isSame(one, seen)).map(one => fromTimestamp(one.since))
  // NaN: somebody else wrote this status.
  const since = same.length === 0 || same.some(Number.isNaN) ? now : Math.max(...same)
  return { ...seen, since: toTimestamp(since) }
}

function isSame(one: ObservedSchedule, other: Omit<ObservedSchedule, 'since'>): boolean {
  return (
    one.timeZone === other.timeZone &&
    one.suspend === other.suspend &&
    one.schedules.length === other.schedules.length &&
    one.schedules.every((text, i) => text === other.schedules[i])
  )
}

/** `last` is the last slot that fired (epoch ms). Slots up to it never fire again, whatever the clock says by now. */
export function dueAt(
  timing: Timing,
  spec: Pick<ScheduleSpec, 'startingDeadlineSeconds'>,
  observed: ObservedSchedule,
  last: number | undefined,
  now: number,
): Due {
  if (observed.suspend) return { slots: [], missed: undefined, next: undefined }
  const since = Math.max(fromTimestamp(observed.since), last ?? Number.NEGATIVE_INFINITY)
  const { startingDeadlineSeconds: deadline } = spec
  const after = deadline === undefined ? since : Math.max(since, now - deadlineMs(deadline))
  const found = lastSlots(timing, after, now, MAX_AT_ONCE)
  const slots = deadline === undefined ? found.filter(slot => isOnTime(slot, now) || slot === found.at(-1)) : found
  const [missed] = lastSlots(timing, since, (slots[0] ?? now + 1) - 1, 1)
  const [next] = nextSlots(timing, Math.max(now, since), 1)
  return { slots, missed, next }
}

/** Kubernetes counts in whole seconds: one that is 3600.9 s late is 3600 s late. */
export function isTooLate(slot: number, { startingDeadlineSeconds }: ScheduleSpec, now: number): boolean {
  return startingDeadlineSeconds !== undefined && slot <= now - deadlineMs(startingDeadlineSeconds)
}

function deadlineMs(seconds: number): number {
  return (seconds + 1) * 1000
}

function isOnTime(slot: number, now: number): boolean {
  return slot > now - ON_TIME_MS
}

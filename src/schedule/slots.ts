/**
 * When a schedule fires. The rule for clocks that are changed, in two sentences:
 *
 *   A wall-clock time that the clocks skip fires at the first instant after the gap, and one that they repeat fires the
 *   first time only. A text whose hour field is `*` fires whenever the clocks show a time it names: in both passes of a
 *   repeated hour, and never for a skipped one.
 *
 * cron-parser has its own idea of this, and several defects in it; only its reading of the text is used.
 */
import { wallTimeFrom, wallTimeUpTo } from './calendar.js'
import type { Cron } from './cron-text.js'
import type { Stretch, TimeZone } from './time-zone.js'

/** A day more than two offsets are ever apart: how far a wall time may be from where another offset puts it. */
const SAFE_MS = 48 * 3_600_000
/** Stretches looked at in one search; a text that fires is found within a few. */
const MAX_STRETCHES = 1000

export interface Timing {
  readonly crons: readonly Cron[]
  readonly zone: TimeZone
}

/** The next `count` after `after` (epoch ms), in order; several texts that name the same instant make one slot. */
export function nextSlots({ crons, zone }: Timing, after: number, count: number): readonly number[] {
  const slots: number[] = []
  const next = crons.map(cron => slotAfter(cron, zone, after))
  while (slots.length < count) {
    const soonest = Math.min(...next.map(slot => slot ?? Number.POSITIVE_INFINITY))
    if (!Number.isFinite(soonest)) break
    slots.push(soonest)
    for (const [i, cron] of crons.entries()) if (next[i] === soonest) next[i] = slotAfter(cron, zone, soonest)
  }
  return slots
}

/** The last `count` of those after `after` and not after `until`, in order. However many there are, no more are looked at. */
export function lastSlots({ crons, zone }: Timing, after: number, until: number, count: number): readonly number[] {
  const slots: number[] = []
  const last = crons.map(cron => slotUpTo(cron, zone, until))
  while (slots.length < count) {
    const latest = Math.max(...last.map(slot => slot ?? Number.NEGATIVE_INFINITY))
    if (!(latest > after)) break
    slots.push(latest)
    for (const [i, cron] of crons.entries()) if (last[i] === latest) last[i] = slotUpTo(cron, zone, latest - 1)
  }
  return slots.reverse()
}

function slotAfter(cron: Cron, zone: TimeZone, after: number): number | undefined {
  let from = after + 1
  for (let looked = 0; looked < MAX_STRETCHES; looked++) {
    const stretch = zone.stretchAt(from)
    if (from === stretch.start && firesAtStart(cron, stretch)) return from
    const wall = wallTimeFrom(cron, Math.max(from + stretch.offset, firstNewWall(cron, stretch)))
    if (wall === undefined) return undefined
    const instant = wall - stretch.offset
    if (instant < stretch.end) return instant
    from = Math.max(stretch.end, instant - SAFE_MS)
  }
  return undefined
}

function slotUpTo(cron: Cron, zone: TimeZone, until: number): number | undefined {
  let to = until
  for (let looked = 0; looked < MAX_STRETCHES; looked++) {
    const stretch = zone.stretchAt(to)
    const wall = wallTimeUpTo(cron, to + stretch.offset)
    if (wall === undefined) return undefined
    if (wall >= Math.max(stretch.start + stretch.offset, firstNewWall(cron, stretch))) return wall - stretch.offset
    if (firesAtStart(cron, stretch)) return stretch.start
    to = Math.min(stretch.start - 1, wall - stretch.offset + SAFE_MS)
  }
  return undefined
}

/** What the clocks show twice was shown before this. */
function firstNewWall({ everyHour }: Cron, { start, offset, offsetBefore }: Stretch): number {
  return start + (everyHour ? offset : offsetBefore)
}

/** Something that the text names was skipped when this stretch began. */
function firesAtStart(cron: Cron, { start, offset, offsetBefore }: Stretch): boolean {
  if (cron.everyHour || offset <= offsetBefore) return false
  const skipped = wallTimeFrom(cron, start + offsetBefore)
  return skipped !== undefined && skipped < start + offset
}

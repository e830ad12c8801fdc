/**
 * The rule of src/schedule/slots.ts against a scan of every minute of 2024 to 2030 in every IANA zone. The scan knows
 * nothing of stretches and gaps: it looks at what a clock shows in each minute, and writes the rule down a second time.
 */
import { expect, test } from 'vitest'
import { type Cron, readCron } from '../../src/schedule/cron-text.js'
import { lastSlots, nextSlots } from '../../src/schedule/slots.js'
import { timeZoneOf } from '../../src/schedule/time-zone.js'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const FROM = Date.UTC(2024, 0, 1)
const TO = Date.UTC(2031, 0, 1)
/** A wall clock is at most a day ahead or behind. */
const MARGIN = 26 * 60
const MINUTES = (TO - FROM) / MINUTE_MS

/** Each with its own idea of which wall-clock minutes it names, and whether its hour is `*`. */
interface Text {
  readonly text: string
  readonly everyHour: boolean
  readonly names: (wall: Wall) => boolean
}
interface Wall {
  readonly minute: number
  readonly hour: number
  readonly day: number
  readonly month: number
  readonly weekday: number
  readonly daysInMonth: number
}

const TEXTS: readonly Text[] = [
  { text: '30 2 * * *', everyHour: false, names: w => w.hour === 2 && w.minute === 30 },
  { text: '0 0 * * *', everyHour: false, names: w => w.hour === 0 && w.minute === 0 },
  { text: '15 1 * * *', everyHour: false, names: w => w.hour === 1 && w.minute === 15 },
  { text: '0 6,18 * * *', everyHour: false, names: w => (w.hour === 6 || w.hour === 18) && w.minute === 0 },
  { text: '*/20 0-3 * * *', everyHour: false, names: w => w.hour <= 3 && w.minute % 20 === 0 },
  { text: '0 */2 * * *', everyHour: false, names: w => w.hour % 2 === 0 && w.minute === 0 },
  { text: '59 23 * * SUN', everyHour: false, names: w => w.hour === 23 && w.minute === 59 && w.weekday === 0 },
  { text: '45 1 L * *', everyHour: false, names: w => w.hour === 1 && w.minute === 45 && w.day === w.daysInMonth },
  {
    text: '10 3 1,28-31 3,10 0,6',
    everyHour: false,
    names: w =>
      w.hour === 3 &&
      w.minute === 10 &&
      (w.month === 3 || w.month === 10) &&
      (w.day === 1 || w.day >= 28 || w.weekday === 0 || w.weekday === 6),
  },
  {
    text: '30 2 * * 0#5',
    everyHour: false,
    names: w => w.hour === 2 && w.minute === 30 && w.weekday === 0 && w.day > 28,
  },
  { text: '0 2 29 2 *', everyHour: false, names: w => w.hour === 2 && w.minute === 0 && w.month === 2 && w.day === 29 },
  { text: '17 * * * *', everyHour: true, names: w => w.minute === 17 },
  { text: '*/15 * * * *', everyHour: true, names: w => w.minute % 15 === 0 },
  { text: '5 * * * MON', everyHour: true, names: w => w.minute === 5 && w.weekday === 1 },
]

/** Which texts name each wall-clock minute, as bits: the same for all zones, so it is found once. */
const namedBits = (() => {
  const bits = new Uint16Array(MINUTES + 2 * MARGIN)
  for (let i = 0; i < bits.length; i++) {
    const date = new Date(FROM + (i - MARGIN) * MINUTE_MS)
    const wall: Wall = {
      minute: date.getUTCMinutes(),
      hour: date.getUTCHours(),
      day: date.getUTCDate(),
      month: date.getUTCMonth() + 1,
      weekday: date.getUTCDay(),
      daysInMonth: new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
    }
    for (const [t, { names }] of TEXTS.entries()) if (names(wall)) bits[i]! |= 1 << t
  }
  return bits
})()
const EVERY_HOUR_BITS = TEXTS.reduce((bits, { everyHour }, t) => (everyHour ? bits | (1 << t) : bits), 0)

/** What clocks show, asked in whole minutes. */
function openClock(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  // `2024-03-31 02:00:00`, and a comma or none.
  return instant => Date.parse(`${format.format(instant).replace(',', '').replace(' ', 'T')}Z`)
}

interface Change {
  /** The first minute (from FROM) with this offset. */
  readonly minute: number
  readonly offsetMinutes: number
}

/** Looked for in steps of two days, closer by halving. */
function changesOf(zone: string): readonly Change[] {
  const clock = openClock(zone)
  const offsetAt = (minute: number) => (clock(FROM + minute * MINUTE_MS) - FROM) / MINUTE_MS - minute
  const changes: Change[] = [{ minute: 0, offsetMinutes: offsetAt(0) }]
  const step = 2 * 24 * 60
  for (let at = 0; at < MINUTES; at += step) {
    let before = at
    const offset = offsetAt(at)
    let after = Math.min(at + step, MINUTES)
    if (offsetAt(after) === offset) continue
    while (after - before > 1) {
      const middle = (before + after) >> 1
      if (offsetAt(middle) === offset) before = middle
      else after = middle
    }
    changes.push({ minute: after, offsetMinutes: offsetAt(after) })
  }
  return changes
}

/** One zone of each behaviour, with the number of those that behave alike. */
function zonesByBehaviour(): readonly { readonly zones: readonly string[]; readonly changes: readonly Change[] }[] {
  const groups = new Map<string, { zones: string[]; changes: readonly Change[] }>()
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const changes = changesOf(zone)
    const key = JSON.stringify(changes)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { zones: [zone], changes })
    else group.zones.push(zone)
  }
  return [...groups.values()]
}

/** The minutes (from FROM) in which each text fires, by the rule as it is written in docs/schedules.md. */
function scan(changes: readonly Change[]): readonly (readonly number[])[] {
  const slots: number[][] = TEXTS.map(() => [])
  let furthestWall = Number.NEGATIVE_INFINITY
  let next = 0
  let offset = 0
  for (let minute = 0; minute < MINUTES; minute++) {
    if (changes[next]?.minute === minute) {
      offset = changes[next]!.offsetMinutes
      next += 1
    }
    const wall = minute + offset
    let fires = namedBits[wall + MARGIN]!
    if (wall <= furthestWall) {
      // Shown before: only what is about intervals.
      fires &= EVERY_HOUR_BITS
    } else {
      // Minutes that were never shown: what they would have fired fires now.
      if (minute > 0) {
        for (let skipped = furthestWall + 1; skipped < wall; skipped++) {
          fires |= namedBits[skipped + MARGIN]! & ~EVERY_HOUR_BITS
        }
      }
      furthestWall = wall
    }
    for (let t = 0; fires !== 0; t++, fires >>= 1) if (fires & 1) slots[t]!.push(minute)
  }
  return slots
}

const groups = zonesByBehaviour()

test('the zones are all there, and those that change their clocks are among them', () => {
  expect(groups.reduce((sum, { zones }) => sum + zones.length, 0)).toBeGreaterThan(400)
  expect(groups.filter(({ changes }) => changes.length > 1).length).toBeGreaterThan(20)
  const moroccan = groups.find(({ zones }) => zones.includes('Africa/Casablanca'))
  expect(moroccan?.changes.length).toBeGreaterThan(10)
})

test.each(groups.map(group => [`${group.zones[0]} and ${group.zones.length - 1} more`, group] as const))(
  '%s',
  (_, { zones, changes }) => {
    const zone = timeZoneOf(zones[0]!)!
    const scanned = scan(changes)
    // Of a zone that never changes its clocks, a year says it all.
    const until = changes.length > 1 ? TO : Date.UTC(2025, 0, 1)
    for (const [t, { text, everyHour }] of TEXTS.entries()) {
      const timing = { crons: [cronOf(text)], zone }
      const all = scanned[t]!.map(minute => FROM + minute * MINUTE_MS)
      // What fires a hundred thousand times is compared in the first months and around each change.
      const spans = everyHour
        ? [[FROM, FROM + 100 * DAY_MS] as const, ...changes.map(daysAround)]
        : [[FROM, until] as const]
      for (const [from, to] of spans) {
        const expected = all.filter(slot => slot >= from && slot < to)
        const found = nextSlots(timing, from - 1, expected.length)
        expect({ text, slots: firstDifference(found, expected) }).toEqual({ text, slots: undefined })
        const backwards = lastSlots(timing, from - 1, to - 1, expected.length + 1)
        expect({ text, backwards: firstDifference(backwards, expected) }).toEqual({ text, backwards: undefined })
      }
    }
    // The others of the group are the same zone by another name: their clocks are read by our own code, too.
    for (const name of zones) {
      const other = timeZoneOf(name)!
      for (const { minute, offsetMinutes } of changes) {
        expect(other.stretchAt(FROM + minute * MINUTE_MS).offset).toBe(offsetMinutes * MINUTE_MS)
      }
    }
  },
)

function daysAround({ minute }: Change): readonly [number, number] {
  const change = FROM + minute * MINUTE_MS
  return [Math.max(FROM, change - 3 * DAY_MS), Math.min(TO, change + 3 * DAY_MS)]
}

function cronOf(text: string): Cron {
  const reading = readCron(text, 'ns/name')
  if (reading.is === 'wrong') throw new Error(`${text}: ${reading.message}`)
  return reading.cron
}

/** Lists of a hundred thousand are too long for a diff. */
function firstDifference(found: readonly number[], expected: readonly number[]): unknown {
  const at = expected.findIndex((slot, i) => found[i] !== slot)
  if (at < 0 && found.length === expected.length) return undefined
  const shown = (slot: number | undefined) => (slot === undefined ? 'nothing' : new Date(slot).toISOString())
  return { at, found: shown(found[at]), expected: shown(expected[at]) }
}

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Schedule } from '../../src/resources/schedules.js'
import { dueAt, MAX_AT_ONCE, observe } from '../../src/schedule/due.js'
import { readTiming } from '../../src/schedule/read-schedule.js'
import { lastSlots, nextSlots, type Timing } from '../../src/schedule/slots.js'
import { frozen } from '../helpers/frozen.js'
import { yamlCases } from '../helpers/yaml.js'

interface Case {
  readonly texts: readonly string[]
  readonly deadline?: number
  readonly suspend?: boolean
  readonly since: string
  readonly last?: string
  readonly now: string
  readonly fires: readonly string[]
  readonly missed?: string
  readonly next?: string
}

const at = (time: string) => Date.parse(`2026-01-10T${time}Z`)
const shown = (slot: number | undefined) =>
  slot === undefined ? undefined : new Date(slot).toISOString().slice(11, 19)

function timingOf(texts: readonly string[], timeZone = 'UTC'): Timing {
  const reading = readTiming({ namespace: 'ci', name: 'nightly' }, { schedules: texts, timeZone, template: {} })
  if (reading.is === 'wrong') throw new Error(JSON.stringify(reading.faults))
  return reading.timing
}

test.each(yamlCases<Case>(new URL('./due.cases.yaml', import.meta.url)))('%s', (_, one) => {
  const { texts, deadline, suspend = false, since, last, now, fires, missed, next } = one
  const observed = { schedules: texts, timeZone: 'UTC', suspend, since: `2026-01-10T${since}Z` }
  const spec = deadline === undefined ? {} : { startingDeadlineSeconds: deadline }
  const due = dueAt(timingOf(texts), spec, observed, last === undefined ? undefined : at(last), at(now))
  expect({ fires: due.slots.map(shown), missed: shown(due.missed), next: shown(due.next) }).toEqual({
    fires,
    missed,
    next,
  })
})

test('of more than a hundred the newest hundred fire, however long it was', () => {
  const observed = { schedules: ['* * * * * *'], timeZone: 'UTC', suspend: false, since: '2016-01-01T00:00:00Z' }
  const now = at('10:00:00')
  const due = dueAt(timingOf(observed.schedules), { startingDeadlineSeconds: 10 ** 9 }, observed, undefined, now)
  expect(due.slots).toEqual(Array.from({ length: MAX_AT_ONCE }, (_, i) => now - (MAX_AT_ONCE - 1 - i) * 1000))
  expect(due.missed).toBe(now - MAX_AT_ONCE * 1000)
})

function schedule(change: Partial<Schedule['spec']> = {}): Schedule {
  return frozen({
    apiVersion: 'tektite.dev/v1alpha1',
    kind: 'Schedule',
    metadata: {
      name: 'nightly',
      namespace: 'ci',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-01-10T08:00:00Z',
    },
    spec: { schedule: '0 * * * *', template: { ref: 'build' }, ...change },
  })
}

test('a new schedule counts from when it was made', () => {
  expect(observe(schedule(), [undefined, undefined], at('10:00:00')).since).toBe('2026-01-10T08:00:00Z')
})

test.each([
  ['another text', { schedule: '30 * * * *' }],
  ['another text beside it', { schedule: undefined, schedules: ['0 * * * *', '30 * * * *'] } as never],
  ['another zone', { timeZone: 'Asia/Kolkata' }],
  ['a pause', { suspend: true }],
])('%s counts from when it is seen', (_, change) => {
  const before = observe(schedule(), [], at('09:00:00'))
  const changed = schedule(change as Partial<Schedule['spec']>)
  const after = observe(changed, [before], at('10:00:00'))
  expect(after.since).toBe('2026-01-10T10:00:00Z')
  expect(observe(changed, [after, before], at('11:00:00'))).toEqual(after)
})

test('another policy changes nothing of when it fires', () => {
  const before = observe(schedule(), [], at('09:00:00'))
  expect(observe(schedule({ concurrencyPolicy: 'Forbid', params: [] }), [before], at('10:00:00'))).toEqual(before)
})

test('of two that saw the same, the later counts; one that is no time counts for nothing', () => {
  const seen = { schedules: ['0 * * * *'], timeZone: 'UTC', suspend: false }
  const early = { ...seen, since: '2026-01-10T08:10:00Z' }
  const late = { ...seen, since: '2026-01-10T08:20:00Z' }
  expect(observe(schedule(), [early, late], at('10:00:00'))).toEqual(late)
  expect(observe(schedule(), [late, early], at('10:00:00'))).toEqual(late)
  expect(observe(schedule(), [{ ...seen, since: 'yesterday' }], at('10:00:00')).since).toBe('2026-01-10T10:00:00Z')
})

test('slots forwards and backwards are the same, whatever the texts and the zone', () => {
  const field = (low: number, high: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: low, max: high }).map(String),
      fc.integer({ min: 1, max: high }).map(step => `*/${step}`),
      fc
        .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    )
  const text = fc
    .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
    .map(fields => fields.join(' '))
    .filter(text => readTiming({ namespace: 'a' }, { schedule: text, template: {} }).is === 'read')
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/Santiago', 'Australia/Lord_Howe', 'Africa/Casablanca')
  const start = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 0, 1) })
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), zone, start, (texts, zone, start) => {
      const timing = timingOf(texts, zone)
      const slots = nextSlots(timing, start, 30)
      expect([...slots].sort((a, b) => a - b)).toEqual(slots)
      expect(new Set(slots).size).toBe(slots.length)
      if (slots.length === 0) return
      expect(slots[0]).toBeGreaterThan(start)
      expect(lastSlots(timing, start, slots.at(-1)!, 100)).toEqual(slots)
      expect(nextSlots(timing, slots[0]!, slots.length - 1)).toEqual(slots.slice(1))
    }),
    { numRuns: 300 },
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Cron } from '../../src/schedule/cron-text.js'
import { readFiring } from '../../src/schedule/read-schedule.js'
import { nextSlots } from '../../src/schedule/slots.js'
import { timeZoneOf } from '../../src/schedule/time-zone.js'
import { cases } from '../helpers/cases.js'
import { yamlCases } from '../helpers/yaml.js'

interface Case {
  readonly text: string
  readonly zone?: string
  readonly after?: string
  readonly next?: readonly string[]
  readonly wrong?: string
}

test.each(yamlCases<Case>(new URL('./cron-text.cases.yaml', import.meta.url)))('%s', (_, one) => {
  const { text, zone = 'UTC', after = '2026-01-01T00:00:00Z', next = [], wrong } = one
  const reading = readFiring(text, 'ci/nightly')
  if (reading.is === 'wrong') {
    expect(reading.message).toBe(wrong)
    expect(reading.hint).not.toBe('')
    return
  }
  expect(wrong).toBeUndefined()
  const slots = nextSlots({ crons: [reading.cron], zone: timeZoneOf(zone)! }, Date.parse(after), next.length)
  expect(slots.map(slot => new Date(slot).toISOString().replace('.000Z', 'Z'))).toEqual(next)
})

function read(text: string, owner = 'ci/nightly'): Cron {
  const reading = readFiring(text, owner)
  if (reading.is === 'wrong') throw new Error(`${text}: ${reading.message}`)
  return reading.cron
}

const owners = Array.from({ length: 500 }, (_, n) => `team-${n % 7}/job-${n}`)

test.each(
  cases<{
    readonly text: string
    readonly field: 'minutes' | 'hours' | 'days' | 'months' | 'weekdays'
    readonly holds: (values: readonly number[]) => boolean
    readonly all: number
  }>({
    'H is one minute': { text: 'H * * * *', field: 'minutes', holds: values => values.length === 1, all: 60 },
    'H is one hour': { text: '0 H * * *', field: 'hours', holds: values => values.length === 1, all: 24 },
    'H is a day that every month has': { text: '0 0 H * *', field: 'days', holds: values => values[0]! <= 28, all: 28 },
    'H is a month': { text: '0 0 1 H *', field: 'months', holds: values => values.length === 1, all: 12 },
    'H is a weekday': { text: '0 0 * * H', field: 'weekdays', holds: values => values.length === 1, all: 7 },
    'H(0-29)': { text: 'H(0-29) * * * *', field: 'minutes', holds: ([value]) => value! <= 29, all: 30 },
    'H/15': {
      text: 'H/15 * * * *',
      field: 'minutes',
      holds: values => values.length === 4 && values.every((value, i) => value === values[0]! + 15 * i),
      all: 60,
    },
    'H(0-29)/10': {
      text: 'H(0-29)/10 * * * *',
      field: 'minutes',
      holds: values => values.length === 3 && values[2]! <= 29 && values[0]! < 10,
      all: 30,
    },
    'a step wider than the range is one of it': {
      text: 'H(3-5)/20 * * * *',
      field: 'minutes',
      holds: values => values.length === 1,
      all: 3,
    },
    'beside others': { text: '0,H * * * *', field: 'minutes', holds: values => values[0] === 0, all: 60 },
  }),
)('%s, and five hundred owners use all of it', (_, { text, field, holds, all }) => {
  const values = owners.map(owner => read(text, owner)[field])
  expect(values.filter(one => !holds(one))).toEqual([])
  expect(new Set(values.flat()).size).toBe(all)
})

test('H is the same for the same owner, and spreads fields apart', () => {
  expect(read('H H H * *', 'ci/a')).toEqual(read('H H H * *', 'ci/a'))
  const times = owners.map(owner => `${read('H H * * *', owner).hours}:${read('H H * * *', owner).minutes}`)
  // Of 1440 minutes, five hundred owners would share about seventy by chance.
  expect(new Set(times).size).toBeGreaterThan(380)
})

test('whatever the text is, it is read or refused, in no time', () => {
  const atom = fc.oneof(
    fc.constantFrom('*', '?', 'L', 'H', '-', '/', ',', '#', '5L', '1#2', 'H/5', 'H(1-2)', '*/7', 'mon', 'W', '@daily'),
    fc.integer({ min: -3, max: 99 }).map(String),
    fc.string({ maxLength: 4 }),
  )
  const field = fc.array(atom, { minLength: 1, maxLength: 4 }).map(atoms => atoms.join(','))
  const text = fc.oneof(
    fc.array(field, { maxLength: 8 }).map(fields => fields.join(' ')),
    fc.string(),
  )
  fc.assert(
    fc.property(text, text => {
      const reading = readFiring(text, 'a/b')
      if (reading.is === 'wrong') return reading.message !== '' && reading.hint !== ''
      const [slot] = nextSlots({ crons: [reading.cron], zone: timeZoneOf('America/New_York')! }, 1.7e12, 1)
      return slot !== undefined && slot > 1.7e12
    }),
    { numRuns: 3000 },
  )
})

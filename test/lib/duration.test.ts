import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../src/lib/duration.js'
import { cases } from '../helpers/cases.js'

test.each(
  cases({
    zero: { text: '0', ms: 0 },
    'zero with a unit': { text: '0s', ms: 0 },
    hour: { text: '1h', ms: 3_600_000 },
    mixed: { text: '1h30m5s', ms: 5_405_000 },
    'units in any order': { text: '5s1h', ms: 3_605_000 },
    'a unit twice': { text: '1s1s', ms: 2_000 },
    'a fraction': { text: '1.5s', ms: 1_500 },
    'a fraction without a whole part': { text: '.5m', ms: 30_000 },
    'a whole part and a bare point': { text: '2.s', ms: 2_000 },
    'milliseconds are no minutes': { text: '300ms', ms: 300 },
    'microseconds in all three spellings': { text: '1us1µs1μs', ms: 0.003 },
    nanoseconds: { text: '100ns', ms: 0.0001 },
    negative: { text: '-1m', ms: -60_000 },
    'with a plus': { text: '+1m', ms: 60_000 },
    'the longest of Go': { text: '2562047h47m16s', ms: 9_223_372_036_000 },
  }),
)('Go reads this duration: %s', (_, { text, ms }) => expect(parseDuration(text)).toBeCloseTo(ms, 6))

test.each(
  cases({
    'nothing at all': '',
    'a sign alone': '-',
    'no unit': '5',
    'no amount': 's',
    'a point alone': '.s',
    'an unknown unit': '1d',
    'a unit in capitals': '1S',
    'white space': '1 s',
    'white space around': ' 1s',
    'a line break behind': '1s\n',
    'two signs': '--1s',
    'a sign in the middle': '1h-1m',
    'two points': '1.2.3s',
    'digits of another script': '١s',
    'more than Go can count': '2562048h',
    'more than a number can count': `${'9'.repeat(400)}h`,
  }),
)('Go refuses this duration: %s', (_, text) => expect(parseDuration(text)).toBeUndefined())

test('a million digits without a unit are refused by reading them once', () => {
  // Twice as many digits used to take four times as long: minutes for this one, in a field that a payload may fill.
  expect(parseDuration('1'.repeat(1_000_000))).toBeUndefined()
  expect(parseDuration(`${'1h'.repeat(200_000)}x`)).toBeUndefined()
})

test.each(
  cases({
    '0s': 0,
    '100ns': 0.0001,
    '1.5µs': 0.0015,
    '300ms': 300,
    '1.5ms': 1.5,
    '1s': 1_000,
    '1.5s': 1_500,
    '59.999s': 59_999,
    '1m0s': 60_000,
    '1m30s': 90_000,
    '1h0m0s': 3_600_000,
    '1h0m0.5s': 3_600_500,
    '26h3m4s': 93_784_000,
    '-1m0s': -60_000,
  }),
)('Go prints the duration %s', (text, ms) => expect(formatDuration(ms)).toBe(text))

test('what is printed reads as the same duration', () => {
  const wholeMs = fc.integer({ min: -9e12, max: 9e12 })
  fc.assert(
    fc.property(
      wholeMs,
      ms => Math.abs((parseDuration(formatDuration(ms)) ?? Number.NaN) - ms) < 1e-3 * Math.max(1, Math.abs(ms) / 1e12),
    ),
  )
})

test('any text is a duration or it is not, and nothing is thrown', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^[-+]?([0-9.]{1,6}(h|m|s|ms|us)){1,4}$/))
  fc.assert(
    fc.property(texts, text => {
      const ms = parseDuration(text)
      if (ms !== undefined) expect(Number.isFinite(ms)).toBe(true)
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromTimestamp, toTimestamp } from '../../src/lib/time.js'

test('times are written as Kubernetes writes them: UTC, whole seconds, cut off and not rounded', () => {
  expect(toTimestamp(0)).toBe('1970-01-01T00:00:00Z')
  expect(toTimestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 999))).toBe('2026-01-02T03:04:05Z')
})

test('times with fractions and with another zone are read', () => {
  expect(fromTimestamp('2026-01-02T03:04:05.123Z')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 123))
  expect(fromTimestamp('2026-01-02T03:04:05+02:00')).toBe(Date.UTC(2026, 0, 2, 1, 4, 5))
  expect(fromTimestamp('soon')).toBeNaN()
})

test('what is written reads as the same second', () => {
  const seconds = fc.integer({ min: 0, max: 253_402_300_799 })
  fc.assert(fc.property(seconds, second => fromTimestamp(toTimestamp(second * 1_000)) === second * 1_000))
})

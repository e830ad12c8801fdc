import { expect, test } from 'vitest'
import { afterThrow, MAX_ATTEMPTS, MAX_DEATHS, NO_TRIES, PAUSES, type Tries } from '../../src/inbox/attempts.js'
import { NotNow } from '../../src/inbox/inbox.js'

const NOW = 1_790_000_000_000

/** The pauses after these throws, one after the other, without jitter; 'over' when it was given up. */
function pausesAfter(errors: readonly Error[]): readonly (number | 'over')[] {
  let tries: Tries = NO_TRIES
  return errors.map(error => {
    const next = afterThrow(error, { ...tries, deaths: tries.deaths + 1 }, {}, NOW, 1)
    if (next.is === 'over') return 'over'
    tries = next.tries
    return next.at - NOW
  })
}

test('the pauses of a delivery grow to the longest and stay there while the world is away', () => {
  const away = Array.from({ length: 1_000 }, () => new NotNow('away'))
  const pauses = pausesAfter(away)
  expect(pauses.slice(0, 8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  expect(new Set(pauses.slice(6))).toEqual(new Set([PAUSES.maxMs]))
})

test('a delivery that fails by itself is given up at the fifth throw, whatever was away between', () => {
  const [broken, away] = [new Error('broken'), new NotNow('away')]
  expect(pausesAfter([broken, broken, broken, broken, broken])).toEqual([1_000, 2_000, 4_000, 8_000, 'over'])
  const mixed = pausesAfter([broken, away, broken, away, broken, away, broken, away, broken])
  expect(mixed.indexOf('over')).toBe(8)
})

test('a throw makes up for the deaths before it, and deaths are allowed many times as often', () => {
  const next = afterThrow(new NotNow('away'), { deaths: 19, failures: 4, pauses: 7 }, {}, NOW, 1)
  expect(next).toEqual({ is: 'again', tries: { deaths: 0, failures: 4, pauses: 8 }, at: NOW + PAUSES.maxMs })
  expect([MAX_ATTEMPTS, MAX_DEATHS]).toEqual([5, 20])
})

test('what a delivery was given up for says it down to the cause', () => {
  const error = new Error('dispatching', { cause: new Error('broken') })
  const next = afterThrow(error, { deaths: 1, failures: 4, pauses: 4 }, {}, NOW, 1)
  expect(next).toEqual({
    is: 'over',
    state: { is: 'poisoned', at: NOW, attempts: 5, reason: 'dispatching: broken' },
  })
})

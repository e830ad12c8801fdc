import { expect, test } from 'vitest'
import { growingPauseMs } from '../../src/lib/backoff.js'
import { cases } from '../helpers/cases.js'

const limits = { firstMs: 100, maxMs: 1_000 }

test.each(
  cases({
    'the first failure': { failures: 1, random: 1, pause: 100 },
    'the second is twice that': { failures: 2, random: 1, pause: 200 },
    'the fourth': { failures: 4, random: 1, pause: 800 },
    'never more than the most': { failures: 5, random: 1, pause: 1_000 },
    'also after very many': { failures: 100_000, random: 1, pause: 1_000 },
    'jitter takes off up to half': { failures: 3, random: 0, pause: 200 },
    'and something between': { failures: 3, random: 0.5, pause: 300 },
    'no failure counts as one': { failures: 0, random: 1, pause: 100 },
  }),
)('the pause after %s', (_, { failures, random, pause }) => {
  expect(growingPauseMs(failures, limits, random)).toBe(pause)
})

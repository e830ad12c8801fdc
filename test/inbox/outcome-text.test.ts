import { expect, test } from 'vitest'
import type { DeliveryState, Verdict } from '../../src/inbox/inbox.js'
import { packOutcome, unpackOutcome } from '../../src/inbox/outcome-text.js'

function filtered(index: number): Verdict {
  const message = `expression body.repository.full_name == 'acme/service-${index}' did not return true: "ü" \u{1f600}`
  return { trigger: `t-${index}`, namespace: 'ci', is: 'filtered', by: 'interceptors[1] cel', created: [], message }
}

function done(triggers: number): DeliveryState {
  const verdicts = Array.from({ length: triggers }, (_, index) => filtered(index))
  return { is: 'done', at: 1, durationMs: 2, verdicts }
}

test.each([0, 1, 30, 1_000])('what %d triggers said is read as it was written', async triggers => {
  const state = done(triggers)
  expect(unpackOutcome(await packOutcome(state))).toEqual(state)
})

test('a thousand verdicts take little more than the object that one of them may make', async () => {
  const state = done(1_000)
  const text = await packOutcome(state)
  expect(JSON.stringify(state).length).toBeGreaterThan(150_000)
  expect(text.length).toBeLessThan(20_000)
})

test('a short one stays JSON, which earlier versions wrote', async () => {
  const state: DeliveryState = { is: 'poisoned', at: 1, attempts: 5, reason: 'zzz' }
  expect(await packOutcome(state)).toBe(JSON.stringify(state))
  expect(unpackOutcome(JSON.stringify(state))).toEqual(state)
})

import { expect, test } from 'vitest'
import { describeError, ensureError } from '../../src/lib/fault.js'

test('an Error stays the Error it is, anything else becomes one', () => {
  const error = new TypeError('wrong')
  expect(ensureError(error)).toBe(error)
  expect(ensureError('plain text')).toEqual(new Error('plain text'))
  expect(ensureError(undefined).message).toBe('undefined')
  expect(ensureError({ toString: () => 'an object' }).message).toBe('an object')
})

test('a description goes from what was done down to what went wrong', () => {
  const cause = new Error('connect ECONNREFUSED', { cause: 'no route' })
  expect(describeError(new Error('waking a run', { cause }))).toBe('waking a run: connect ECONNREFUSED: no route')
})

test('causes that go round in a circle end somewhere', () => {
  const one = new Error('one')
  const two = new Error('two', { cause: one })
  one.cause = two
  expect(describeError(one)).toBe('one: two: one: two: one')
})

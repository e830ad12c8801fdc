import { expect, test } from 'vitest'
import { complete, exactlyOne, invalidValue, missing, problemsText } from '../../src/resources/problem.js'

test('equal messages share a line, lines are sorted, details follow', () => {
  const text = problemsText([
    missing('spec.steps'),
    invalidValue('a', 'spec.steps[1].name', 'second line'),
    missing('metadata.name'),
    exactlyOne('neither', ['b', 'a']),
    complete('strict decoding error: unknown field "x"', 'x', 'a hint is not part of it'),
  ])
  expect(text).toBe(
    [
      'expected exactly one, got neither: a, b',
      'invalid value: a: spec.steps[1].name\nsecond line',
      'missing field(s): metadata.name, spec.steps',
      'strict decoding error: unknown field "x"',
    ].join('\n'),
  )
})

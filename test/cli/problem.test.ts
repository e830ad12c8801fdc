import { expect, test } from 'vitest'
import { describeProblem } from '../../src/cli/print/problem.js'
import { complete, problem } from '../../src/resources/problem.js'

test('a problem is place, object, what, and what to do', () => {
  const one = problem('missing field(s)', 'spec.steps', {
    hint: 'add a step',
    object: 'Task "a"',
    file: 'a.yaml',
    line: 7,
  })
  expect(describeProblem(one)).toBe('a.yaml:7: Task "a": missing field(s): spec.steps\n  → add a step')
})

test('what is not known is left out', () => {
  expect(describeProblem(problem('missing field(s)', 'spec'))).toBe('missing field(s): spec')
  expect(describeProblem(complete('json: nonsense', 'spec'))).toBe('json: nonsense')
  expect(describeProblem(problem('x', 'y', { file: 'a.yaml', object: '' }))).toBe('a.yaml: x: y')
})

test('what comes out of a file cannot steer the terminal', () => {
  const text = describeProblem(problem('\u001b[2Jx', 'y', { hint: 'do\u0007', object: 'Task "\u001b]0;owned\u0007"' }))
  expect(text).not.toMatch(/[^\P{Cc}\n\t]/u)
  expect(text).toContain('\\x1b[2Jx')
})

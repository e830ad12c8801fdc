/** Whatever an expression asks for, the process lives, and the message names the expression and the limit. */
import { expect, test } from 'vitest'
import { MAX_LENGTH } from '../../src/cel/parse.js'
import { TRIGGER_CEL } from '../../src/trigger/interceptors/cel.js'
import { frozen } from '../helpers/frozen.js'
import { yamlCases } from '../helpers/yaml.js'

interface Refused {
  readonly expression: string
  readonly says: string
}

const table = Object.fromEntries(
  yamlCases<Readonly<Record<string, unknown>>>(new URL('./limits.cases.yaml', import.meta.url)),
)
const VALUES = frozen({
  body: { s: 'a'.repeat(1_000_000), l: Array.from({ length: 20_000 }, (_, index) => index) },
  header: {},
  extensions: {},
  requestURL: '/',
})

function problem(expression: string, clock?: () => number): string {
  const result = TRIGGER_CEL.evaluate(expression, { values: VALUES, ...(clock === undefined ? {} : { clock }) })
  return result.is === 'error' ? result.message : `no problem: ${JSON.stringify(result).slice(0, 100)}`
}

test.each(Object.entries(table['cost'] as Readonly<Record<string, string>>))('too costly: %s', (_, expression) => {
  const message = problem(expression)
  expect(message.startsWith(`expression ${JSON.stringify(expression)} failed to evaluate: `), message).toBe(true)
  expect(message).toMatch(/actual cost limit exceeded: more than 1000000 units$/)
})

test.each(Object.entries(table['other'] as Readonly<Record<string, Refused>>))(
  'refused: %s',
  (_, { expression, says }) => {
    expect(problem(expression)).toContain(says)
  },
)

const RECURSION = 'expression recursion limit exceeded: 250'

test.each([
  ['brackets', `${'('.repeat(5000)}1${')'.repeat(5000)}`, RECURSION],
  ['brackets that are not closed', '[('.repeat(5000), RECURSION],
  ['sums', `${'1+'.repeat(5000)}1`, RECURSION],
  ['selections', `body${'.a'.repeat(5000)}`, RECURSION],
  ['conditions', `${'true?1:'.repeat(1000)}1`, RECURSION],
  ['calls', `${'size('.repeat(300)}''${')'.repeat(300)}`, RECURSION],
  ['loops', `${'[1].map(x,'.repeat(300)}1${')'.repeat(300)}`, RECURSION],
  ['a megabyte of text', `"${'a'.repeat(1_000_000)}"`, `size: 1000002, limit ${MAX_LENGTH}`],
])('an expression that is too deep or too long is not read: %s', (_, expression, says) => {
  const message = problem(expression)
  expect(message).toMatch(/^failed to parse expression /)
  expect(message).toContain(says)
  // Logs and histories keep it.
  expect(message.length).toBeLessThan(2000)
})

test('a bracket in quotes is no bracket', () => {
  expect(problem(`'${'('.repeat(300)}' == "${'['.repeat(300)}\\""`)).toContain('no problem')
})

test('many terms of && and || are no depth', () => {
  expect(problem(`${"body.s != 'x' && ".repeat(1000)}true`)).toBe('no problem: {"is":"json","value":true}')
})

test('the clock ends what is slow for its cost', () => {
  let now = 0
  const clock = () => {
    now += 60
    return now
  }
  const message = problem('body.l.exists(x, x < 0.0)', clock)
  expect(message).toMatch(/failed to evaluate: actual cost limit exceeded: it took longer than 100 ms$/)
})

test('an expression of the usual size does not fail for a machine that stands still', () => {
  let now = 0
  const clock = () => {
    now += 10_000
    return now
  }
  expect(problem("body.s.startsWith('a') && 5 in body.l.slice(0, 1000)", clock)).toBe(
    'no problem: {"is":"json","value":true}',
  )
})

test('every turn of a loop pays for what it looks at', () => {
  const long = `body.l.exists(x, ${'has(body.a) || '.repeat(1000)}false)`
  expect(problem(long)).toMatch(/more than 1000000 units$/)
})

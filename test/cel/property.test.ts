/** No expression and no body ends the process: there is a value or a message, within the cost. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TRIGGER_CEL } from '../../src/trigger/interceptors/cel.js'

const METHODS = [
  'size()',
  'first()',
  'last()',
  'trim()',
  'reverse()',
  'lowerAscii()',
  'split("")',
  'split("/", 2)',
  'join("-")',
  'replace("a", "aaaa")',
  'translate("(a|b)*", "$0$0")',
  'matches("^(a+)+$")',
  'truncate(3)',
  'substring(1)',
  'charAt(0)',
  'indexOf("a")',
  'lastIndexOf("a", 3)',
  'parseJSON()',
  'parseYAML()',
  'parseURL()',
  'marshalJSON()',
  'flatten()',
  'distinct()',
  'sort()',
  'sortBy(e, e)',
  'slice(0, 2)',
  'map(x, x)',
  'map(x, [x, x])',
  'filter(x, x == x)',
  'exists(x, x > 1)',
  'all(x, has(x.a))',
  'exists_one(x, x in body.l)',
  'match("a", "b")',
  'canonical("a")',
  'getFullYear()',
  'getHours("America/New_York")',
  'getDayOfYear("-11:30")',
  'a',
  '__proto__',
  'constructor',
]
const FUNCTIONS = [
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'bool',
  'timestamp',
  'duration',
  'type',
  'dyn',
  'size',
  '!',
  '-',
  'math.greatest',
  'math.round',
  'lists.range',
  'base64.decode',
  'base64.encode',
  'strings.quote',
]
const OPERATORS = ['+', '-', '*', '/', '%', '==', '!=', '<', '>=', 'in', '&&', '||']

const { expression } = fc.letrec<{ expression: string; leaf: string; call: string; pair: string }>(tie => ({
  leaf: fc.constantFrom(
    'body',
    'body.l',
    'body.s',
    'body.o',
    'header',
    'requestURL',
    '1',
    '-1',
    '2.5',
    '3u',
    "'a/b'",
    "'{}'",
    'null',
    'true',
    "b'x'",
    '[]',
    '{}',
    "[1, 'a', null]",
    "{'a': [1]}",
    '9223372036854775807',
  ),
  call: fc.oneof(
    fc.tuple(tie('expression'), fc.constantFrom(...METHODS)).map(([on, method]) => `${on}.${method}`),
    fc.tuple(fc.constantFrom(...FUNCTIONS), tie('expression')).map(([name, of]) => `${name}(${of})`),
    fc.tuple(fc.constantFrom(...FUNCTIONS), tie('expression')).map(([name, of]) => `${name}(dyn(${of}))`),
  ),
  pair: fc.oneof(
    fc
      .tuple(tie('expression'), fc.constantFrom(...OPERATORS), tie('expression'))
      .map(([a, by, b]) => `(${a} ${by} ${b})`),
    fc
      .tuple(tie('expression'), fc.constantFrom(...OPERATORS), tie('expression'))
      .map(([a, by, b]) => `(dyn(${a}) ${by} dyn(${b}))`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `[${a}, ${b}]`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `${a}[${b}]`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
  ),
  expression: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('call'), tie('pair')),
}))

function evaluated(text: string, body: unknown) {
  const values = { body, header: { 'X-A': ['b'] }, extensions: {}, requestURL: '/p?q=1' }
  const result = TRIGGER_CEL.evaluate(text, { values })
  expect(['json', 'none', 'error']).toContain(result.is)
  if (result.is === 'json') expect(JSON.stringify(result.value)).toBeTypeOf('string')
  return result
}

test('expressions made of everything there is', () => {
  const body = { l: [1, 'b', { a: 1 }], s: 'aab/c', o: { a: null, constructor: 1 } }
  fc.assert(
    fc.property(expression, text => {
      evaluated(text, body)
    }),
    { numRuns: 3000 },
  )
})

test('any text is an expression or a mistake', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: fc.constantFrom(...'([{}])\'"\\.,?:!=&|<>+-*/% axy019rbu\n') }),
      ),
      text => {
        evaluated(text, {})
      },
    ),
    { numRuns: 2000 },
  )
})

test('what a body says is what an expression finds', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, key) => {
      const body = JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`) as Record<string, unknown>
      const expected = JSON.parse(JSON.stringify(value)) as unknown
      const [name] = Object.keys(body)
      const found = evaluated(`body.map(k, body[k])`, body)
      expect(found).toEqual({ is: 'json', value: [expected] })
      expect(evaluated('body.map(k, k)', body)).toEqual({ is: 'json', value: [name] })
      expect(evaluated('body == body', body)).toEqual({ is: 'json', value: true })
      expect(evaluated('body.marshalJSON().parseJSON() == body', body)).toEqual({ is: 'json', value: true })
    }),
    { numRuns: 500 },
  )
})

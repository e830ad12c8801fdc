import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Param, ParamSpec, ParamType } from '../../src/resources/tekton.js'
import {
  checkParams,
  effectiveParams,
  paramReplacements,
  replaceParams,
  typeOfParam,
  typeOfValue,
} from '../../src/run/params.js'
import { replaceString, replaceValue } from '../../src/run/substitute.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

test.each(
  cases<{ spec: ParamSpec; type: ParamType }>({
    'nothing said is string': { spec: { name: 'p' }, type: 'string' },
    'the written type': { spec: { name: 'p', type: 'array' }, type: 'array' },
    'properties make an object': { spec: { name: 'p', properties: { a: {} } }, type: 'object' },
    'else the type of the default': { spec: { name: 'p', default: ['a'] }, type: 'array' },
    'the written type goes over all': { spec: { name: 'p', type: 'string', default: 'a' }, type: 'string' },
  }),
)('the type of a param: %s', (_, { spec, type }) => expect(typeOfParam(spec)).toBe(type))

test('values show their type', () => {
  expect([typeOfValue(''), typeOfValue([]), typeOfValue({})]).toEqual(['string', 'array', 'object'])
})

const specs = yaml<readonly ParamSpec[]>`
  - { name: required }
  - { name: optional, default: x }
  - { name: empty, default: "" }
  - { name: list, type: array, default: [] }
  - { name: map, type: object, properties: { a: {}, b: {} }, default: { a: "1" } }
  - { name: choice, enum: [red, green], default: red }
`
const fine: readonly Param[] = [
  { name: 'required', value: 'here' },
  { name: 'map', value: { b: '2' } },
]
const NONE = { missing: [], mistyped: [], missingKeys: new Map(), notInEnum: [] }

test.each(
  cases<{ given: readonly Param[]; problems: Partial<ReturnType<typeof checkParams>> }>({
    'nothing is wrong': { given: fine, problems: {} },
    'a default of "" is a default': { given: fine, problems: {} },
    'a required one is missing': { given: fine.slice(1), problems: { missing: ['required'] } },
    'an empty text is a value': { given: [{ name: 'required', value: '' }, ...fine.slice(1)], problems: {} },
    'a text for an array': {
      given: [...fine, { name: 'list', value: 'a' }],
      problems: { mistyped: ['list'] },
    },
    'an array for a text': {
      given: [{ name: 'required', value: ['a'] }, ...fine.slice(1)],
      problems: { mistyped: ['required'] },
    },
    'a text with a variable may become an array': {
      given: [...fine, { name: 'list', value: '$(tasks.a.results.r[*])' }],
      problems: {},
    },
    'neither value nor default has the key': {
      given: [fine[0] as Param, { name: 'map', value: { a: '2' } }],
      problems: { missingKeys: new Map([['map', ['b']]]) },
    },
    'the default alone is checked for keys too': {
      given: fine.slice(0, 1),
      problems: { missingKeys: new Map([['map', ['b']]]) },
    },
    'a value outside the enum': {
      given: [...fine, { name: 'choice', value: 'blue' }],
      problems: { notInEnum: [{ name: 'choice', value: 'blue' }] },
    },
    'a param nobody declared is nobody’s business here': {
      given: [...fine, { name: 'more', value: 'x' }],
      problems: {},
    },
  }),
)('checking what was given: %s', (_, { given, problems }) =>
  expect(checkParams(specs, given)).toEqual({ ...NONE, ...problems }),
)

test('given goes over default, keys of objects one by one, undeclared ones are kept at the end', () => {
  const given = [...fine, { name: 'list', value: ['a'] }, { name: 'more', value: 'm' }]
  expect(effectiveParams(specs, given)).toEqual([
    { name: 'required', value: 'here' },
    { name: 'optional', value: 'x' },
    { name: 'empty', value: '' },
    { name: 'list', value: ['a'] },
    { name: 'map', value: { a: '1', b: '2' } },
    { name: 'choice', value: 'red' },
    { name: 'more', value: 'm' },
  ])
})

test('an array is replaced as a whole, never filled up from its default', () => {
  const spec: ParamSpec = { name: 'list', type: 'array', default: ['a', 'b'] }
  expect(effectiveParams([spec], [{ name: 'list', value: [] }])).toEqual([{ name: 'list', value: [] }])
})

const known = paramReplacements([
  { name: 'text', value: 'T' },
  { name: 'dotted.name', value: 'D' },
  { name: 'list', value: ['x', 'y'] },
  { name: 'map', value: { key: 'K' } },
])

test.each(
  cases({
    '$(params.text)': 'T',
    "$(params['text'])": 'T',
    '$(params["text"])': 'T',
    '$(inputs.params.text)': 'T',
    "$(params['dotted.name'])": 'D',
    '$(params["dotted.name"])': 'D',
    '$(params.list[0])$(params.list[1])': 'xy',
    "$(params['list'][1])": 'y',
    '$(params.list[2])': '$(params.list[2])',
    '$(params.map.key)': 'K',
    "$(params['map'].key)": 'K',
    '$(params.map.other)': '$(params.map.other)',
    '$(inputs.params.list[0])': 'x',
  }),
)('the spelling %s', (text, out) => expect(replaceString(text, known)).toBe(out))

test('arrays and objects are handed on whole, with and without the star', () => {
  for (const star of ['', '[*]']) {
    expect(replaceValue(`$(params.list${star})`, known)).toEqual(['x', 'y'])
    expect(replaceValue(`$(params["map"]${star})`, known)).toEqual({ key: 'K' })
  }
  expect(replaceParams([{ name: 'p', value: ['$(params.text)', '$(params.list[*])'] }], known)).toEqual([
    { name: 'p', value: ['T', 'x', 'y'] },
  ])
})

test('a param’s value arrives as it was given, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (text, list) => {
      const replacements = paramReplacements([
        { name: 'a', value: text },
        { name: 'b', value: list },
      ])
      expect(replaceString('$(params.a)', replacements)).toBe(text)
      expect(replaceValue('$(params.b[*])', replacements)).toEqual(list)
    }),
  )
})

test('params named like parts of every object are ordinary params', () => {
  const strange = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
  const replacements = paramReplacements(strange.map(name => ({ name, value: `value of ${name}` })))
  for (const name of strange) expect(replaceString(`$(params.${name})`, replacements)).toBe(`value of ${name}`)
  expect(checkParams([{ name: 'constructor' }], []).missing).toEqual(['constructor'])
})

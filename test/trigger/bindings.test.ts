import { expect, test } from 'vitest'
import { bindParams, expressionsOf, readBindings } from '../../src/trigger/bindings.js'
import { yamlCases } from '../helpers/yaml.js'
import { event } from './events.js'

const BODY = String.raw`{"a":"x","n":5,"f":1.5,"m":1000000,"big":12345678901234567890,"t":true,"nothing":null,"empty":"",
  "l":["p","q","r"],"lo":[{"n":"1","name":"http"},{"n":"2","name":"ssh"}],"o":{"b":"2","a":{"z":1,"y":[]}},
  "dev.tekton.dev/foo":"slash","with-hyphen":"h","a.b":"dotted","with space":"s","text":"say \"hi\"\n<b>\\ &",
  "expression":"$(body.a)","emoji":"🚀 café","constructor":"data"}`
const HEADERS = { 'content-type': 'application/json', 'x-one': '1', 'X-MULTI': ['a', 'b'], Host: 'ci.example' }
const EXTENSIONS = { sha: '0abc', deep: { x: 1 } }

interface Case {
  readonly value: string
  readonly default?: string
  readonly is?: string
  readonly fails?: string
}

const table = yamlCases<Case>(new URL('./bindings.cases.yaml', import.meta.url))

test.each(table)('binding value: %s', (_, { value, default: fallback, is, fails }) => {
  const declared = fallback === undefined ? [{ name: 'p' }] : [{ name: 'p', default: fallback }]
  const bound = bindParams([{ name: 'p', value }], declared, event({ headers: HEADERS, body: BODY }), EXTENSIONS)
  if (is !== undefined) {
    expect(bound).toEqual({ is: 'bound', params: new Map([['p', is]]) })
  } else {
    const message = `failed to ApplyEventValuesToParams: failed to replace JSONPath value for param p: ${value}: ${fails}`
    expect(bound).toEqual({ is: 'failed', message })
  }
})

test('the whole body is written anew with sorted keys', () => {
  const bound = bindParams([{ name: 'p', value: '$(body)' }], [], event({ body: '{ "b" : 1, "a" : [ ] }' }), {})
  expect(bound).toEqual({ is: 'bound', params: new Map([['p', '{"a":[],"b":1}']]) })
})

test.each([
  ['1e21', '1e+21'],
  ['100000000000000000000', '100000000000000000000'],
  ['0.1', '0.1'],
  ['1e-7', '1e-7'],
  ['0.000001', '0.000001'],
  ['-0', '-0'],
  ['-0.0', '-0'],
  ['1.0', '1'],
  ['12345678901234567890', '12345678901234567000'],
  ['0.30000000000000004', '0.30000000000000004'],
  ['1E400', undefined],
])('number %s is the text that Go writes for a float64', (written, text) => {
  if (text === undefined) {
    expect(() => event({ body: `{"n":${written}}` })).toThrow('does not fit into type float64')
    return
  }
  const found = bindParams([{ name: 'p', value: '$(body.n) $(body)' }], [], event({ body: `{"n":${written}}` }), {})
  expect(found).toEqual({ is: 'bound', params: new Map([['p', `${text} {"n":${text}}`]]) })
})

test('an empty body is null', () => {
  const bound = bindParams([{ name: 'p', value: '$(body)' }], [], event({ body: '' }), {})
  expect(bound).toEqual({ is: 'bound', params: new Map([['p', 'null']]) })
})

test('a form of two fields becomes lists, of one stays text that is no JSON', () => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const bound = bindParams([{ name: 'p', value: '$(body)' }], [], event({ headers, body: 'a=1&b=2&a=3' }), {})
  expect(bound).toEqual({ is: 'bound', params: new Map([['p', '{"a":["1","3"],"b":["2"]}']]) })
  expect(() => event({ headers, body: 'payload=1' })).toThrow('invalid character')
})

test('bindings lie over defaults, params that the template does not declare are kept', () => {
  const declared = [{ name: 'a', default: 'from the template' }, { name: 'b', default: 'kept' }, { name: 'without' }]
  const given = [
    { name: 'a', value: 'bound' },
    { name: 'extra', value: 'harmless' },
  ]
  expect(bindParams(given, declared, event({}), {})).toEqual({
    is: 'bound',
    params: new Map([
      ['a', 'bound'],
      ['b', 'kept'],
      ['extra', 'harmless'],
    ]),
  })
})

test('bindings are read in order: inline values, then what references say', () => {
  const read = readBindings([{ name: 'a', value: '' }, { ref: 'push' }], ({ ref }) =>
    ref === 'push' ? { params: [{ name: 'b', value: '$(body.b)' }] } : undefined,
  )
  expect(read).toEqual({
    is: 'read',
    params: [
      { name: 'a', value: '' },
      { name: 'b', value: '$(body.b)' },
    ],
  })
})

test('a name that two bindings give fails', () => {
  const read = readBindings([{ name: 'x', value: '1' }, { ref: 'push' }], () => ({
    params: [{ name: 'x', value: '2' }],
  }))
  expect(read).toEqual({ is: 'failed', message: 'failed to resolve bindings: duplicate param name: x' })
})

test('a binding that does not exist fails by name', () => {
  expect(readBindings([{ ref: 'gone', kind: 'ClusterTriggerBinding' }], () => undefined)).toEqual({
    is: 'failed',
    message:
      'failed to resolve bindings: error getting ClusterTriggerBinding gone: clustertriggerbindings.triggers.tekton.dev "gone" not found',
  })
})

test('expressions end at the first parenthesis that closes nothing', () => {
  const written = expressionsOf('a$(b(c)d)e$(f').map(({ is, text }) => `${is} ${text}`)
  expect(written).toEqual(['literal a', 'expression b(c)d', 'literal e', 'literal $(f'])
})

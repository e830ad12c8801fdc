import { expect, test } from 'vitest'
import type { ParamSpec } from '../../src/resources/tekton.js'
import { resolvePipelineParams } from '../../src/run/pipeline-params.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

function resolve(specs: string, given: Readonly<Record<string, string>> = {}) {
  const params = Object.entries(given).map(([name, value]) => ({ name, value }))
  return resolvePipelineParams(yaml<ParamSpec[]>(specs), params)
}

test.each(
  cases({
    'in any order': {
      specs: '[{ name: c, default: "$(params.b)!" }, { name: b, default: <$(params.a)> }, { name: a, default: x }]',
      given: {},
      values: { c: '<x>!', b: '<x>', a: 'x' },
    },
    'a given value is not read again': {
      specs: '[{ name: a }, { name: b, default: $(params.a) }]',
      given: { a: '$(params.b)' },
      values: { a: '$(params.b)', b: '$(params.b)' },
    },
    'in arrays and objects': {
      specs:
        '[{ name: l, default: ["$(params.a)", y] }, { name: o, default: { k: $(params.a) } }, { name: a, default: x }]',
      given: {},
      values: { l: ['x', 'y'], o: { k: 'x' }, a: 'x' },
    },
  }),
)('defaults refer to params: %s', (_, { specs, given, values }) => {
  const resolved = resolve(specs, given)
  expect(resolved.is === 'params' && Object.fromEntries(resolved.params.map(one => [one.name, one.value]))).toEqual(
    values,
  )
})

test.each(
  cases({
    circle: {
      specs: '[{ name: x, default: $(params.y) }, { name: y, default: $(params.x) }]',
      message: 'parameter resolution failed: circular dependency detected in param "params.x"',
    },
    unknown: {
      specs: '[{ name: x, default: $(params.y) }]',
      message: 'parameter resolution failed: param "params.x" references undefined param "params.y"',
    },
    'too deep': {
      specs: `[${Array.from({ length: 13 }, (_, i) => `{ name: p${i}, default: $(params.p${i + 1}) }`)}, { name: p13, default: x }]`,
      message: 'parameter resolution failed: maximum recursion depth (10) exceeded for param "params.p11"',
    },
  }),
)('defaults that cannot be resolved: %s', (_, { specs, message }) => {
  expect(resolve(specs)).toEqual({ is: 'problem', message })
})

test('a given object stands alone as a whole, its missing keys fall back', () => {
  const specs = yaml<ParamSpec[]>`[{ name: o, properties: { a: {}, b: {} }, default: { a: "1", b: "2" } }]`
  const resolved = resolvePipelineParams(specs, [{ name: 'o', value: { a: '9' } }])
  expect(resolved.is === 'params' && resolved.known.objects.get('params.o[*]')).toEqual({ a: '9' })
  expect(resolved.is === 'params' && resolved.known.strings.get('params.o.b')).toBe('2')
})

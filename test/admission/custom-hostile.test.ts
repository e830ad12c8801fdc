/** Schemas and objects of anybody: an answer, soon, and the same one for what it made. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'
import { admitCustom } from '../../src/admission/custom/admit-custom.js'
import { problemText } from '../../src/resources/problem.js'
import { kindOfWidgets, widget, widgets } from '../helpers/custom-resources.js'

const many = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const list = (items: object) => ({ type: 'object', properties: { l: { type: 'array', items } } })

test.each([
  [
    'defaults that make a small object a large one',
    list({
      type: 'object',
      properties: Object.fromEntries(many(200, i => [`p${i}`, { type: 'string', default: 'x' }])),
    }),
    { l: many(100_000, () => ({})) },
  ],
  [
    'a pattern on a large text',
    { type: 'object', properties: { s: { type: 'string', pattern: '^(a|aa)+$' } } },
    { s: 'a'.repeat(1_000_000) },
  ],
  [
    'a thousand ways for each of many items',
    list({ type: 'integer', anyOf: many(1_000, i => ({ minimum: 1e9 + i })) }),
    { l: many(100_000, i => i) },
  ],
  [
    'many rules for many items',
    list({ type: 'integer', 'x-kubernetes-validations': many(400, i => ({ rule: `self != ${i + 1e6}` })) }),
    { l: many(100_000, i => i) },
  ],
])('%s is refused before it costs too much', (_, schema, spec) => {
  const admission = admitCustom(kindOfWidgets(schema), 'v1', widget('w', spec))
  const text = admission.is === 'refused' ? admission.problems.map(problemText).join('\n') : ''
  expect(text).toMatch(/checking the object costs too much|must validate at least one schema/)
})

test.each([
  ['a pattern that is written out', { type: 'string', pattern: '((a{1,1000}){1,1000})' }, 'expression too large'],
  [
    'more rules than anybody writes',
    { type: 'string', 'x-kubernetes-validations': many(501, i => ({ rule: `self != "${i}"` })) },
    'may hold no more than 500 x-kubernetes-validations, and holds 501',
  ],
  [
    'more text in its rules than anybody writes',
    { type: 'string', 'x-kubernetes-validations': many(20, i => ({ rule: `self != "${'x'.repeat(12_000)}${i}"` })) },
    'may hold no more than 200000 characters of rules',
  ],
  [
    'a rule that is too long',
    { type: 'string', 'x-kubernetes-validations': [{ rule: `self != "${'x'.repeat(20_000)}"` }] },
    'expression code point size exceeds limit',
  ],
])('a definition with %s is refused', (_, part, text) => {
  const admission = admit(
    widgets({ schema: { type: 'object', properties: { spec: { type: 'object', properties: { a: part } } } } }),
  )
  expect(admission.is === 'refused' && admission.problems.map(problemText).join('\n')).toContain(text)
})

const names = fc.constantFrom('a', 'b', 'kind', 'metadata', 'constructor', 'toString', 'x.y')
function anySchema(depth: number): fc.Arbitrary<object> {
  const inner = depth > 0 ? anySchema(depth - 1) : fc.constant({ type: 'string' })
  return fc.record(
    {
      type: fc.constantFrom('object', 'array', 'string', 'integer', 'number', 'boolean'),
      nullable: fc.boolean(),
      properties: fc.dictionary(names, inner, { maxKeys: 2 }),
      additionalProperties: fc.oneof(fc.boolean(), inner),
      items: inner,
      required: fc.array(names, { maxLength: 2 }),
      enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 1, maxLength: 3 }),
      default: fc.jsonValue({ maxDepth: 1 }),
      minimum: fc.integer(),
      pattern: fc.constantFrom('^a', '(', 'b+'),
      format: fc.constantFrom('date-time', 'ipv6', 'byte', 'int32', 'nonsense'),
      maxLength: fc.nat(5),
      anyOf: fc.array(inner, { maxLength: 1 }),
      not: inner,
      'x-kubernetes-int-or-string': fc.constant(true),
      'x-kubernetes-preserve-unknown-fields': fc.constant(true),
      'x-kubernetes-list-type': fc.constantFrom('set', 'map', 'atomic'),
      'x-kubernetes-list-map-keys': fc.array(names, { maxLength: 2 }),
      'x-kubernetes-validations': fc.array(fc.record({ rule: rules }), { maxLength: 1 }),
    },
    { requiredKeys: ['type'] },
  )
}

const rules = fc.constantFrom('true', 'self == oldSelf', 'has(self.a)', 'size(self) > 1', 'self.all(x, x == x)')

/** A third of what `anySchema` makes is refused at once; this is what definitions are made of. */
function goodSchema(depth: number): fc.Arbitrary<object> {
  const leaf = fc.oneof(
    fc.record(
      { type: fc.constant('string'), default: fc.string({ maxLength: 9 }), maxLength: fc.integer({ min: 18 }) },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      { type: fc.constant('integer'), minimum: fc.integer(), nullable: fc.boolean() },
      { requiredKeys: ['type'] },
    ),
    fc.constant({ 'x-kubernetes-int-or-string': true }),
    fc.constant({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
  )
  if (depth === 0) return leaf
  const inner = goodSchema(depth - 1)
  return fc.oneof(
    leaf,
    fc.record({ type: fc.constant('array'), items: inner }),
    fc.record({ type: fc.constant('object'), additionalProperties: inner }),
    fc.record({ type: fc.constant('object'), properties: fc.dictionary(names, inner, { maxKeys: 3 }) }),
  )
}

test('whatever a schema is, there is an answer', () => {
  fc.assert(
    fc.property(anySchema(2), schema => {
      expect(['ok', 'refused']).toContain(admit(widgets({ schema })).is)
    }),
    { numRuns: 200 },
  )
})

test('whatever an object is, there is an answer, and what was taken is taken again as it is', () => {
  fc.assert(
    fc.property(goodSchema(2), fc.jsonValue({ maxDepth: 3 }), (schema, spec) => {
      const entry = kindOfWidgets(schema)
      const admission = admitCustom(entry, 'v1', widget('w', spec as object))
      if (admission.is === 'refused') return
      const again = admitCustom(entry, 'v1', admission.object, { fieldValidation: 'Strict' })
      expect(again).toEqual({ ...admission, warnings: [] })
    }),
    { numRuns: 300 },
  )
})

test('structural schemas that are made to fit take what they describe', () => {
  const leaf = fc.constantFrom('string', 'integer', 'boolean')
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), leaf, { maxKeys: 6 }), fc.nat(), (types, seed) => {
      const values = { string: `s${seed}`, integer: seed, boolean: seed % 2 === 0 }
      const properties = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]))
      const spec = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, values[type as 'string']]))
      const admission = admitCustom(kindOfWidgets({ type: 'object', properties }), 'v1', widget('w', spec))
      expect(admission).toMatchObject({ is: 'ok', object: { spec } })
    }),
  )
})

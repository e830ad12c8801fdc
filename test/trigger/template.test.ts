import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TriggerTemplateSpec } from '../../src/resources/triggers.js'
import { renderTemplate } from '../../src/trigger/template.js'
import { yaml, yamlCases } from '../helpers/yaml.js'

interface Case {
  readonly leaf: string
  readonly params: Readonly<Record<string, string>>
  readonly is: string
}

const table = yamlCases<Case>(new URL('./template.cases.yaml', import.meta.url))

test.each(table)('leaf of a template: %s', (_, { leaf, params, is }) => {
  const template = { resourcetemplates: [{ apiVersion: 'v1', kind: 'ConfigMap', data: { leaf } }] }
  expect(renderTemplate(template, new Map(Object.entries(params)), 'the-uid')).toEqual({
    is: 'rendered',
    resources: [{ apiVersion: 'v1', kind: 'ConfigMap', data: { leaf: is } }],
  })
})

test('what is no string is left as it is', () => {
  const template = yaml<TriggerTemplateSpec>`
    resourcetemplates:
      - { apiVersion: v1, kind: ConfigMap, a: 1, b: true, c: null, d: [1.5, $(tt.params.x)], e: {} }
  `
  expect(renderTemplate(template, new Map([['x', 'y']]), 'u')).toEqual({
    is: 'rendered',
    resources: [{ apiVersion: 'v1', kind: 'ConfigMap', a: 1, b: true, c: null, d: [1.5, 'y'], e: {} }],
  })
})

test('a param in a field name is refused with its place', () => {
  const template = yaml<TriggerTemplateSpec>`
    resourcetemplates:
      - { apiVersion: v1, kind: ConfigMap, metadata: { labels: { $(tt.params.x): y } } }
  `
  expect(renderTemplate(template, new Map([['x', 'y']]), 'u')).toEqual({
    is: 'failed',
    message:
      'spec.resourcetemplates[0].metadata.labels: "$(tt.params.x)" uses a param in a field name; only values are replaced. Write the field name out',
  })
})

const TEMPLATE = yaml<TriggerTemplateSpec>`
  params: [{ name: a }, { name: b }]
  resourcetemplates:
    - apiVersion: tekton.dev/v1
      kind: PipelineRun
      metadata: { generateName: run-, labels: { branch: $(tt.params.a) } }
      spec:
        params:
          - { name: whole, value: $(tt.params.a) }
          - { name: part, value: 'x $(tt.params.b)$(tt.params.a) $$(tt.params.b)(y)' }
        timeouts: { pipeline: 1h }
`

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('$', '(', ')', '"', '\\', '\n', '{', '}', ',', ':', 'a', 'params.x', '$(', '<') }),
  fc.json(),
)

test('no payload text changes the shape of what is created, nor makes a variable of its own', () => {
  fc.assert(
    fc.property(hostile, hostile, (a, b) => {
      const rendering = renderTemplate(
        TEMPLATE,
        new Map([
          ['a', a],
          ['b', b],
        ]),
        'u',
      )
      if (rendering.is === 'failed') throw new Error(rendering.message)
      expect(shapeOf(rendering.resources)).toEqual(shapeOf(TEMPLATE.resourcetemplates))
      const run = rendering.resources[0] as {
        readonly spec: { readonly params: readonly { readonly value: string }[] }
      }
      const [whole, part] = run.spec.params.map(param => param.value)
      expect(whole).toBe(a.split('$(').join('$$('))
      for (const text of [whole, part]) expect(text).not.toMatch(/(?<!\$)\$\(/)
    }),
    { numRuns: 500 },
  )
})

/** The same tree with every string the same. */
function shapeOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'string' ? 'text' : inner)))
}

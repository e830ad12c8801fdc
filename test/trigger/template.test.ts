import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expand } from '../../src/kubelet/expand.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import type { TriggerTemplateSpec } from '../../src/resources/triggers.js'
import { renderTemplate } from '../../src/trigger/template.js'
import { yaml, yamlCases } from '../helpers/yaml.js'

interface Case {
  readonly leaf: string
  readonly params: Readonly<Record<string, string>>
  readonly is: string
  readonly tekton?: string
  readonly kubelet?: string
}

const table = yamlCases<Case>(new URL('./template.cases.yaml', import.meta.url))

test.each(table)('leaf of a template: %s', (_, { leaf, params, is, tekton = is, kubelet = is }) => {
  const resourcetemplates = [kept(leaf), run(leaf), job(leaf)]
  expect(renderTemplate({ resourcetemplates }, new Map(Object.entries(params)), 'the-uid')).toEqual({
    is: 'rendered',
    resources: [kept(is), run(tekton, is), job(kubelet, is)],
  })
})

function kept(leaf: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', data: { leaf } }
}

function run(leaf: string, annotation = leaf) {
  const metadata = { annotations: { leaf: annotation } }
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata,
    spec: { params: [{ name: 'leaf', value: leaf }] },
  }
}

function job(leaf: string, name = leaf) {
  const container = { name, args: ['-c', leaf], command: [leaf], env: [{ name, value: leaf }] }
  const spec = { template: { spec: { containers: [container], initContainers: [container] } } }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec }
}

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
    - apiVersion: v1
      kind: Pod
      metadata: { generateName: pod- }
      spec: { containers: [{ name: c, args: [$(tt.params.a), 'x $(tt.params.b)$(tt.params.a) $$(tt.params.b)(y)'] }] }
`

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('$', '(', ')', '"', '\\', '\n', '{', '}', ',', ':', 'a', 'params.x', '$(', '<') }),
  fc.json(),
)

test('no payload text changes the shape of what is created, nor makes a variable of its own', () => {
  fc.assert(
    fc.property(hostile, hostile, (a, b) => {
      const [run, job] = rendered(a, b)
      const [whole, part] = (run as PipelineRun).spec.params?.map(param => param.value) ?? []
      expect(whole).toBe(a.split('$(').join('$$('))
      for (const text of [whole, part]) expect(text).not.toMatch(/(?<!\$)\$\(/)
      // What the kubelet makes of it is what was sent, also when the container has a variable of that name.
      const { args } = (job as { readonly spec: { readonly args: readonly string[] } }).spec
      expect(args.map(arg => expand(arg, { 'params.x': 'secret', a: 'secret' }))).toEqual([a, `x ${b}${a} $${b}(y)`])
    }),
    { numRuns: 500 },
  )
})

function rendered(a: string, b: string): readonly unknown[] {
  const params = new Map([
    ['a', a],
    ['b', b],
  ])
  const rendering = renderTemplate(TEMPLATE, params, 'u')
  if (rendering.is === 'failed') throw new Error(rendering.message)
  expect(shapeOf(rendering.resources)).toEqual(shapeOf(TEMPLATE.resourcetemplates))
  const [run, pod] = rendering.resources as readonly [unknown, { readonly spec: { readonly containers: unknown[] } }]
  return [run, { spec: pod.spec.containers[0] }]
}

/** The same tree with every string the same. */
function shapeOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'string' ? 'text' : inner)))
}

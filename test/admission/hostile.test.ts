/** Whatever comes in: an answer, soon, and nothing else in the process is changed by it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit, admitManifests } from '../../src/admission/admit.js'
import { problemText } from '../../src/resources/problem.js'
import { anyText } from '../helpers/any-text.js'
import { yaml as parseYaml } from '../helpers/yaml.js'

function refusal(text: string): string {
  const answer = admitManifests([{ file: 'f.yaml', text }])
  return answer.is === 'ok' ? 'ok' : answer.problems.map(problemText).join('\n')
}

const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n'

const laughs = [
  'a0: &a0 [x, x, x, x, x, x, x, x, x, x]',
  ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`),
].join('\n')

test.each([
  ['an alias bomb', laughs, 'Excessive alias count'],
  [
    'one large text repeated by aliases',
    `x: &x ${'y'.repeat(100_000)}\nl: [${Array(900).fill('*x').join(', ')}]`,
    'entity too large',
  ],
  ['an unknown alias', 'a: *b', 'Unresolved alias'],
  ['100 000 brackets', '['.repeat(100_000), 'max depth'],
  ['100 000 closed brackets', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'max depth'],
  ['100 000 braces in JSON', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'max depth'],
  ['100 000 dashes', `${'- '.repeat(100_000)}a`, 'max depth'],
  ['200 levels', `a: ${'['.repeat(200)}${']'.repeat(200)}`, 'max depth'],
  ['2 MB in one object', `${HEAD}  a: ${'x'.repeat(2_000_000)}\n`, 'entity too large'],
  ['20 MB', 'a'.repeat(20_000_000), 'entity too large'],
  ['a list as document', '- a\n', 'apiVersion and kind'],
  ['not a number', `${HEAD}  a: .nan\n`, 'unsupported value: NaN'],
  [
    'a long duration',
    `apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: a}\nspec: {taskRef: {name: t}, timeout: "${'1'.repeat(500_000)}"}`,
    'invalid duration',
  ],
  [
    'a long name for a resolver',
    `apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: a}\nspec: {taskRef: {resolver: git, name: ${'a'.repeat(500_000)}}}`,
    'invalid URI for request',
  ],
])('refuses %s', (_, text, message) => {
  expect(refusal(text)).toContain(message)
})

test('a name with __proto__ in it changes no prototype, in YAML and in JSON', () => {
  const before = Object.getOwnPropertyNames(Object.prototype)
  for (const text of [
    `${HEAD}  __proto__: {polluted: "yes"}\n`,
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","__proto__":{"polluted":"yes"}}}`,
  ]) {
    expect(refusal(text)).toContain('"__proto__"')
  }
  const parsed = JSON.parse('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"__proto__":"x"}}')
  expect(admit(parsed).is).toBe('refused')
  // `constructor` is an ordinary name.
  const made = admit({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { constructor: 'x' } })
  expect(made).toMatchObject({ is: 'ok', object: { data: { constructor: 'x' } } })
  expect(admit({ apiVersion: 'tekton.dev/v1', kind: 'constructor', metadata: { name: 'a' } }).is).toBe('refused')
  expect(admit({ apiVersion: 'tekton.dev/v1', kind: 'Task', metadata: { name: 'a' }, spec: { toString: 1 } }).is).toBe(
    'refused',
  )
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  expect(({} as { polluted?: string }).polluted).toBeUndefined()
})

test('any text gets an answer', () => {
  const yamlish = fc
    .array(
      fc.constantFrom(
        'a',
        ': ',
        '- ',
        '\n',
        '  ',
        '[',
        ']',
        '{',
        '}',
        '&x ',
        '*x',
        '|',
        '>',
        '"',
        "'",
        '---\n',
        '#',
        '!!int ',
        '<<',
        '0o',
        '\t',
        '%',
        '?',
        ',',
      ),
      { maxLength: 60 },
    )
    .map(parts => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(anyText({ maxLength: 200 }), yamlish), text => {
      const answer = admitManifests([{ file: 'f', text }])
      return answer.is === 'ok' ? answer.objects.length === 0 : answer.problems.every(one => one.file === 'f')
    }),
    { numRuns: 2_000 },
  )
})

test('any JSON in any place of a run gets an answer, and what is taken can be taken again', () => {
  const keys = [
    'spec',
    'tasks',
    'name',
    'params',
    'value',
    'pipelineSpec',
    'taskSpec',
    'steps',
    'image',
    'when',
    'values',
    'input',
    'operator',
    'matrix',
    'workspaces',
    'script',
    'timeouts',
    'type',
    'default',
    'results',
  ]
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(
        'a',
        'in',
        '$(params.a)',
        '$(tasks.a.results.b[*])',
        'echo $(context.taskRun.x)',
        '1h',
        true,
        null,
        3,
      ),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(fc.constantFrom('Task', 'TaskRun', 'Pipeline', 'PipelineRun'), tree, (kind, spec) => {
      const answer = admit({ apiVersion: 'tekton.dev/v1', kind, metadata: { name: 'a' }, spec })
      if (answer.is === 'refused') return answer.problems.length > 0
      const again = admit(answer.object)
      expect(again).toEqual({ ...answer })
      return true
    }),
    { numRuns: 2_000 },
  )
})

const SOUND = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: a, labels: { l: v }, annotations: { n: v } }
spec:
  params: [{ name: x, value: [a] }, { name: o, value: { k: v } }]
  workspaces: [{ name: w, emptyDir: {} }]
  timeouts: { pipeline: 1h, tasks: 30m, finally: 10m }
  taskRunSpecs: [{ pipelineTaskName: t, stepSpecs: [{ name: s, computeResources: { requests: { cpu: 1 } } }] }]
  taskRunTemplate: { podTemplate: { env: [{ name: E, value: v }] } }
  pipelineSpec:
    params: [{ name: x, type: array }, { name: o, type: object, properties: { k: {} } }]
    workspaces: [{ name: w }]
    results: [{ name: r, value: $(tasks.t.results.r) }]
    tasks:
      - name: t
        params: [{ name: p, value: "$(params.x[0])" }]
        workspaces: [{ name: w }]
        when: [{ input: $(params.o.k), operator: in, values: [v] }]
        taskSpec:
          params: [{ name: p, default: d }]
          results: [{ name: r, type: string, value: $(steps.s.results.r) }]
          volumes: [{ name: v, emptyDir: {} }]
          stepTemplate: { env: [{ name: E, value: v }] }
          sidecars: [{ name: c, image: i }]
          steps: [{ name: s, image: i, args: ["$(params.p)"], results: [{ name: r }], volumeMounts: [{ name: v, mountPath: /x }] }]
      - name: m
        runAfter: [t]
        matrix: { params: [{ name: p, value: [a] }], include: [{ name: i, params: [{ name: q, value: z }] }] }
        pipelineSpec: { tasks: [{ name: b, taskRef: { name: t, kind: Task } }] }
    finally: [{ name: f, taskRef: { resolver: git, params: [{ name: url, value: $(tasks.t.status) }] } }]
`
const ODD: readonly unknown[] = [
  null,
  -1,
  1e308,
  '',
  '$(params.x[*])',
  '$(params.nope)',
  '$(steps.s.outputs)',
  '$(tasks.t.results.r.a.b)',
  '$(tasks.nope.outputs.i)',
  '-1h',
  'a'.repeat(300_000),
  '$('.repeat(100_000),
  `$(steps.${'.results.'.repeat(30_000)}`,
  [],
  [null],
  [[]],
  {},
  { '': null },
  JSON.parse('{"__proto__":{"a":1},"constructor":1}'),
]

test('a sound run with odd values in it gets an answer, and every refusal has a place', () => {
  const sound = parseYaml(SOUND)
  expect(admit(sound).is).toBe('ok')
  // Without kind, name or spec there is nothing to point into.
  const places = placesIn(sound).filter(place => place.length > 1 && place.join('.') !== 'metadata.name')
  expect(places.length).toBeGreaterThan(100)
  const change = fc.tuple(fc.constantFrom(...places), fc.option(fc.constantFrom(...ODD), { nil: undefined }))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
      const answer = admit(changes.reduce((object, [place, value]) => changed(object, place, value), sound))
      if (answer.is === 'ok') return
      expect(answer.problems.length).toBeGreaterThan(0)
      for (const { message, paths, at } of answer.problems) {
        expect(message).not.toMatch(/undefined|\[object/)
        expect([...paths, at ?? ''].join('')).not.toBe('')
      }
    }),
    { numRuns: 1_500 },
  )
})

/** The way to every value inside. */
function placesIn(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...placesIn(inner).map(place => [key, ...place])])
}

/** A copy with another value there, or, for undefined, none; unchanged where an earlier change took the place away. */
function changed(object: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) return object
  const inner = (object as Record<string, unknown>)[key]
  const next = rest.length > 0 ? changed(inner, rest, value) : value
  const entries = Object.entries(object).flatMap(([name, old]) => {
    if (name !== key) return [[name, old] as const]
    return next === undefined ? [] : [[name, next] as const]
  })
  return Array.isArray(object) ? entries.map(([, one]) => one) : Object.fromEntries(entries)
}

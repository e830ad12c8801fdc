/** Whatever comes in: an answer, soon, and nothing else in the process is changed by it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit, admitManifests } from '../../src/admission/admit.js'
import { problemText } from '../../src/resources/problem.js'

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
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), yamlish), text => {
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

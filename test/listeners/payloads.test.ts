/** What a payload says is what the created object says: every example payload of GitHub's, and 5000 hostile strings. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConfigMap } from '../../src/resources/core.js'
import { anyText } from '../helpers/any-text.js'
import { runListeners } from './running.js'
import { clusterWith } from './world.js'

const SECRET = 'a "secret" with 🚀'
const GITHUB_SECRET = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'github', namespace: 'ci' },
  stringData: { token: SECRET },
})
const CHAIN = [
  {
    ref: { name: 'github' },
    params: [{ name: 'secretRef', value: { secretName: 'github', secretKey: 'token' } }],
  },
  { ref: { name: 'cel' }, params: [{ name: 'filter', value: 'true' }] },
]

interface Family {
  readonly name: string
  readonly examples: readonly unknown[]
}

const families = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@octokit/webhooks-examples'), 'utf8'),
) as readonly Family[]

/** Everything that has broken somebody's template before, and what would break ours. */
const HOSTILE = `"quotes" and 'apostrophes', \\ \\n \\", a
line\r\n	tab, 🚀 café \u2028, $(tt.params.value) $(uid) $(body.action) $(params.x) $$(params.x) $$ {{x}} !!js/function "x" &a *a # no`

test('GitHub has 58 families of events, with at least one example each', () => {
  expect(families).toHaveLength(58)
  expect(families.filter(({ examples }) => examples.length === 0)).toEqual([])
})

test('each example payload of each family makes one ConfigMap that says what the payload says', {
  timeout: 180_000,
}, async () => {
  const sent = families.flatMap(({ name, examples }) =>
    examples.flatMap((example, index) => {
      const id = `${name.replaceAll('_', '-')}-${index}`
      const path = deepestText(example)
      return [
        { id, event: name, path, payload: example },
        { id: `${id}-hostile`, event: name, path, payload: made(example) },
      ]
    }),
  )
  const cluster = await clusterWith(GITHUB_SECRET, ...sent.map(({ id, path }) => listenerFor(id, jsonPath(path))))
  const { deliver, dispatched } = await runListeners(cluster)
  await inTurns(8, sent, ({ id, event, payload }) => deliver(`ci/${id}`, event, JSON.stringify(payload), SECRET))
  const records = await dispatched()
  expect(records.filter(({ state }) => state.is !== 'done' || state.verdicts.some(one => one.is !== 'fired'))).toEqual(
    [],
  )

  const maps = new Map((await cluster.list('ConfigMap')).map(map => [map.metadata.name, map]))
  expect(maps.size).toBe(sent.length)
  for (const { id, event, path, payload } of sent) {
    const value = at(payload, path)
    const map = maps.get(id) as ConfigMap
    expect({ ...map, metadata: { labels: map.metadata.labels, annotations: map.metadata.annotations } }).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        annotations: { 'example.com/value': value },
        labels: {
          author: 'us',
          'triggers.tekton.dev/eventlistener': id,
          'triggers.tekton.dev/trigger': 'all',
          'triggers.tekton.dev/triggers-eventid': expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
      },
      data: { value, around: `<${value}|${value}>`, event, fixed: '$(params.ours)', payload: expect.any(String) },
    })
    expect(JSON.parse(map.data?.['payload'] ?? '')).toEqual(payload)
  }
})

function listenerFor(id: string, path: string): string {
  const resource = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: id, labels: { author: 'us' }, annotations: { 'example.com/value': '$(tt.params.value)' } },
    data: {
      value: '$(tt.params.value)',
      around: '<$(tt.params.value)|$(tt.params.value)>',
      event: '$(tt.params.event)',
      payload: '$(tt.params.payload)',
      fixed: '$(params.ours)',
    },
  }
  return listener(id, { value: `$(${path})`, event: '$(header.X-GitHub-Event)', payload: '$(body)' }, [resource])
}

function listener(name: string, bindings: Readonly<Record<string, string>>, resourcetemplates: readonly unknown[]) {
  const params = Object.keys(bindings).map(param => ({ name: param }))
  return JSON.stringify({
    apiVersion: 'triggers.tekton.dev/v1beta1',
    kind: 'EventListener',
    metadata: { name, namespace: 'ci' },
    spec: {
      triggers: [
        {
          name: 'all',
          interceptors: CHAIN,
          bindings: Object.entries(bindings).map(([param, value]) => ({ name: param, value })),
          template: { spec: { params, resourcetemplates } },
        },
      ],
    },
  })
}

type Path = readonly (string | number)[]

/** Titles and bodies first, for people write them; otherwise what lies deepest. Never at the top. */
function deepestText(payload: unknown): Path {
  const texts = textsIn(payload, []).filter(path => path.length > 1)
  const written = texts.filter(path => path.at(-1) === 'title' || path.at(-1) === 'body')
  const [deepest] = [...(written.length > 0 ? written : texts)].sort((a, b) => b.length - a.length)
  if (deepest === undefined) throw new Error('an example without a nested text')
  return deepest
}

function textsIn(value: unknown, path: Path): readonly Path[] {
  if (typeof value === 'string') return [path]
  if (typeof value !== 'object' || value === null) return []
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return entries.flatMap(([key, inner]) => textsIn(inner, [...path, key]))
}

/** As its author would write it in a binding. */
function jsonPath(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step.replace(/[^\w-]/g, '\\$&')}`),
    'body',
  )
}

function at(payload: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Readonly<Record<string | number, unknown>>)[step], payload)
}

/** The same payload from somebody who means harm: every text of it. */
function made(payload: unknown): unknown {
  return JSON.parse(JSON.stringify(payload), (_, value) => (typeof value === 'string' ? `${value}${HOSTILE}` : value))
}

async function inTurns<T>(atOnce: number, items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await act(item)
    }),
  )
}

const PER_DELIVERY = 50
const pieces = fc.constantFrom(
  ...[
    '"',
    "'",
    '`',
    '\\',
    '\\\\',
    '\\"',
    '\n',
    '\r\n',
    '\t',
    '\u0001',
    '\u001f',
    '\u007f',
    '\u0085',
    '\u2028',
    '\uFEFF',
  ],
  ...[
    '$',
    '$$',
    '$(',
    '$$(',
    ')',
    '(',
    '$(tt.params.v0)',
    '$$(tt.params.v0)',
    '$(uid)',
    '$(body.items[1])',
    '$(params.x)',
  ],
  ...[
    '{{x}}',
    '${x}',
    '{',
    '}',
    '[',
    ']',
    ': ',
    ' #',
    '- ',
    '---',
    '...',
    '|',
    '>',
    '&a',
    '*a',
    '!!binary',
    '!!js/function x',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'null',
    'true',
    '~',
    '1e3',
    '0x1f',
    '</script>',
    '&lt;',
    '%0a',
    '%s',
    '\\u0000',
  ],
  ...['🚀', '👩‍👩‍👧', 'é', 'e\u0301', '\u202E', '\uFFFD', '\uFFFF', '\u{10FFFF}', '\uE000', '漢', ' ', '  ', 'a'],
)
const strings = fc.oneof(
  { weight: 60, arbitrary: fc.array(pieces, { maxLength: 24 }).map(list => list.join('')) },
  { weight: 25, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
  { weight: 10, arbitrary: anyText({ maxLength: 60 }) },
  { weight: 5, arbitrary: fc.json() },
  { weight: 1, arbitrary: pieces.map(piece => piece.repeat(Math.ceil(65_536 / piece.length))) },
)

/** Each string by itself, between texts, next to another, and by way of an extension. */
test('5000 hostile strings over HTTP: what comes out equals what went in, in exactly the structure of the template', {
  timeout: 180_000,
}, async () => {
  const hostile = fc.sample(strings, { numRuns: 5000, seed: 20_261_122 })
  const names = Array.from({ length: PER_DELIVERY }, (_, index) => `v${index}`)
  const template = (value: (name: string) => string, id: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `fuzz-${id}`, annotations: { first: value('v0') } },
    data: {
      ...Object.fromEntries(names.map(name => [name, value(name)])),
      around: `"${value('v0')}" $${value('v1')}(${value('v2')})$(params.x)`,
      extension: value('extension'),
    },
    immutable: true,
  })
  const bindings = Object.fromEntries(names.map((name, index) => [name, `$(body.items[${index}])`]))
  const cluster = await clusterWith(
    GITHUB_SECRET,
    listener('fuzz', { ...bindings, id: '$(body.id)', extension: '$(extensions.first)' }, [
      template(name => `$(tt.params.${name})`, '$(tt.params.id)'),
    ]).replace(
      '"value":"true"}',
      '"value":"true"},{"name":"overlays","value":[{"key":"first","expression":"body.items[0]"}]}',
    ),
  )
  const { deliver, dispatched } = await runListeners(cluster)
  const batches = Array.from({ length: hostile.length / PER_DELIVERY }, (_, index) =>
    hostile.slice(index * PER_DELIVERY, (index + 1) * PER_DELIVERY),
  )
  await inTurns(8, [...batches.entries()], ([id, items]) =>
    deliver('ci/fuzz', 'push', spelled({ id, items }, id % 2 === 0), SECRET),
  )
  const records = await dispatched()
  expect(records.filter(({ state }) => state.is !== 'done' || state.verdicts.some(one => one.is !== 'fired'))).toEqual(
    [],
  )
  for (const [id, items] of batches.entries()) {
    const map = await cluster.get('ConfigMap', { namespace: 'ci', name: `fuzz-${id}` })
    const { name, annotations } = map?.metadata ?? {}
    const value = (param: string) => items[param === 'extension' ? 0 : Number(param.slice(1))] ?? ''
    expect({ ...map, metadata: { name, annotations } }).toEqual(template(value, String(id)))
  }
  expect(batches.flat()).toHaveLength(5000)
})

/** JSON has two spellings for every character. */
function spelled(value: unknown, escaped: boolean): string {
  const text = JSON.stringify(value)
  if (!escaped) return text
  return text.replace(/[^\x20-\x7e]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

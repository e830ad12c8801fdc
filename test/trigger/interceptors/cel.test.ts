import { expect, test } from 'vitest'
import type { Secret } from '../../../src/resources/core.js'
import { cel } from '../../../src/trigger/interceptors/cel.js'
import type { InterceptorAnswer } from '../../../src/trigger/interceptors/interceptor.js'
import { secretValue } from '../../../src/trigger/secrets.js'
import { frozen } from '../../helpers/frozen.js'
import { yamlCases } from '../../helpers/yaml.js'
import { event } from '../events.js'

const BODY = {
  n: 5,
  s: 'abcdef',
  l: [1, 2],
  o: { k: 'v' },
  none: null,
  action: 'opened',
  json: '{"a":{"b":1}}',
  accents: 'éé',
}
const EVENT = frozen(
  event({
    headers: { 'X-GitHub-Event': 'push', 'X-Two': ['a', 'b'] },
    body: Buffer.from(JSON.stringify(BODY)).toString(),
    url: '/hooks/ci/app/sub?x=1',
  }).body,
)
const SENT = event({
  headers: { 'X-GitHub-Event': 'push', 'X-Two': ['a', 'b'] },
  body: JSON.stringify(BODY),
  url: '/hooks/ci/app/sub?x=1',
})
const SECRETS = new Map<string, Secret>([
  [
    'ci/known',
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'known', namespace: 'ci', uid: '1', resourceVersion: '1', creationTimestamp: '' },
      data: { token: Buffer.from('hunter2').toString('base64') },
    },
  ],
])

interface Case {
  readonly filter?: string
  readonly overlay?: string
  readonly passes?: true
  readonly stops?: string
  readonly fails?: string
  readonly is?: unknown
}

async function run(params: Readonly<Record<string, unknown>>, body: unknown = EVENT): Promise<InterceptorAnswer> {
  const secret = (ref: { secretName: string; secretKey: string }) => secretValue(SECRETS, 'ci', ref)
  return cel.run({ event: { ...SENT, body }, extensions: { sha: '0abc' }, params, secret })
}

const table = yamlCases<Case>(new URL('./cel.cases.yaml', import.meta.url))

test.each(table)('cel: %s', async (_, { filter, overlay, passes, stops, fails, is }) => {
  const overlays = overlay === undefined ? {} : { overlays: [{ key: 'key', expression: overlay }] }
  const answer = await run({ ...(filter === undefined ? {} : { filter }), ...overlays })
  if (fails !== undefined) {
    expect(answer.is).toBe('fail')
    // The parser's own words follow after a colon and a space.
    if (fails.endsWith(': ')) expect(answer).toHaveProperty('message', expect.stringMatching(escaped(fails)))
    else expect(answer).toHaveProperty('message', fails)
  } else if (stops !== undefined) {
    // Behind Triggers' own words may stand why: see test/cel/explain.cases.yaml.
    expect(answer).toEqual({ is: 'stop', message: expect.stringContaining(stops) })
  } else if (passes) expect(answer).toEqual({ is: 'continue', extensions: {} })
  else expect(answer).toEqual({ is: 'continue', extensions: { key: is } })
})

test('overlays see the input of the interceptor, not one another', async () => {
  const answer = await run({
    overlays: [
      { key: 'sha', expression: "'new'" },
      { key: 'seen', expression: 'extensions.sha' },
    ],
  })
  expect(answer).toEqual({ is: 'continue', extensions: { sha: 'new', seen: '0abc' } })
})

test('overlay keys nest, escape and index', async () => {
  const answer = await run({
    overlays: [
      { key: 'a.b', expression: "'1'" },
      { key: 'a.c', expression: "'2'" },
      { key: 'extensions.x', expression: "'3'" },
      { key: String.raw`dev\.tekton`, expression: "'4'" },
      { key: 'list.-1', expression: "'5'" },
      { key: 'list.2', expression: "'6'" },
      { key: 'names.:7', expression: "'8'" },
      { key: '__proto__.polluted', expression: "'7'" },
    ],
  })
  expect(answer.is).toBe('continue')
  expect(JSON.parse(JSON.stringify(answer))).toHaveProperty('extensions', {
    a: { b: '1', c: '2' },
    extensions: { x: '3' },
    'dev.tekton': '4',
    list: ['5', null, '6'],
    names: { 7: '8' },
    ['__proto__']: { polluted: '7' },
  })
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

test.each([
  [{ filter: 5 }, 'number into Go struct field InterceptorParams.filter of type string'],
  [{ overlays: 'a' }, 'string into Go struct field InterceptorParams.overlays of type []cel.Overlay'],
  [{ overlays: ['a'] }, 'string into Go struct field InterceptorParams.overlays of type cel.Overlay'],
  [{ overlays: [{ key: 1 }] }, 'number into Go struct field Overlay.overlays.key of type string'],
])('params of another type fail, and let nothing pass: %j', async (params, problem) => {
  const message = `failed to parse interceptor params: invalid json: json: cannot unmarshal ${problem}`
  expect(await run(params)).toEqual({ is: 'fail', message })
})

test('params that are null are none, an overlay that is null has no expression', async () => {
  expect(await run({ filter: null, overlays: null })).toEqual({ is: 'continue', extensions: {} })
  const answer = await run({ overlays: [null] })
  expect(answer).toMatchObject({ is: 'fail', message: expect.stringContaining('failed to parse expression ""') })
})

test('an overlay key with an empty part fails', async () => {
  const answer = await run({ overlays: [{ key: 'a..b', expression: '1' }] })
  expect(answer).toEqual({ is: 'fail', message: 'failed to set overlay a..b: the key has an empty part' })
})

test('a body that is no object fails, an empty one is an empty map', async () => {
  expect(await run({ filter: 'true' }, [1])).toHaveProperty('is', 'fail')
  expect(await run({ filter: 'size(body) == 0' }, null)).toEqual({ is: 'continue', extensions: {} })
})

test('nested macros over a long list of the sender end in an error and not in a hang', async () => {
  const list = Array.from({ length: 20_000 }, (_, index) => index)
  const answer = await run({ filter: 'body.l.all(x, body.l.exists(y, y == x))' }, { l: list })
  expect(answer).toHaveProperty(
    'message',
    expect.stringMatching(/actual cost limit exceeded: more than 1000000 units$/),
  )
})

test('the limit is counted anew for each expression', async () => {
  const body = { l: Array.from({ length: 30_000 }, (_, index) => index) }
  const counting = 'body.l.exists(x, x < 0.0)'
  const overlays = ['a', 'b', 'c'].map(key => ({ key, expression: counting }))
  expect(await run({ overlays }, body)).toEqual({ is: 'continue', extensions: { a: false, b: false, c: false } })
})

test('only Secrets that are written out are read beforehand', () => {
  const params = {
    filter: "header.canonical('X').compareSecret('token', 'known') && 'a'.compareSecret(body.key, 'other')",
    overlays: [{ key: 'x', expression: "'b'.compareSecret('k', 'n', 'ns')" }],
  }
  expect(cel.secretRefs(params)).toEqual([
    { secretName: 'known', secretKey: 'token' },
    { secretName: 'n', secretKey: 'k' },
  ])
})

function escaped(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}.+`)
}

import { expect, test } from 'vitest'
import { schemaOf } from '../../src/api/openapi/schemas.js'
import { mergeRulesOf } from '../../src/api/patch/merge-rules.js'
import { strategicallyPatched } from '../../src/api/patch/strategic-merge-patch.js'
import { BUILT_IN_KINDS } from '../../src/resources/kind-table.js'
import { cases } from '../helpers/cases.js'
import { CONFIG_MAPS, PIPELINES, serveApi } from './world.js'

const PODS = '/api/v1/namespaces/default/pods'
const JSON_PATCH = 'application/json-patch+json'
const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'

const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'one', labels: { team: 'x' } },
  data: { a: '1', b: '2' },
}
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: {
    containers: [
      { name: 'first', image: 'a', env: [{ name: 'A', value: '1' }] },
      { name: 'second', image: 'b' },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
    nodeSelector: { disk: 'fast' },
  },
}
const pipeline = {
  apiVersion: 'tekton.dev/v1',
  kind: 'Pipeline',
  metadata: { name: 'p' },
  spec: { tasks: [{ name: 'a', taskRef: { name: 't' } }] },
}

test.each(
  cases<{ type: string; patch: unknown; data: unknown; labels?: unknown }>({
    'a merge patch': { type: MERGE, patch: { data: { a: '9', b: null, c: '3' } }, data: { a: '9', c: '3' } },
    'a merge patch that removes a label': {
      type: MERGE,
      patch: { metadata: { labels: { team: null } } },
      data: { a: '1', b: '2' },
      labels: undefined,
    },
    'a JSON patch': {
      type: JSON_PATCH,
      patch: [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'replace', path: '/data/a', value: '9' },
        { op: 'remove', path: '/data/b' },
        { op: 'add', path: '/data/c~1d', value: '3' },
        { op: 'move', from: '/data/c~1d', path: '/data/c' },
        { op: 'copy', from: '/data/c', path: '/data/d' },
      ],
      data: { a: '9', c: '3', d: '3' },
    },
    'a strategic merge patch': {
      type: STRATEGIC,
      patch: { data: { $patch: 'replace', z: '1' } },
      data: { z: '1' },
    },
  }),
)('%s does what it says', async (_, { type, patch, data, ...expected }) => {
  const { call } = await serveApi()
  await call('POST', CONFIG_MAPS, { body: configMap })
  const { status, body } = await call('PATCH', `${CONFIG_MAPS}/one`, { body: patch, contentType: type })
  expect(status).toBe(200)
  const labels = 'labels' in expected ? expected.labels : configMap.metadata.labels
  expect(body).toMatchObject({ data })
  expect(body?.['data']).toEqual(data)
  expect(metadataOf(body).labels).toEqual(labels)
  expect((await call('GET', `${CONFIG_MAPS}/one`)).body).toEqual(body)
})

test('a strategic merge patch merges lists by what names their items, and its directives say what else to do', () => {
  const rules = mergeRulesOf(schemaOf(BUILT_IN_KINDS.of('Pod')!, 'v1'))
  let patched: unknown = pod
  const spec = (patch: object) => {
    patched = strategicallyPatched(patched, { spec: patch }, rules)
    return (patched as typeof pod).spec
  }
  expect(
    spec({
      containers: [
        { name: 'second', image: 'c' },
        { name: 'third', image: 'd' },
      ],
    }),
  ).toMatchObject({
    containers: [
      { name: 'first', image: 'a' },
      { name: 'second', image: 'c' },
      { name: 'third', image: 'd' },
    ],
  })
  expect(
    spec({
      '$setElementOrder/containers': [{ name: 'third' }, { name: 'first' }],
      containers: [
        { name: 'second', $patch: 'delete' },
        { name: 'first', env: [{ name: 'B', value: '2' }] },
      ],
    }).containers,
  ).toEqual([
    { name: 'third', image: 'd' },
    {
      name: 'first',
      image: 'a',
      env: [
        // What the patch brings comes before what was there.
        { name: 'B', value: '2' },
        { name: 'A', value: '1' },
      ],
    },
  ])
  expect(
    spec({ volumes: [{ $retainKeys: ['name', 'secret'], name: 'v', secret: { secretName: 's' } }] }),
  ).toHaveProperty('volumes', [{ name: 'v', secret: { secretName: 's' } }])
  expect(spec({ nodeSelector: { $patch: 'replace', zone: 'a' } }).nodeSelector).toEqual({ zone: 'a' })
  expect(spec({ containers: [{ $patch: 'replace' }, { name: 'only', image: 'x' }] }).containers).toEqual([
    { name: 'only', image: 'x' },
  ])
})

test('finalizers are a list of values: merged, and taken out one by one', async () => {
  const { call } = await serveApi()
  await call('POST', CONFIG_MAPS, { body: configMap })
  const finalizers = async (metadata: object) => {
    const answer = await call('PATCH', `${CONFIG_MAPS}/one`, { body: { metadata }, contentType: STRATEGIC })
    return metadataOf(answer.body).finalizers
  }
  expect(await finalizers({ finalizers: ['a.example/x'] })).toEqual(['a.example/x'])
  expect(await finalizers({ finalizers: ['a.example/y', 'a.example/x'] })).toEqual(['a.example/y', 'a.example/x'])
  expect(await finalizers({ '$deleteFromPrimitiveList/finalizers': ['a.example/x'] })).toEqual(['a.example/y'])
})

const UNPROCESSABLE = {
  status: 422,
  body: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
}
const malformed = (message: string) => ({
  status: 400,
  body: { reason: 'BadRequest', message: expect.stringContaining(message) },
})

test.each(
  cases<{ type?: string; patch: unknown; answer: object }>({
    'a test that fails': { patch: [{ op: 'test', path: '/data/a', value: '2' }], answer: UNPROCESSABLE },
    'a test of what is not there': { patch: [{ op: 'test', path: '/data/z', value: '2' }], answer: UNPROCESSABLE },
    'what is removed and not there': { patch: [{ op: 'remove', path: '/data/z' }], answer: UNPROCESSABLE },
    'what is replaced and not there': { patch: [{ op: 'replace', path: '/z', value: 1 }], answer: UNPROCESSABLE },
    'a path through nothing': { patch: [{ op: 'add', path: '/z/z', value: 1 }], answer: UNPROCESSABLE },
    'a path through a text': { patch: [{ op: 'copy', from: '/kind/length', path: '/data/c' }], answer: UNPROCESSABLE },
    'a path into a prototype': { patch: [{ op: 'add', path: '/__proto__/x', value: 1 }], answer: UNPROCESSABLE },
    'a copy from a prototype': { patch: [{ op: 'copy', from: '/data/toString', path: '/x' }], answer: UNPROCESSABLE },
    'the whole document': { patch: [{ op: 'replace', path: '', value: {} }], answer: UNPROCESSABLE },
    'copies of copies': {
      patch: [
        { op: 'add', path: '/data/c', value: 'x'.repeat(100_000) },
        ...Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '/data', path: `/d${i}` })),
      ],
      answer: UNPROCESSABLE,
    },
    'an operation that is none': { patch: [{ op: 'rename', path: '/a' }], answer: malformed('op is "rename"') },
    'an operation without a path': { patch: [{ op: 'remove' }], answer: malformed('path must be a string') },
    'a JSON patch that is no list': {
      patch: {},
      answer: malformed('cannot unmarshal object into Go value of type []handlers.jsonPatchOp'),
    },
    'too many operations': {
      patch: Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' })),
      answer: {
        status: 413,
        body: {
          reason: 'RequestEntityTooLarge',
          message: expect.stringContaining('The allowed maximum operations in a JSON patch is 10000, got 10001'),
        },
      },
    },
    'another name': {
      type: MERGE,
      patch: { metadata: { name: 'two' } },
      answer: malformed('the name of the object (two) does not match the name on the URL (one)'),
    },
    'another uid': {
      type: MERGE,
      patch: { metadata: { uid: 'u' } },
      answer: {
        status: 422,
        body: { message: 'ConfigMap "one" is invalid: metadata.uid: Invalid value: "u": field is immutable' },
      },
    },
    'another version': {
      type: MERGE,
      patch: { metadata: { resourceVersion: '999' } },
      answer: {
        status: 409,
        body: {
          reason: 'Conflict',
          message:
            'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again',
        },
      },
    },
    'another kind': { type: MERGE, patch: { kind: 'Secret' }, answer: { status: 400 } },
    'an object nested too deeply': { type: MERGE, patch: nested(120), answer: malformed('exceeded max depth') },
    'a key __proto__': { type: MERGE, patch: '{"data":{"__proto__":"x"}}', answer: malformed('__proto__') },
    'a merge patch that is no object': { type: MERGE, patch: '3', answer: { status: 400 } },
    'an unknown directive': {
      type: STRATEGIC,
      patch: { data: { $patch: 'explode' } },
      answer: malformed('Unknown $patch type: explode'),
    },
    'a patch of a type that is none': {
      type: 'application/json',
      patch: {},
      answer: {
        status: 415,
        body: {
          reason: 'UnsupportedMediaType',
          message:
            'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
        },
      },
    },
  }),
)('%s is refused and changes nothing', async (_, { type = JSON_PATCH, patch, answer }) => {
  const { call, lines, cluster } = await serveApi()
  await call('POST', CONFIG_MAPS, { body: configMap })
  const version = cluster.version()
  expect(await call('PATCH', `${CONFIG_MAPS}/one`, { body: patch, contentType: type })).toMatchObject(answer)
  expect(cluster.version()).toBe(version)
  expect(lines).toEqual([])
})

test('Tekton’s kinds are custom resources: they take no strategic merge patch', async () => {
  const { call } = await serveApi()
  await call('POST', PIPELINES, { body: pipeline })
  expect(await call('PATCH', `${PIPELINES}/p`, { body: {}, contentType: STRATEGIC })).toMatchObject({
    status: 415,
    body: {
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    },
  })
})

test('what a patch makes of an object goes through the admission of updates', async () => {
  const { call } = await serveApi()
  await call('POST', PIPELINES, { body: pipeline })
  const tasks = [{ name: 'a', runAfter: ['a'], taskRef: { name: 't' } }]
  expect(await call('PATCH', `${PIPELINES}/p`, { body: { spec: { tasks } }, contentType: MERGE })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('admission webhook "validation.webhook.pipeline.tekton.dev" denied') },
  })
  const labelled = { metadata: { labels: { a: 'b' } } }
  expect(await call('PATCH', `${PIPELINES}/p`, { body: labelled, contentType: MERGE })).toMatchObject({
    status: 200,
    body: { metadata: { labels: { a: 'b' }, generation: 1 } },
  })
})

test('patches of one object at once lose nothing', async () => {
  const { call } = await serveApi()
  await call('POST', CONFIG_MAPS, { body: configMap })
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)
  const answers = await Promise.all(
    keys.map(key =>
      call('PATCH', `${CONFIG_MAPS}/one`, {
        contentType: key.endsWith('1') ? JSON_PATCH : MERGE,
        body: key.endsWith('1') ? [{ op: 'add', path: `/data/${key}`, value: key }] : { data: { [key]: key } },
      }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 200))
  const { data } = (await call('GET', `${CONFIG_MAPS}/one`)).body as { data: object }
  expect(Object.keys(data)).toEqual(expect.arrayContaining(keys))
})

test('what is not there cannot be patched', async () => {
  const { call } = await serveApi()
  expect(await call('PATCH', `${CONFIG_MAPS}/none`, { body: {}, contentType: MERGE })).toMatchObject({
    status: 404,
    body: { reason: 'NotFound' },
  })
})

test('the status of a Pod is patched by its own path', async () => {
  const { call } = await serveApi()
  await call('POST', PODS, { body: pod })
  const body = { status: { phase: 'Running' }, spec: { nodeSelector: { disk: 'slow' } } }
  expect(await call('PATCH', `${PODS}/p/status`, { body, contentType: STRATEGIC })).toMatchObject({
    status: 200,
    body: { status: { phase: 'Running' }, spec: { nodeSelector: { disk: 'fast' } } },
  })
})

function nested(depth: number): object {
  return depth === 0 ? {} : { data: nested(depth - 1) }
}

function metadataOf(body: unknown): { labels?: object; finalizers?: unknown } {
  return (body as { metadata: object }).metadata
}

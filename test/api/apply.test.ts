/** Server-side apply and the account of who set which fields, over HTTP. */
import { expect, test } from 'vitest'
import type { ManagedFields } from '../../src/resources/meta.js'
import { cases } from '../helpers/cases.js'
import { type Answer, type ApiWorld, CONFIG_MAPS, PIPELINES, RUNS, serveApi } from './world.js'

const PODS = '/api/v1/namespaces/default/pods'
const APPLY = 'application/apply-patch+yaml'
const MERGE = 'application/merge-patch+json'

const configMap = (data: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', ...more },
  data,
})

function applier({ call }: ApiWorld, path: string) {
  return (manager: string, body: unknown, query = '') =>
    call('PATCH', `${path}?fieldManager=${manager}${query}`, { body, contentType: APPLY })
}

test('what is applied is there, and what is applied no more is gone, but for what others own', async () => {
  const world = await serveApi()
  const apply = applier(world, `${CONFIG_MAPS}/c`)
  expect((await apply('one', configMap({ a: '1', b: '2' }))).status).toBe(201)
  expect((await apply('two', configMap({ b: '2', c: '3' }))).status).toBe(200)
  const { status, body } = await apply('one', configMap({ a: '1' }))
  expect([status, body?.['data']]).toEqual([200, { a: '1', b: '2', c: '3' }])
  expect((await apply('two', configMap({ c: '3' }))).body?.['data']).toEqual({ a: '1', c: '3' })
  expect((await apply('one', configMap({}))).body?.['data']).toEqual({ c: '3' })
})

test('each manager has an entry with what it applied', async () => {
  const world = await serveApi()
  const apply = applier(world, `${CONFIG_MAPS}/c`)
  await apply('one', configMap({ a: '1' }, { labels: { team: 'x' } }))
  const { body } = await apply('two', configMap({ b: '2' }))
  expect(managersOf(body)).toEqual([
    entry('one', 'Apply', { 'f:data': { 'f:a': {} }, 'f:metadata': { 'f:labels': { 'f:team': {} } } }),
    entry('two', 'Apply', { 'f:data': { 'f:b': {} } }),
  ])
})

test('a field that another manager owns is a conflict, unless it is the same, or is taken', async () => {
  const world = await serveApi()
  const apply = applier(world, `${CONFIG_MAPS}/c`)
  await apply('one', configMap({ a: '1', b: '1' }))
  expect((await apply('two', configMap({ a: '1' }))).status).toBe(200)
  const before = world.cluster.version()
  expect(await apply('three', configMap({ a: '9' }))).toMatchObject({
    status: 409,
    body: {
      reason: 'Conflict',
      message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\nconflicts with "two":\n- .data.a',
      details: {
        causes: [
          { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' },
          { reason: 'FieldManagerConflict', message: 'conflict with "two"', field: '.data.a' },
        ],
      },
    },
  })
  expect(world.cluster.version()).toBe(before)
  const { body } = await apply('three', configMap({ a: '9' }), '&force=true')
  expect(body).toMatchObject({ data: { a: '9', b: '1' } })
  expect(managersOf(body).map(each => [each.manager, each.fieldsV1])).toEqual([
    ['one', { 'f:data': { 'f:b': {} } }],
    ['three', { 'f:data': { 'f:a': {} } }],
  ])
})

test('who updates owns what the update changed: an apply over it is a conflict that says how it was set', async () => {
  const world = await serveApi()
  const { call } = world
  await call('POST', CONFIG_MAPS, { body: configMap({ a: '1' }), userAgent: 'kubectl/v1.32.0 (linux/amd64)' })
  const { body } = await call('PATCH', `${CONFIG_MAPS}/c?fieldManager=editor`, {
    body: { data: { b: '2' } },
    contentType: MERGE,
  })
  expect(managersOf(body)).toEqual([
    entry('editor', 'Update', { 'f:data': { 'f:b': {} } }),
    entry('kubectl', 'Update', { 'f:data': { '.': {}, 'f:a': {} } }),
  ])
  const apply = applier(world, `${CONFIG_MAPS}/c`)
  expect(await apply('one', configMap({ b: '3' }))).toMatchObject({
    status: 409,
    body: { message: 'Apply failed with 1 conflict: conflict with "editor" using v1: .data.b' },
  })
})

test('lists are applied by the keys of their items', async () => {
  const world = await serveApi()
  const apply = applier(world, `${PODS}/p`)
  const pod = (containers: readonly object[]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers },
  })
  const { body } = await apply('one', pod([{ name: 'a', image: 'x', ports: [{ containerPort: 80 }] }]))
  expect(managersOf(body)[0]?.fieldsV1).toEqual({
    'f:spec': {
      'f:containers': {
        'k:{"name":"a"}': {
          '.': {},
          'f:image': {},
          'f:name': {},
          'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
        },
      },
    },
  })
  expect(await apply('two', pod([{ name: 'a', image: 'y' }]))).toMatchObject({
    status: 409,
    body: { message: 'Apply failed with 1 conflict: conflict with "one": .spec.containers[name="a"].image' },
  })
})

test.each([
  ['ab', 'c', 'abc'],
  ['ab', 'ba', 'ba'],
  ['abc', 'ca', 'bca'],
  ['abc', 'xb', 'axbc'],
  ['', 'ab', 'ab'],
])('a list %s with %s applied is %s', async (before, names, after) => {
  const world = await serveApi()
  const finalizers = (letters: string) => ({ finalizers: [...letters].map(letter => `example.com/${letter}`) })
  await applier(world, `${CONFIG_MAPS}/c`)('one', configMap({}, finalizers(before)))
  const { body } = await applier(world, `${CONFIG_MAPS}/c`)('two', configMap({}, finalizers(names)))
  expect(body?.['metadata']).toMatchObject(finalizers(after))
})

test('lists of custom resources are one piece', async () => {
  const world = await serveApi()
  const apply = applier(world, `${PIPELINES}/p`)
  const pipeline = (...names: readonly string[]) => ({
    apiVersion: 'tekton.dev/v1',
    kind: 'Pipeline',
    metadata: { name: 'p' },
    spec: { tasks: names.map(name => ({ name, taskRef: { name: 't' } })) },
  })
  const { body } = await apply('one', pipeline('a', 'b'))
  expect(managersOf(body)[0]?.fieldsV1).toEqual({ 'f:spec': { 'f:tasks': {} } })
  expect((await apply('two', pipeline('c'))).status).toBe(409)
  const taken = await apply('two', pipeline('c'), '&force=true')
  expect(taken.body).toMatchObject({ spec: { tasks: [{ name: 'c' }] } })
})

test('applying the same again writes nothing', async () => {
  const world = await serveApi()
  const apply = applier(world, `${CONFIG_MAPS}/c`)
  const first = await apply('one', configMap({ a: '1' }))
  const version = world.cluster.version()
  const second = await apply('one', configMap({ a: '1' }))
  expect(second.body).toEqual(first.body)
  expect(world.cluster.version()).toBe(version)
})

test('what is there without managers was there before the first apply', async () => {
  const world = await serveApi()
  await world.cluster.create('ConfigMap', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name: 'c' },
    data: { a: '1', b: '2' },
  })
  const apply = applier(world, `${CONFIG_MAPS}/c`)
  expect(await apply('one', configMap({ a: '9' }))).toMatchObject({
    status: 409,
    body: { message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a' },
  })
  const { body } = await apply('one', configMap({ b: '2' }))
  expect(managersOf(body).map(each => each.manager)).toEqual(['one', 'before-first-apply'])
})

test('what kubectl applied by itself before is no conflict when kubectl applies by the server', async () => {
  const world = await serveApi()
  const config = configMap({ a: '1', b: '2' })
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(config) }
  await world.call('POST', `${CONFIG_MAPS}?fieldManager=kubectl-client-side-apply`, {
    body: configMap(config.data, { annotations }),
  })
  const apply = applier(world, `${CONFIG_MAPS}/c`)
  expect((await apply('other', configMap({ a: '9' }))).status).toBe(409)
  const { status, body } = await apply('kubectl', configMap({ a: '9' }))
  expect([status, body?.['data']]).toEqual([200, { a: '9', b: '2' }])
  const { annotations: kept } = (body as { metadata: { annotations: Record<string, string> } }).metadata
  expect(JSON.parse(Object.values(kept)[0]!)).toMatchObject({ data: { a: '9' } })
})

test('many who apply at once lose nothing of each other', async () => {
  const world = await serveApi()
  const apply = applier(world, `${CONFIG_MAPS}/c`)
  const managers = Array.from({ length: 20 }, (_, i) => `m${i}`)
  const answers = await Promise.all(managers.map(manager => apply(manager, configMap({ [manager]: manager }))))
  expect(answers.map(({ status }) => status).sort()).toEqual([...managers.slice(1).map(() => 200), 201])
  const { body } = await world.call('GET', `${CONFIG_MAPS}/c`)
  expect(body?.['data']).toEqual(Object.fromEntries(managers.map(manager => [manager, manager])))
  expect(
    managersOf(body)
      .map(({ manager }) => manager)
      .sort(),
  ).toEqual([...managers].sort())
})

test('status has managers of its own', async () => {
  const { call } = await serveApi()
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name: 'r' },
    spec: { pipelineRef: { name: 'p' } },
  }
  const { body: made } = await call('POST', `${RUNS}?fieldManager=author`, { body: run })
  const status = { conditions: [{ type: 'Succeeded', status: 'Unknown', reason: 'Running' }] }
  const { body } = await call('PUT', `${RUNS}/r/status?fieldManager=controller`, { body: { ...made, status } })
  expect(
    managersOf(body).map(({ manager, subresource, fieldsV1 }) => [manager, subresource, Object.keys(fieldsV1!)]),
  ).toEqual([
    ['author', undefined, ['f:spec']],
    ['controller', 'status', ['f:status']],
  ])
})

test.each(
  cases<{ managedFields: unknown; left: readonly string[] }>({
    'an empty list clears them': { managedFields: [], left: [] },
    'one empty entry clears them': { managedFields: [{}], left: [] },
    'none leaves them': { managedFields: null, left: ['author', 'patcher'] },
    'what is none leaves them': { managedFields: [{ manager: 'x' }], left: ['author', 'patcher'] },
    'others replace them': {
      managedFields: [
        {
          manager: 'x',
          operation: 'Apply',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:a': {} } },
        },
      ],
      left: ['x', 'patcher'],
    },
  }),
)('the account can be written: %s', async (_, { managedFields, left }) => {
  const { call } = await serveApi()
  await call('POST', `${CONFIG_MAPS}?fieldManager=author`, { body: configMap({ a: '1' }) })
  const options = { body: { metadata: { managedFields }, data: { b: '2' } }, contentType: MERGE }
  const { status, body } = await call('PATCH', `${CONFIG_MAPS}/c?fieldManager=patcher`, options)
  expect(status).toBe(200)
  expect(managersOf(body).map(({ manager }) => manager)).toEqual(left)
})

test('more than ten who update share an entry', async () => {
  const { call } = await serveApi()
  await call('POST', `${CONFIG_MAPS}?fieldManager=m0`, { body: configMap({ k0: '0' }) })
  let last: Answer | undefined
  for (let i = 1; i < 14; i++) {
    const options = { body: { data: { [`k${i}`]: `${i}` } }, contentType: MERGE }
    last = await call('PATCH', `${CONFIG_MAPS}/c?fieldManager=m${i}`, options)
  }
  const managers = managersOf(last?.body)
  expect(managers).toHaveLength(10)
  expect(managers.map(({ manager }) => manager)).toContain('ancient-changes')
})

test.each(
  cases<{ body: unknown; query?: string; answer: object }>({
    'no manager': {
      body: configMap({}),
      query: '',
      answer: {
        status: 422,
        body: {
          message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        },
      },
    },
    'another version': {
      body: { ...configMap({}), apiVersion: 'v2' },
      answer: {
        status: 400,
        body: { message: 'Incorrect version specified in apply patch. Specified patch version: v2, expected: v1' },
      },
    },
    'managers of its own': {
      body: configMap({}, { managedFields: [] }),
      answer: { status: 400, body: { message: 'metadata.managedFields must be nil' } },
    },
    'another name': {
      body: configMap({}, { name: 'd' }),
      answer: { status: 400, body: { message: 'the name of the object (d) does not match the name on the URL (c)' } },
    },
    'a uid of nothing': {
      body: configMap({}, { uid: 'u' }),
      answer: { status: 409, body: { message: expect.stringContaining('uid mismatch') } },
    },
    'a text': { body: '"x"', answer: { status: 400 } },
    'no YAML': { body: 'a: [', answer: { status: 400 } },
  }),
)('an apply with %s is refused', async (_, { body, query = '?fieldManager=one', answer }) => {
  const { call, cluster } = await serveApi()
  expect(await call('PATCH', `${CONFIG_MAPS}/c${query}`, { body, contentType: APPLY })).toMatchObject(answer)
  expect(await cluster.list('ConfigMap')).toEqual([])
})

test('force is for applies', async () => {
  const { call } = await serveApi()
  await call('POST', CONFIG_MAPS, { body: configMap({}) })
  expect(await call('PATCH', `${CONFIG_MAPS}/c?force=true`, { body: {}, contentType: MERGE })).toMatchObject({
    status: 422,
    body: {
      message: 'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    },
  })
})

function entry(manager: string, operation: string, fieldsV1: object) {
  return { manager, operation, apiVersion: 'v1', time: expect.any(String), fieldsType: 'FieldsV1', fieldsV1 }
}

function managersOf(body: unknown): readonly ManagedFields[] {
  return (body as { metadata: { managedFields?: readonly ManagedFields[] } }).metadata.managedFields ?? []
}

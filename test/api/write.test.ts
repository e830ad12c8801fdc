/** Creates, updates and deletes, as an API server does them. */
import { expect, test } from 'vitest'
import { cases } from '../helpers/cases.js'
import { type Answer, CONFIG_MAPS, PIPELINES, RUNS, serveApi } from './world.js'

const SECRETS = '/api/v1/namespaces/default/secrets'

const configMap = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data: { a: '1' },
})
const pipeline = (name: string, more: object = {}) => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'Pipeline',
  metadata: { name },
  spec: { tasks: [{ name: 'a', taskRef: { name: 't' } }], ...more },
})
const finalizers = { finalizers: ['example.com/hold'] }

test('a dry run answers as the write would, and writes nothing', async () => {
  const { call, cluster } = await serveApi()
  const { body: stored } = await call('POST', CONFIG_MAPS, { body: configMap('stored') })
  const version = cluster.version()
  const query = '?dryRun=All'
  expect(await call('POST', `${CONFIG_MAPS}${query}`, { body: configMap('new') })).toMatchObject({
    status: 201,
    body: { metadata: { name: 'new', uid: expect.any(String), creationTimestamp: expect.any(String) } },
  })
  const { body: named } = await call('POST', `${CONFIG_MAPS}${query}`, {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } },
  })
  expect(named).toMatchObject({ metadata: { name: expect.stringMatching(/^gen-[a-z0-9]{5}$/) } })
  expect(await call('POST', `${CONFIG_MAPS}${query}`, { body: configMap('stored') })).toMatchObject({
    status: 409,
    body: { reason: 'AlreadyExists' },
  })
  const changed = { ...stored, data: { a: '2' } }
  expect(await call('PUT', `${CONFIG_MAPS}/stored${query}`, { body: changed })).toMatchObject({
    status: 200,
    body: { data: { a: '2' } },
  })
  const patch = { body: { data: { a: '3' } }, contentType: 'application/merge-patch+json' }
  expect(await call('PATCH', `${CONFIG_MAPS}/stored${query}`, patch)).toMatchObject({ body: { data: { a: '3' } } })
  expect(await call('DELETE', `${CONFIG_MAPS}/stored${query}`)).toMatchObject({ status: 200 })
  expect(await call('DELETE', `${CONFIG_MAPS}${query}`)).toMatchObject({ body: { items: [{}] } })
  expect(cluster.version()).toBe(version)
})

test.each(
  cases<{ query: string; answer: string }>({
    'a dry run that is none': {
      query: 'dryRun=yes',
      answer: 'dryRun: Unsupported value: ["yes"]: supported values: "All"',
    },
    'a validation that is none': {
      query: 'fieldValidation=Loud',
      answer: 'fieldValidation: Unsupported value: "Loud": supported values: "", "Ignore", "Strict", "Warn"',
    },
    'a manager of too many words': {
      query: `fieldManager=${'x'.repeat(129)}`,
      answer: 'fieldManager: Too long: may not be more than 128 bytes',
    },
    'a manager with a line break': {
      query: 'fieldManager=a%0Ab',
      answer: 'fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1)',
    },
  }),
)('%s is refused', async (_, { query, answer }) => {
  const { call, cluster } = await serveApi()
  expect(await call('POST', `${CONFIG_MAPS}?${query}`, { body: configMap('x') })).toMatchObject({
    status: 422,
    body: { reason: 'Invalid', message: `CreateOptions.meta.k8s.io "" is invalid: ${answer}` },
  })
  expect(await cluster.list('ConfigMap')).toEqual([])
})

test.each(
  cases<{ path: string; body: unknown; fields: readonly string[]; kind: string }>({
    'of a kind of Kubernetes’ own': {
      path: CONFIG_MAPS,
      body: { ...configMap('x', { owner: 'me' }), dta: {} },
      fields: ['unknown field "metadata.owner"', 'unknown field "dta"'],
      kind: 'ConfigMap',
    },
    'of Tekton’s': {
      path: PIPELINES,
      body: pipeline('x', { taskss: [] }),
      fields: ['unknown field "spec.taskss"'],
      kind: 'Pipeline',
    },
    'given twice': {
      path: CONFIG_MAPS,
      body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"2","a":"1"}}',
      fields: ['duplicate field "data.a"'],
      kind: 'ConfigMap',
    },
  }),
)('fields that nobody knows, %s: refused, warned of, or ignored', async (_, { path, body, fields, kind }) => {
  const { call } = await serveApi()
  expect(await call('POST', `${path}?fieldValidation=Strict`, { body })).toMatchObject({
    status: 400,
    body: {
      reason: 'BadRequest',
      message: `${kind} in version "v1" cannot be handled as a ${kind}: strict decoding error: ${fields.join(', ')}`,
    },
  })
  const warned = await call('POST', `${path}?dryRun=All`, { body })
  expect(warned.status).toBe(201)
  expect(warned.warnings).toEqual(fields.map(field => `299 - "${field.replaceAll('"', '\\"')}"`))
  expect(warned.text).not.toMatch(/owner|dta|taskss/)
  const ignored = await call('POST', `${path}?fieldValidation=Ignore`, { body })
  expect([ignored.status, ignored.warnings]).toEqual([201, []])
})

test('a thousand fields that nobody knows make no thousand headers', async () => {
  const { call } = await serveApi()
  const body = { ...configMap('x'), ...Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`unknown${i}`, i])) }
  const { status, warnings } = await call('POST', CONFIG_MAPS, { body })
  expect(status).toBe(201)
  expect(warnings[0]).toBe('299 - "unknown field \\"unknown0\\""')
  expect(warnings.join('').length).toBeLessThan(5_000)
})

test('a patch with a field that nobody knows is refused where none is wanted', async () => {
  const { call } = await serveApi()
  await call('POST', PIPELINES, { body: pipeline('x') })
  const options = { body: { spec: { taskss: [] } }, contentType: 'application/merge-patch+json' }
  expect(await call('PATCH', `${PIPELINES}/x?fieldValidation=Strict`, options)).toMatchObject({
    status: 422,
    body: { message: expect.stringMatching(/^ "" is invalid: patch: Invalid value: .* unknown field "spec.taskss"$/s) },
  })
})

test('a body is JSON or YAML, and nothing else', async () => {
  const { call } = await serveApi()
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fromyaml\ndata: {a: "1"}\n'
  const asYaml = { body: yaml, contentType: 'application/yaml' }
  expect(await call('POST', CONFIG_MAPS, asYaml)).toMatchObject({ status: 201, body: { data: { a: '1' } } })
  expect(await call('POST', CONFIG_MAPS, { body: 'a: [', contentType: 'application/yaml' })).toMatchObject({
    status: 400,
  })
  expect(await call('POST', CONFIG_MAPS, { body: 'x', contentType: 'text/plain' })).toMatchObject({
    status: 415,
    body: {
      reason: 'UnsupportedMediaType',
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    },
  })
})

test('YAML that takes long to read is refused; the same as JSON is taken, in a moment', async () => {
  const { call } = await serveApi()
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'large' }, data: { a: 'x'.repeat(600_000) } }
  const json = JSON.stringify(body)
  const yaml = { contentType: 'application/yaml' }
  expect(await call('POST', CONFIG_MAPS, { body: `# YAML\n${json}`, ...yaml })).toMatchObject({
    status: 413,
    body: { message: 'the YAML is over 524288 bytes: send it as JSON, which is YAML, too' },
  })
  expect(await call('POST', CONFIG_MAPS, { body: json, ...yaml })).toMatchObject({ status: 201 })
  const twice = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"b":"1","b":"2"}}'
  expect(await call('POST', CONFIG_MAPS, { body: twice, ...yaml })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('key "b" already set in map') },
  })
})

test('an object is of the namespace, the kind and the version of its URL', async () => {
  const { call } = await serveApi()
  const v1beta1 = { ...pipeline('x'), apiVersion: 'tekton.dev/v1beta1' }
  expect(await call('POST', PIPELINES, { body: v1beta1 })).toMatchObject({
    status: 400,
    body: {
      message:
        'the API version in the data (tekton.dev/v1beta1) does not match the expected API version (tekton.dev/v1)',
    },
  })
  const { body } = await call('POST', CONFIG_MAPS, { body: { metadata: { name: 'bare' } } })
  expect(body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default' } })
  expect(await call('POST', CONFIG_MAPS, { body: configMap('x', { resourceVersion: '1' }) })).toMatchObject({
    status: 400,
    body: { message: 'resourceVersion should not be set on objects to be created' },
  })
})

test('nothing is created in a namespace that is not there, or that is going', async () => {
  const { call } = await serveApi()
  const there = (namespace: string) =>
    call('POST', `/api/v1/namespaces/${namespace}/configmaps`, { body: configMap('x') })
  expect(await there('nowhere')).toMatchObject({
    status: 404,
    body: {
      reason: 'NotFound',
      message: 'namespaces "nowhere" not found',
      details: { name: 'nowhere', kind: 'namespaces' },
    },
  })
  await call('POST', '/api/v1/namespaces/ci/configmaps', { body: configMap('held', finalizers) })
  await call('DELETE', '/api/v1/namespaces/ci')
  expect(await there('ci')).toMatchObject({
    status: 403,
    body: {
      reason: 'Forbidden',
      message:
        'configmaps "x" is forbidden: unable to create new content in namespace ci because it is being terminated',
      details: { causes: [{ reason: 'NamespaceTerminating', message: 'namespace ci is being terminated' }] },
    },
  })
})

test('what the server writes itself is taken from no client', async () => {
  const { call } = await serveApi()
  const claims = {
    uid: 'mine',
    generation: 7,
    creationTimestamp: '2001-01-01T00:00:00Z',
    deletionTimestamp: '2001-01-01T00:00:00Z',
  }
  const { body } = await call('POST', CONFIG_MAPS, { body: configMap('x', claims) })
  expect(body).toMatchObject({ metadata: { generation: 1 } })
  expect(JSON.stringify(body)).not.toMatch(/mine|2001/)
})

test('a PUT says whose update it is: of another uid, of an old version, of none', async () => {
  const { call } = await serveApi()
  const { body: made } = await call('POST', PIPELINES, { body: pipeline('x') })
  const metadata = metadataOf(made)
  const put = (more: object) => call('PUT', `${PIPELINES}/x`, { body: { ...made, metadata: { ...metadata, ...more } } })
  expect(await put({ uid: 'other' })).toMatchObject({
    status: 409,
    body: {
      reason: 'Conflict',
      message: expect.stringMatching(/Precondition failed: UID in precondition: other, UID in object meta: /),
    },
  })
  expect(await put({ resourceVersion: '1' })).toMatchObject({
    status: 409,
    body: {
      message:
        'Operation cannot be fulfilled on pipelines.tekton.dev "x": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: 'x', group: 'tekton.dev', kind: 'pipelines' },
    },
  })
  // Custom resources, Tekton's among them, are not updated blindly.
  expect(await put({ resourceVersion: '' })).toMatchObject({
    status: 422,
    body: {
      message:
        'pipelines.tekton.dev "x" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
    },
  })
  expect(await put({ labels: { a: 'b' } })).toMatchObject({ status: 200, body: { metadata: { labels: { a: 'b' } } } })
})

test('a PUT takes away what it does not name', async () => {
  const { call } = await serveApi()
  await call('POST', CONFIG_MAPS, { body: configMap('x', { labels: { a: 'b' }, annotations: { c: 'd' } }) })
  const { body } = await call('PUT', `${CONFIG_MAPS}/x`, { body: configMap('x') })
  expect(metadataOf(body)).not.toHaveProperty('labels')
  expect(metadataOf(body)).not.toHaveProperty('annotations')
})

test('some kinds are made by a PUT', async () => {
  const { call } = await serveApi()
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'r' }, rules: [] }
  const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/r'
  expect(await call('PUT', path, { body: role })).toMatchObject({ status: 201 })
  expect(await call('PUT', path, { body: role })).toMatchObject({ status: 200 })
})

test('what must not change does not', async () => {
  const { call } = await serveApi()
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type: 'Opaque', stringData: { a: 'b' } }
  await call('POST', SECRETS, { body: secret })
  const patch = { body: { type: 'kubernetes.io/basic-auth' }, contentType: 'application/merge-patch+json' }
  expect(await call('PATCH', `${SECRETS}/s`, patch)).toMatchObject({
    status: 422,
    body: {
      message: 'Secret "s" is invalid: type: Invalid value: "kubernetes.io/basic-auth": field is immutable',
      details: { name: 's', kind: 'Secret', causes: [{ reason: 'FieldValueInvalid', field: 'type' }] },
    },
  })
})

test.each(
  cases<{ body: object; status: number; message: string }>({
    'a name that is none': {
      body: configMap('No Good'),
      status: 422,
      message:
        'ConfigMap "No Good" is invalid: metadata.name: Invalid value: "No Good": a lowercase RFC 1123 subdomain',
    },
    'a number for a text': {
      body: { ...configMap('x'), data: { a: 1 } },
      status: 400,
      message:
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    },
  }),
)('kinds of Kubernetes’ own are refused in its words: %s', async (_, { body, status, message }) => {
  const { call } = await serveApi()
  const answer = await call('POST', CONFIG_MAPS, { body })
  expect(answer.status).toBe(status)
  expect((answer.body as { message: string }).message.slice(0, message.length)).toBe(message)
})

test('a delete says what became of the object', async () => {
  const { call } = await serveApi()
  const { body: made } = await call('POST', RUNS, {
    body: { ...pipeline('r'), kind: 'PipelineRun', spec: { pipelineRef: { name: 'p' } } },
  })
  expect((await call('DELETE', `${RUNS}/r`)).body).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'r', group: 'tekton.dev', kind: 'pipelineruns', uid: metadataOf(made)['uid'] },
  })
  await call('POST', CONFIG_MAPS, { body: configMap('held', finalizers) })
  expect(await call('DELETE', `${CONFIG_MAPS}/held`)).toMatchObject({
    status: 200,
    body: { kind: 'ConfigMap', metadata: { name: 'held', deletionTimestamp: expect.any(String) } },
  })
  const free = [{ op: 'remove', path: '/metadata/finalizers' }]
  await call('PATCH', `${CONFIG_MAPS}/held`, { body: free, contentType: 'application/json-patch+json' })
  expect(await call('DELETE', `${CONFIG_MAPS}/held`)).toMatchObject({
    status: 404,
    body: { message: 'configmaps "held" not found', details: { name: 'held', kind: 'configmaps' } },
  })
})

test.each(
  cases<{ options?: unknown; query?: string; answer: object }>({
    'another uid': {
      options: { preconditions: { uid: 'other' } },
      answer: { status: 409, body: { message: expect.stringContaining('UID in precondition: other') } },
    },
    'another version': {
      options: { preconditions: { resourceVersion: '1' } },
      answer: { status: 409, body: { reason: 'Conflict' } },
    },
    'a policy that is none': {
      options: { propagationPolicy: 'Sometimes' },
      answer: {
        status: 422,
        body: {
          message:
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sometimes": supported values: "Foreground", "Background", "Orphan", "nil"',
        },
      },
    },
    'two policies': {
      options: { propagationPolicy: 'Orphan', orphanDependents: true },
      answer: { status: 422, body: { message: expect.stringContaining('cannot be both set') } },
    },
    'options of another kind': { options: { kind: 'Pod' }, answer: { status: 400 } },
    'options that are a list': { options: [], answer: { status: 400 } },
    'a truth that is none': { query: '?orphanDependents=maybe', answer: { status: 400 } },
  }),
)('a delete with %s deletes nothing', async (_, { options, query = '', answer }) => {
  const { call, cluster } = await serveApi()
  await call('POST', CONFIG_MAPS, { body: configMap('x') })
  expect(await call('DELETE', `${CONFIG_MAPS}/x${query}`, { body: options })).toMatchObject(answer)
  expect(await cluster.list('ConfigMap')).toHaveLength(1)
})

test('dependents stay, go after, or go first', async () => {
  const { call, cluster } = await serveApi()
  const owned = async (name: string) => {
    const { body: owner } = await call('POST', CONFIG_MAPS, { body: configMap(name) })
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name, uid: metadataOf(owner)['uid'] }
    await call('POST', CONFIG_MAPS, { body: configMap(`${name}-child`, { ownerReferences: [reference] }) })
  }
  const names = async () => (await cluster.list('ConfigMap')).map(({ metadata }) => metadata.name)
  await owned('a')
  await call('DELETE', `${CONFIG_MAPS}/a`, { body: { kind: 'DeleteOptions', propagationPolicy: 'Orphan' } })
  await cluster.collected()
  expect(await names()).toEqual(['a-child'])
  await owned('b')
  await call('DELETE', `${CONFIG_MAPS}/b?propagationPolicy=Background`)
  await cluster.collected()
  expect(await names()).toEqual(['a-child'])
})

test('a collection is deleted by selectors', async () => {
  const { call, cluster } = await serveApi()
  for (const [name, team] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'y'],
    ['d', 'z'],
  ] as const) {
    await call('POST', CONFIG_MAPS, { body: configMap(name, { labels: { team } }) })
  }
  const names = async () => (await cluster.list('ConfigMap')).map(({ metadata }) => metadata.name)
  expect(itemsOf(await call('DELETE', `${CONFIG_MAPS}?labelSelector=team%3Dx`))).toEqual(['a', 'b'])
  expect(await names()).toEqual(['c', 'd'])
  expect(itemsOf(await call('DELETE', `${CONFIG_MAPS}?fieldSelector=metadata.name%3Dd`))).toEqual(['d'])
  expect(itemsOf(await call('DELETE', `${CONFIG_MAPS}?labelSelector=team%3Dnone`))).toEqual([])
  await call('POST', CONFIG_MAPS, { body: configMap('e') })
  expect(itemsOf(await call('DELETE', `${CONFIG_MAPS}?limit=1`))).toEqual(['c'])
  expect(await call('DELETE', CONFIG_MAPS)).toMatchObject({ status: 200, body: { kind: 'ConfigMapList' } })
  expect(await names()).toEqual([])
})

test('a namespace is finalized', async () => {
  const { call } = await serveApi()
  const { body: namespace } = await call('GET', '/api/v1/namespaces/ci')
  const body = { ...namespace, spec: { finalizers: [] } }
  expect(await call('PUT', '/api/v1/namespaces/ci/finalize', { body })).toMatchObject({ status: 200 })
})

function metadataOf(body: unknown): Readonly<Record<string, unknown>> {
  return (body as { metadata: Readonly<Record<string, unknown>> }).metadata
}

function itemsOf({ body }: Answer): readonly unknown[] {
  return (body as { items: unknown[] }).items.map(item => metadataOf(item)['name'])
}

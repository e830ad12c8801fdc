import { once } from 'node:events'
import { createConnection } from 'node:net'
import { expect, test } from 'vitest'
import { REVIEW_RESOURCES } from '../../src/api/access/reviews.js'
import { apiVersionOf, KINDS, type Kind } from '../../src/resources/kinds.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'
import { serveApi, TOKEN } from './world.js'

const PIPELINES = '/apis/tekton.dev/v1/namespaces/default/pipelines'
const RUNS = '/apis/tekton.dev/v1/namespaces/default/pipelineruns'
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'

const configMap = (name: string, data: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})
const pipelineRun = {
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata: { name: 'run' },
  spec: { pipelineRef: { name: 'p' } },
}

function pathsOf(kind: Kind): readonly string[] {
  const version = apiVersionOf(kind)
  const base = `${version.includes('/') ? '/apis/' : '/api/'}${version}`
  const { plural, namespaced } = KINDS[kind]
  const collection = namespaced ? `${base}/namespaces/default/${plural}` : `${base}/${plural}`
  return [`${base}/${plural}`, collection, `${collection}/x`, `${collection}/x/status`]
}

const ROUTES = [
  ...(Object.keys(KINDS) as Kind[]).flatMap(pathsOf),
  '/api',
  '/apis',
  '/apis/tekton.dev/v1',
  '/version',
  '/api/v1/namespaces/default/pods/x/log?container=step-a',
  '/nothing/here',
  '/',
]
const BAD_TOKENS = [
  '',
  'Bearer',
  'Bearer wrong',
  `Bearer ${TOKEN}x`,
  `Bearer ${TOKEN.slice(0, -1)}`,
  `bearer ${TOKEN}`,
  `Basic ${TOKEN}`,
  TOKEN,
  `Bearer ${'x'.repeat(TOKEN.length)}`,
]

test('no route, no verb and no body is let in without the token, and with it every route answers something else', async () => {
  const { call, cluster } = await serveApi()
  for (const path of ROUTES) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const refused = await call(method, path, { authorization: '', body: configMap('x') })
      expect([method, path, refused.status]).toEqual([method, path, 401])
      expect(refused.body).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Unauthorized', code: 401 })
    }
    const welcome = await call('GET', path)
    expect([path, welcome.status === 401 || welcome.status >= 500]).toEqual([path, false])
  }
  expect(await cluster.list('ConfigMap')).toEqual([])
})

test.each(BAD_TOKENS)('"%s" is not the token', async authorization => {
  const { call } = await serveApi()
  const { status, text } = await call('GET', CONFIG_MAPS, { authorization })
  expect(status).toBe(401)
  expect(text).not.toContain(TOKEN)
})

test('whether it lives is told to everybody, and nothing else is', async () => {
  const { call } = await serveApi()
  for (const path of ['/livez', '/readyz', '/healthz']) {
    expect(await call('GET', path, { authorization: '' })).toMatchObject({ status: 200, text: 'ok' })
  }
  expect((await call('GET', '/livez/../api', { authorization: '' })).status).toBe(401)
})

test('an object is created, read, listed, replaced and deleted', async () => {
  const { call } = await serveApi()
  const created = await call('POST', CONFIG_MAPS, { body: configMap('one', { a: '1' }) })
  expect(created.status).toBe(201)
  expect(created.body).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'one', uid: expect.any(String) } })
  expect((await call('GET', `${CONFIG_MAPS}/one`)).body).toEqual(created.body)

  const replaced = await call('PUT', `${CONFIG_MAPS}/one`, { body: { ...created.body, data: { a: '2' } } })
  expect(replaced).toMatchObject({ status: 200, body: { data: { a: '2' } } })
  expect((await call('GET', CONFIG_MAPS)).body).toMatchObject({
    kind: 'ConfigMapList',
    apiVersion: 'v1',
    items: [replaced.body],
  })

  expect(await call('DELETE', `${CONFIG_MAPS}/one`)).toMatchObject({ status: 200, body: { status: 'Success' } })
  expect(await call('DELETE', `${CONFIG_MAPS}/one`)).toMatchObject({ status: 404, body: { reason: 'NotFound' } })
  expect((await call('GET', CONFIG_MAPS)).body).toMatchObject({ items: [] })
})

test('the same name twice is a conflict, and says whose', async () => {
  const { call } = await serveApi()
  await call('POST', CONFIG_MAPS, { body: configMap('one') })
  expect(await call('POST', CONFIG_MAPS, { body: configMap('one') })).toMatchObject({
    status: 409,
    body: { reason: 'AlreadyExists', message: 'configmaps "one" already exists', code: 409 },
  })
})

test('a stale version is a conflict and changes nothing; without a version the last writer wins', async () => {
  const { call } = await serveApi()
  const { body: first } = await call('POST', CONFIG_MAPS, { body: configMap('one', { a: '1' }) })
  await call('PUT', `${CONFIG_MAPS}/one`, { body: { ...first, data: { a: '2' } } })
  expect(await call('PUT', `${CONFIG_MAPS}/one`, { body: { ...first, data: { a: '3' } } })).toMatchObject({
    status: 409,
    body: { reason: 'Conflict', message: expect.stringContaining('apply your changes to the latest version') },
  })
  expect((await call('GET', `${CONFIG_MAPS}/one`)).body).toMatchObject({ data: { a: '2' } })
  expect((await call('PUT', `${CONFIG_MAPS}/one`, { body: configMap('one', { a: '4' }) })).status).toBe(200)
  expect((await call('GET', `${CONFIG_MAPS}/one`)).body).toMatchObject({ data: { a: '4' } })
})

test('a list is of one namespace or of all, and of equal labels', async () => {
  const { call } = await serveApi()
  const put = (namespace: string, name: string, labels: object) =>
    call('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels } },
    })
  await put('default', 'a', { team: 'x' })
  await put('ci', 'b', { team: 'x', tier: 'db' })
  await put('ci', 'c', { team: 'y' })
  const names = async (path: string) => {
    const { items } = (await call('GET', path)).body as { items: { metadata: { name: string } }[] }
    return items.map(item => item.metadata.name)
  }
  expect(await names('/api/v1/configmaps')).toEqual(['b', 'c', 'a'])
  expect(await names('/api/v1/namespaces/ci/configmaps')).toEqual(['b', 'c'])
  expect(await names('/api/v1/configmaps?labelSelector=team%3Dx')).toEqual(['b', 'a'])
  expect(await names('/api/v1/configmaps?labelSelector=team%3D%3Dx,tier=db')).toEqual(['b'])
})

test('status is written by its own path only, and that path writes nothing else', async () => {
  const { call } = await serveApi()
  const status = { conditions: [{ type: 'Succeeded', status: 'Unknown', reason: 'Running' }] }
  const { body: created } = await call('POST', RUNS, { body: { ...pipelineRun, status } })
  expect(created).not.toHaveProperty('status')
  const sneaky = { ...created, status, spec: { pipelineRef: { name: 'another' } } }
  const { body: written } = await call('PUT', `${RUNS}/run/status`, { body: sneaky })
  expect(written).toMatchObject({ status, spec: { pipelineRef: { name: 'p' } } })
  const { body: replaced } = await call('PUT', `${RUNS}/run`, { body: { ...written, status: {} } })
  expect(replaced).toMatchObject({ status })
  expect((await call('GET', `${RUNS}/run/status`)).body).toEqual(replaced)
})

test('how a run ended cannot be told otherwise', async () => {
  const { call } = await serveApi()
  const condition = { type: 'Succeeded', status: 'True', reason: 'Succeeded', message: 'done' }
  const ended = {
    conditions: [condition],
    completionTime: '2026-01-01T00:00:00Z',
    results: [{ name: 'r', value: 'v' }],
  }
  const { body: created } = await call('POST', RUNS, { body: pipelineRun })
  const { body: done } = await call('PUT', `${RUNS}/run/status`, { body: { ...created, status: ended } })
  for (const change of [
    { conditions: [{ ...condition, status: 'False' }] },
    { conditions: [] },
    { completionTime: '2027-01-01T00:00:00Z' },
    { results: [] },
  ]) {
    const answer = await call('PUT', `${RUNS}/run/status`, { body: { ...done, status: { ...ended, ...change } } })
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ message: expect.stringContaining('Once the PipelineRun is complete') })
  }
  const more = { ...ended, finallyStartTime: '2026-01-01T00:00:00Z' }
  expect((await call('PUT', `${RUNS}/run/status`, { body: { ...done, status: more } })).status).toBe(200)
  expect((await call('GET', `${RUNS}/run`)).body).toMatchObject({ status: more })
})

test('a kind without a status has none to write', async () => {
  const { call } = await serveApi()
  const { body } = await call('POST', CONFIG_MAPS, { body: configMap('one') })
  expect(await call('PUT', `${CONFIG_MAPS}/one/status`, { body: { ...body, status: {} } })).toMatchObject({
    status: 404,
    body: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  })
})

test('what Tekton’s webhook refuses is refused with its text, and what to do about it as cause', async () => {
  const { call, cluster } = await serveApi()
  const cycle = yaml<object>`
    apiVersion: tekton.dev/v1
    kind: Pipeline
    metadata: { name: round }
    spec:
      tasks:
        - { name: a, runAfter: [b], taskRef: { name: t } }
        - { name: b, runAfter: [a], taskRef: { name: t } }
  `
  const { status, body } = await call('POST', PIPELINES, { body: cycle })
  expect(status).toBe(400)
  expect(body).toMatchObject({
    kind: 'Status',
    status: 'Failure',
    reason: 'BadRequest',
    code: 400,
    message:
      'admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: invalid value: cycle detected; task "a" depends on "b": spec.tasks',
    details: { causes: [{ reason: 'FieldValueInvalid', field: expect.stringContaining('spec.tasks') }] },
  })
  expect(await cluster.list('Pipeline')).toEqual([])
})

test('what is wrong with a kind of Triggers is said by the webhook of Triggers', async () => {
  const { call } = await serveApi()
  const { status, body } = await call('POST', '/apis/triggers.tekton.dev/v1beta1/namespaces/default/triggertemplates', {
    body: {
      apiVersion: 'triggers.tekton.dev/v1beta1',
      kind: 'TriggerTemplate',
      metadata: { name: 'empty' },
      spec: {},
    },
  })
  expect(status).toBe(400)
  expect(body).toMatchObject({
    message:
      'admission webhook "validation.webhook.triggers.tekton.dev" denied the request: validation failed: missing field(s): spec, spec.resourcetemplates',
  })
})

test('all problems of an object are told at once', async () => {
  const { call } = await serveApi()
  const body = yaml<object>`
    apiVersion: tekton.dev/v1
    kind: Pipeline
    metadata: { name: several }
    spec:
      tasks:
        - { name: a, taskRef: { name: t }, timeout: soon }
        - { name: b, taskRef: { name: 5 } }
  `
  const { message } = (await call('POST', PIPELINES, { body })).body as { message: string }
  expect(message).toContain('time: invalid duration "soon"')
  expect(message).toContain('spec.tasks[1].taskRef.name in body must be of type string')
})

test('a run that exists changes in no way but to be cancelled', async () => {
  const { call } = await serveApi()
  const { body: created } = await call('POST', RUNS, { body: pipelineRun })
  const spec = (created as { spec: object }).spec
  const other = { ...created, spec: { ...spec, pipelineRef: { name: 'another' } } }
  expect(await call('PUT', `${RUNS}/run`, { body: other })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('only status updates are allowed: spec') },
  })
  const cancelled = await call('PUT', `${RUNS}/run`, { body: { ...created, spec: { ...spec, status: 'Cancelled' } } })
  expect(cancelled).toMatchObject({ status: 200, body: { spec: { status: 'Cancelled' } } })
  const labelled = { ...cancelled.body, metadata: { ...(cancelled.body?.['metadata'] as object), labels: { a: 'b' } } }
  expect((await call('PUT', `${RUNS}/run`, { body: labelled })).status).toBe(200)
})

test('a child that the engine made without defaults can still be cancelled', async () => {
  const { call, cluster } = await serveApi()
  const made = await cluster.create('TaskRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'run-a', namespace: 'default' },
    spec: { taskRef: { name: 't' } },
  })
  const body = { ...made, spec: { ...made.spec, status: 'TaskRunCancelled' } }
  const path = '/apis/tekton.dev/v1/namespaces/default/taskruns/run-a'
  expect(await call('PUT', path, { body })).toMatchObject({
    status: 200,
    body: { spec: { status: 'TaskRunCancelled' } },
  })
})

test.each(
  cases<{ method: string; path: string; body?: unknown; status: number; message: RegExp }>({
    'an unknown resource': {
      method: 'GET',
      path: '/apis/tekton.dev/v1/namespaces/a/things',
      status: 404,
      message: /^the server could not find the requested resource$/,
    },
    'an unknown group': {
      method: 'GET',
      path: '/apis/nobody.dev/v1/pipelines',
      status: 404,
      message: /could not find/,
    },
    'a version nobody serves': {
      method: 'GET',
      path: '/apis/tekton.dev/v9/pipelines',
      status: 404,
      message: /could not find/,
    },
    'a path that goes too deep': { method: 'GET', path: `${RUNS}/a/b/c`, status: 404, message: /could not find/ },
    'a namespaced kind by name without a namespace': {
      method: 'GET',
      path: '/api/v1/configmaps/x',
      status: 404,
      message: /could not find/,
    },
    'a name of every object': {
      method: 'GET',
      path: '/apis/tekton.dev/v1/namespaces/a/constructor',
      status: 404,
      message: /could not find/,
    },
    'an object that is not there': {
      method: 'GET',
      path: `${RUNS}/nobody`,
      status: 404,
      message: /^pipelineruns\.tekton\.dev "nobody" not found$/,
    },
    'replacing what is not there': {
      method: 'PUT',
      path: `${CONFIG_MAPS}/nobody`,
      body: configMap('nobody'),
      status: 404,
      message: /^configmaps "nobody" not found$/,
    },
    'creating under a name': {
      method: 'POST',
      path: `${RUNS}/x`,
      body: {},
      status: 405,
      message: /does not allow this method/,
    },
    'replacing a collection': {
      method: 'PUT',
      path: RUNS,
      body: {},
      status: 405,
      message: /does not allow this method/,
    },
    'a subresource nobody has': {
      method: 'GET',
      path: `${RUNS}/x/scale`,
      status: 404,
      message: /could not find/,
    },
    'a selector that is none': {
      method: 'GET',
      path: `${RUNS}?labelSelector=a%20in%20b`,
      status: 400,
      message: /unable to parse requirement: found 'b' expected: '\('/,
    },
    'a field nobody can select by': {
      method: 'GET',
      path: `${RUNS}?fieldSelector=a%3Db`,
      status: 400,
      message: /^field label not supported: a$/,
    },
    'a body that is no JSON': {
      method: 'POST',
      path: RUNS,
      body: '{"a":',
      status: 400,
      message:
        /^the object provided is unrecognized \(must be of type PipelineRun\): couldn't get version\/kind; json parse error: .* \(\{"a":\)$/,
    },
    'no body': { method: 'POST', path: RUNS, status: 400, message: /unexpected end of JSON input \(<empty>\)$/ },
    'a list for an object': { method: 'POST', path: RUNS, body: [], status: 400, message: /it is no JSON object/ },
    'a text for an object': {
      method: 'POST',
      path: RUNS,
      body: '"text"',
      status: 400,
      message: /it is no JSON object/,
    },
    'null for an object': { method: 'POST', path: RUNS, body: 'null', status: 400, message: /it is no JSON object/ },
    'another kind than the URL': {
      method: 'POST',
      path: RUNS,
      body: configMap('x'),
      status: 400,
      message: /is a ConfigMap, the URL is for PipelineRun/,
    },
    'another namespace than the URL': {
      method: 'POST',
      path: '/api/v1/namespaces/ci/configmaps',
      body: configMap('x'),
      status: 400,
      message: /the namespace of the provided object does not match the namespace sent on the request/,
    },
    'metadata that is a text': {
      method: 'POST',
      path: RUNS,
      body: { ...pipelineRun, metadata: 'x' },
      status: 400,
      message: /./,
    },
    'metadata that is null': {
      method: 'POST',
      path: RUNS,
      body: { ...pipelineRun, metadata: null },
      status: 400,
      message: /./,
    },
    'a namespace that is none': {
      method: 'POST',
      path: '/api/v1/namespaces/No_Good/configmaps',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } },
      status: 404,
      message: /^namespaces "No_Good" not found$/,
    },
    'logs of what is no Pod': {
      method: 'GET',
      path: `${RUNS}/x/log?container=a`,
      status: 404,
      message: /could not find/,
    },
    'logs of a Pod that is not there': {
      method: 'GET',
      path: '/api/v1/namespaces/default/pods/x/log?container=step-a',
      status: 404,
      message: /^pods "x" not found$/,
    },
  }),
)('%s is answered with a Status that says so', async (_, { method, path, body, status, message }) => {
  const { call, cluster, lines } = await serveApi()
  const version = cluster.version()
  const answer = await call(method, path, { body })
  expect(answer.body).toMatchObject({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: status,
    message: expect.stringMatching(message),
  })
  expect(answer.status).toBe(status)
  expect(cluster.version()).toBe(version)
  // Everything here is the caller's mistake: the log of the server is for its own.
  expect(lines).toEqual([])
})

test.each([null, 1, 'x', [], {}, { metadata: null }, { metadata: 'x' }, { metadata: { name: 'other' } }])(
  'replacing an object by %j is the caller’s mistake',
  async body => {
    const { call, lines } = await serveApi()
    await call('POST', CONFIG_MAPS, { body: configMap('one') })
    for (const path of [`${CONFIG_MAPS}/one`]) {
      const answer = await call('PUT', path, { body: JSON.stringify(body) })
      expect(answer).toMatchObject({
        status: 400,
        body: {
          message: expect.stringMatching(/does not match the name on the URL \(one\)|is no JSON object/),
        },
      })
    }
    expect(lines).toEqual([])
  },
)

test.each(['soon', '-1', '1.5', 'NaN', '', '99999999999'])(
  'a grace of "%s" is refused and deletes nothing',
  async grace => {
    const { call, cluster } = await serveApi()
    await call('POST', CONFIG_MAPS, { body: configMap('one') })
    const answer = await call('DELETE', `${CONFIG_MAPS}/one?gracePeriodSeconds=${grace}`)
    expect(answer).toMatchObject({ status: 400, body: { message: expect.stringContaining(`is "${grace}"`) } })
    expect(await cluster.list('ConfigMap')).toHaveLength(1)
  },
)

const HOSTILE = [
  '//',
  '//evil/api/v1/configmaps',
  '/%',
  '/%zz',
  '/%ff%fe',
  '/api/v1/namespaces/default/configmaps/%00',
  '/api/v1/namespaces/default/configmaps/..%2f..%2ftoken',
  '/api/v1/namespaces/default/configmaps/../../../../token',
  '/api/v1/namespaces/%2e%2e/configmaps/x',
  `/api/v1/namespaces/default/configmaps/${'x'.repeat(5_000)}`,
  `/api/v1/namespaces/${'x'.repeat(5_000)}/configmaps`,
  `/${'a/'.repeat(3_000)}`,
  '/api/v1/namespaces/default/pods/..%2f..%2f/log?container=..%2f..%2fstep',
  '/apis/__proto__/v1/pipelines',
  '/api/v1/namespaces/__proto__/configmaps/__proto__',
]

test.each(HOSTILE)('the hostile path %s finds nothing and breaks nothing', async path => {
  const { call, lines } = await serveApi()
  for (const method of ['GET', 'DELETE', 'PUT']) {
    const answer = await call(method, path, { body: configMap('x') })
    const isEmptyList = answer.status === 200 && (answer.body?.['items'] as unknown[] | undefined)?.length === 0
    expect([method, isEmptyList || [400, 404, 405].includes(answer.status), answer.text]).toEqual([
      method,
      true,
      answer.text,
    ])
  }
  expect(lines).toEqual([])
  expect((await call('GET', CONFIG_MAPS)).status).toBe(200)
})

test.each(['*', 'http://evil.example/api/v1/configmaps', 'not a path'])(
  'a request line with %s is answered, not crashed on',
  async target => {
    const { port, call } = await serveApi()
    const socket = createConnection(port, '127.0.0.1')
    socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\nconnection: close\r\n\r\n`)
    const [data] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(data.toString()).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect((await call('GET', CONFIG_MAPS)).status).toBe(200)
  },
)

test('names that no object may have are refused by the store, with the rule', async () => {
  const { call, cluster } = await serveApi()
  for (const name of ['../x', 'a/b', 'UPPER', 'x'.repeat(300), '', 'a\u0000b', '-a', 'ü', '\u001b[2J']) {
    const answer = await call('POST', CONFIG_MAPS, { body: configMap(name) })
    expect([name, [400, 422].includes(answer.status)]).toEqual([name, true])
    expect(answer.body?.['message']).toMatch(/metadata\.name|name or generateName/)
  }
  expect(await cluster.list('ConfigMap')).toEqual([])
})

test('a body that is too large is 413, whoever sends it knows why, and nothing is stored', async () => {
  const { call, cluster } = await serveApi()
  const answer = await call('POST', CONFIG_MAPS, { body: configMap('large', { a: 'x'.repeat(8 * 1024 * 1024) }) })
  expect(answer).toMatchObject({
    status: 413,
    body: { reason: 'RequestEntityTooLarge', message: expect.stringMatching(/over 3145728 bytes: move large data/) },
  })
  expect(await cluster.list('ConfigMap')).toEqual([])
})

test('an object over the limit of one object is refused, also when the request is not', async () => {
  const { call, cluster } = await serveApi()
  const answer = await call('POST', CONFIG_MAPS, { body: configMap('large', { a: 'x'.repeat(2 * 1024 * 1024) }) })
  expect(answer).toMatchObject({
    status: 413,
    body: { reason: 'RequestEntityTooLarge', message: 'Request entity too large: limit is 1572864' },
  })
  expect(await cluster.list('ConfigMap')).toEqual([])
})

test('a store that is away is 503, and what else breaks is 500 without its insides', async () => {
  const { call, cluster } = await serveApi()
  await cluster.close()
  expect(await call('POST', CONFIG_MAPS, { body: configMap('x') })).toMatchObject({
    status: 503,
    body: { reason: 'ServiceUnavailable' },
  })
  const broken = await serveApi({
    metrics: { contentType: 'text/plain', text: () => Promise.reject(new Error('secret path /var/lib/tektite')) },
  })
  const answer = await broken.call('GET', '/metrics')
  expect(answer).toMatchObject({ status: 500, body: { reason: 'InternalError' } })
  expect(answer.text).not.toContain('/var/lib')
  expect(broken.lines).toEqual([
    expect.objectContaining({ message: 'api request failed', error: 'secret path /var/lib/tektite' }),
  ])
})

test('a client finds out what there is: every kind is in the list of its group', async () => {
  const { call } = await serveApi()
  const { groups } = (await call('GET', '/apis')).body as {
    groups: { name: string; versions: { groupVersion: string }[] }[]
  }
  const paths = ['/api/v1', ...groups.flatMap(group => group.versions.map(one => `/apis/${one.groupVersion}`))]
  const lists = await Promise.all(paths.map(path => call('GET', path)))
  const kinds = lists.flatMap(({ body }) =>
    (body as { resources: { kind: string }[] }).resources.map(({ kind }) => kind),
  )
  const reviews = REVIEW_RESOURCES.map(({ kind }) => kind)
  expect([...new Set(kinds)].sort()).toEqual([...Object.keys(KINDS), 'Delivery', 'PodExecOptions', ...reviews].sort())
})

test('what is taken and almost surely not meant comes with a warning, as kubectl shows it', async () => {
  const { call } = await serveApi()
  const path = '/apis/triggers.tekton.dev/v1beta1/namespaces/default/triggers'
  const trigger = (params: unknown) => ({
    apiVersion: 'triggers.tekton.dev/v1beta1',
    kind: 'Trigger',
    metadata: { name: 't' },
    spec: { interceptors: [{ ref: { name: 'github' }, params }], template: { ref: 't' } },
  })
  const warning =
    '299 - "anybody may send this event: the interceptor github has no secretRef, so no signature is looked at: spec.interceptors[0]: add the param secretRef, and enter the value of that Secret in the webhook at the git host"'
  expect(await call('POST', path, { body: trigger([]) })).toMatchObject({ status: 201, warnings: [warning] })
  const guarded = [{ name: 'secretRef', value: { secretName: 's', secretKey: 'k' } }]
  const patch = (params: unknown) =>
    call('PATCH', `${path}/t`, { body: { spec: trigger(params).spec }, contentType: 'application/merge-patch+json' })
  expect(await patch(guarded)).toMatchObject({ status: 200, warnings: [] })
  expect(await patch([])).toMatchObject({ status: 200, warnings: [warning] })
  expect(await call('GET', `${path}/t`)).toMatchObject({ status: 200, warnings: [] })
})

test('quotes in a warning end no header value', async () => {
  const { call } = await serveApi()
  const task = {
    apiVersion: 'tekton.dev/v1',
    kind: 'Task',
    metadata: { name: 't' },
    spec: { steps: [{ image: 'i', env: [{ name: 'A', value: 'x' }], script: 'echo $$(A)' }] },
  }
  const answer = await call('POST', '/apis/tekton.dev/v1/namespaces/default/tasks', { body: task })
  expect(answer.status).toBe(201)
  expect(answer.warnings).toEqual([expect.stringMatching(/^299 - "the shell reads \$\$\(A\) .*\\"\(A\)\\".*"$/)])
})

/** The API as a whole: whom it lets in, an object from its creation to its end, its limits, and what a broken store is. */
import { expect, test } from 'vitest'
import { REVIEW_RESOURCES } from '../../src/api/access/reviews.js'
import { groupVersionPath } from '../../src/resources/kind-table.js'
import { KINDS, type Kind } from '../../src/resources/kinds.js'
import { CONFIG_MAPS, configMap, pipelineRun, RUNS, serveApi, TOKEN } from './world.js'

function pathsOf(kind: Kind): readonly string[] {
  const { group, version, plural, namespaced } = KINDS[kind]
  const base = groupVersionPath(group, version)
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

test('a kind without a status has none to write', async () => {
  const { call } = await serveApi()
  const { body } = await call('POST', CONFIG_MAPS, { body: configMap('one') })
  expect(await call('PUT', `${CONFIG_MAPS}/one/status`, { body: { ...body, status: {} } })).toMatchObject({
    status: 404,
    body: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  })
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
  const unstored = ['Delivery', 'PodExecOptions', 'Run', 'RunExplanation', 'RunGraph', 'RunLogMatches']
  expect([...new Set(kinds)].sort()).toEqual([...Object.keys(KINDS), ...unstored, ...reviews].sort())
})

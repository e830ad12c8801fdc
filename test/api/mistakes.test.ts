/** What callers get wrong, by mistake or on purpose: answered with what is wrong, nothing written, nothing in the log. */
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { expect, test } from 'vitest'
import { cases } from '../helpers/cases.js'
import { CONFIG_MAPS, configMap, pipelineRun, RUNS, serveApi, TOKEN } from './world.js'

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

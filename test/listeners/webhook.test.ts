import { request } from 'node:http'
import { expect, test } from 'vitest'
import { createDispatcher } from '../../listeners/dispatch.js'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { SILENT } from '../../src/lib/log.js'
import { cases } from '../helpers/cases.js'
import { send, sendRaw, serve, sign } from './http.js'
import { clusterWith, objectsIn } from './world.js'

const SECRET = 'hunter2 is not a secret'
const OPEN = `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  triggers:
    - name: note
      bindings: [{ name: text, value: $(body.text) }]
      template:
        spec:
          params: [{ name: text, default: none }]
          resourcetemplates:
            - { apiVersion: v1, kind: ConfigMap, metadata: { generateName: note- }, data: { text: $(tt.params.text) } }
`
const GUARDED = `
apiVersion: v1
kind: Secret
metadata: { name: hook, namespace: ci }
stringData: { token: ${SECRET} }
---
${OPEN.replace('name: app', 'name: guarded').replace(
  '      bindings',
  '      interceptors: [{ ref: { name: github }, params: [{ name: secretRef, value: { secretName: hook, secretKey: token } }] }]\n      bindings',
)}`
const BODY = '{"text":"hello"}'

function receipt(uid: string, eventID: string, name = 'app'): string {
  return `${JSON.stringify({ eventListener: name, namespace: 'ci', eventListenerUID: uid, eventID })}\n`
}

async function uidOf(cluster: Cluster, name = 'app'): Promise<string> {
  return (await cluster.get('EventListener', { namespace: 'ci', name }))?.metadata.uid ?? ''
}

test('an event is stored as it came, and then answered with the body of Tekton', async () => {
  const cluster = await clusterWith(OPEN)
  const { port, inbox } = await serve({ cluster })
  const headers = { 'X-GitHub-Delivery': 'abc-1', 'X-Two': ['a', 'b'], 'Content-Type': 'application/json' }
  const answer = await send(port, '/hooks/ci/app?x=1', { headers, body: ' {"text": "hello"}' })
  const uid = await uidOf(cluster)
  expect(answer).toMatchObject({ status: 202, text: receipt(uid, '00000000-0000-4000-8000-000000000001') })
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(answer.headers['x-powered-by']).toBeUndefined()
  const stored = await inbox.get('ci/app/x-github-delivery/abc-1')
  expect(stored).toMatchObject({
    state: { is: 'pending' },
    delivery: {
      eventId: '00000000-0000-4000-8000-000000000001',
      receivedAt: 1_700_000_000_000,
      to: { kind: 'EventListener', namespace: 'ci', name: 'app', uid },
      url: '/hooks/ci/app?x=1',
      headers: { 'x-two': ['a', 'b'], 'x-github-delivery': ['abc-1'] },
    },
  })
  expect(Buffer.from(stored?.delivery.body ?? []).toString()).toBe(' {"text": "hello"}')
})

test('from the request to the object, once, however often it is sent', async () => {
  const cluster = await clusterWith(GUARDED)
  const { port, inbox } = await serve({ cluster })
  const headers = { 'X-GitHub-Delivery': 'd1', 'X-Hub-Signature-256': sign(BODY, SECRET) }
  const path = '/hooks/ci/guarded'
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(port, path, { headers, body: BODY })))
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect(answers[0]?.status).toBe(202)
  const worker = inbox.dispatch(createDispatcher({ cluster, admission: () => ({}), log: SILENT }), { concurrency: 4 })
  await expect
    .poll(async () => (await inbox.get('ci/guarded/x-github-delivery/d1'))?.state.is, { timeout: 10_000 })
    .toBe('done')
  await worker.close()
  expect(await objectsIn(cluster, 'ConfigMap')).toMatchObject([{ data: { text: 'hello' } }])
  expect(await inbox.get('ci/guarded/x-github-delivery/d1')).toMatchObject({
    copies: 20,
    state: { verdicts: [{ trigger: 'note', is: 'fired' }] },
  })
})

test('the same id with another body is refused', async () => {
  const { port } = await serve({ cluster: await clusterWith(OPEN) })
  const headers = { 'X-GitHub-Delivery': 'd1' }
  expect((await send(port, '/hooks/ci/app', { headers, body: BODY })).status).toBe(202)
  const other = await send(port, '/hooks/ci/app', { headers, body: '{}' })
  expect(other.status).toBe(409)
  expect(other.text).toContain('delivery ci/app/x-github-delivery/d1 came before with another body')
})

const ids = cases({
  GitHub: { headers: { 'X-GitHub-Delivery': 'g' }, id: 'ci/app/x-github-delivery/g' },
  GitLab: { headers: { 'Idempotency-Key': 'k', 'X-Gitlab-Event-UUID': 'u' }, id: 'ci/app/idempotency-key/k' },
  'Bitbucket Cloud': { headers: { 'X-Request-UUID': 'r' }, id: 'ci/app/x-request-uuid/r' },
  'Bitbucket Server': {
    headers: { 'X-Request-Id': 's', 'X-Event-Key': 'repo:refs_changed' },
    id: 'ci/app/x-request-id/s',
  },
  'anybody behind a proxy': {
    headers: { 'X-Request-Id': 's' },
    id: 'ci/app/event/00000000-0000-4000-8000-000000000001',
  },
  Gitea: { headers: { 'X-Gitea-Delivery': 't' }, id: 'ci/app/x-gitea-delivery/t' },
})

test.each(ids)('a delivery of %s is recognised by its header', async (_, { headers, id }) => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN) })
  await send(port, '/hooks/ci/app', { headers, body: BODY })
  expect((await inbox.list()).items.map(({ delivery }) => delivery.id)).toEqual([id])
})

test('an id that is long or odd is hashed, a CloudEvent counts with its source, without one each request counts', async () => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN) })
  await send(port, '/hooks/ci/app', { headers: { 'X-GitHub-Delivery': '../../etc/passwd' }, body: BODY })
  await send(port, '/hooks/ci/app', { headers: { 'X-GitHub-Delivery': 'x'.repeat(4000) }, body: BODY })
  await send(port, '/hooks/ci/app', { headers: { 'ce-id': '1', 'ce-source': 'a' }, body: BODY })
  await send(port, '/hooks/ci/app', { headers: { 'ce-id': '1', 'ce-source': 'b' }, body: BODY })
  await send(port, '/hooks/ci/app', { body: BODY })
  await send(port, '/hooks/ci/app', { body: BODY })
  await send(port, '/hooks/ci/app', { body: '{}' })
  const stored = (await inbox.list()).items.map(({ delivery }) => delivery.id)
  expect(new Set(stored).size).toBe(7)
  for (const id of stored) expect(id).toMatch(/^ci\/app\/((x-github-delivery|ce-id)\/[0-9a-f]{64}|event\/.+)$/)
})

const rejected = cases({
  'no signature': {},
  'an empty signature': { 'X-Hub-Signature-256': '' },
  'a wrong signature': { 'X-Hub-Signature-256': sign(BODY, 'wrong') },
  'the sha1 header only': { 'X-Hub-Signature': 'sha1=b3fdaf5d1a47e57527764a233659c650a11abdd8' },
  'upper-case hex': { 'X-Hub-Signature-256': `sha256=${sign(BODY, SECRET).slice(7).toUpperCase()}` },
  'two signatures that differ': { 'X-Hub-Signature-256': [sign(BODY, SECRET), sign(BODY, 'wrong')] },
})

test.each(rejected)('%s: answered like any event, and only why it was refused is kept', async (_, headers) => {
  const cluster = await clusterWith(GUARDED)
  const { port, inbox, lines } = await serve({ cluster })
  const answer = await send(port, '/hooks/ci/guarded', { headers, body: BODY })
  const eventId = '00000000-0000-4000-8000-000000000001'
  expect(answer).toMatchObject({ status: 202, text: receipt(await uidOf(cluster, 'guarded'), eventId, 'guarded') })
  await expect
    .poll(async () => (await inbox.list()).items, { timeout: 10_000 })
    .toMatchObject([
      {
        delivery: { id: `ci/guarded/rejected/${eventId}`, eventId, to: { name: 'guarded' } },
        bodyBytes: BODY.length,
        state: { is: 'rejected', refusals: [{ trigger: 'note', secret: 'ci/hook key token' }] },
      },
    ])
  const kept = await inbox.get(`ci/guarded/rejected/${eventId}`)
  expect(kept?.delivery.body).toEqual(new Uint8Array())
  expect(JSON.stringify(kept)).not.toMatch(/sha(1|256)=|hunter2/)
  expect(await inbox.replay(`ci/guarded/rejected/${eventId}`)).toBeUndefined()
  expect(lines).toMatchObject([
    {
      message: 'delivery rejected',
      listener: 'ci/guarded',
      trigger: 'note',
      header: 'X-Hub-Signature-256',
      secret: 'ci/hook key token',
    },
  ])
  expect(lines[0]?.['wayOut']).toMatch(/\S/)
  expect(JSON.stringify(lines)).not.toContain(SECRET)
  expect(JSON.stringify(lines)).not.toContain('hello')
})

test('a listener with a trigger for everybody stores what is not signed', async () => {
  const both = GUARDED.replace(/( +)- name: note\n/, '$1- { name: open, template: { ref: gone } }\n$&')
  const { port, inbox } = await serve({ cluster: await clusterWith(both) })
  expect((await send(port, '/hooks/ci/guarded', { body: BODY })).status).toBe(202)
  expect((await inbox.list()).items).toHaveLength(1)
})

test('a ping is an event like any other', async () => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN) })
  const body = '{"zen":"Design for failure.","hook_id":1}'
  const answer = await send(port, '/hooks/ci/app', { headers: { 'X-GitHub-Event': 'ping' }, body })
  expect(answer.status).toBe(202)
  expect((await inbox.list()).items).toHaveLength(1)
})

const bodies = cases({
  empty: { body: '', message: 'unexpected end of JSON input' },
  'cut short': { body: '{"a":', message: 'unexpected end of JSON input' },
  list: { body: '[1]', message: 'json: cannot unmarshal array into Go value of type map[string]interface {}' },
  text: { body: '"a"', message: 'json: cannot unmarshal string into Go value of type map[string]interface {}' },
  number: { body: '1', message: 'json: cannot unmarshal number into Go value of type map[string]interface {}' },
  form: { body: 'payload=%7B%7D', message: "invalid character 'p'" },
})

test.each(bodies)('a body that is no JSON object (%s) is answered as Tekton does', async (_, { body, message }) => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN) })
  const answer = await send(port, '/hooks/ci/app', { body })
  expect(answer.status).toBe(400)
  expect(JSON.parse(answer.text)).toEqual({
    eventListener: 'app',
    namespace: 'ci',
    eventListenerUID: '',
    errorMessage: expect.stringContaining(`Invalid event body format : ${message}`),
  })
  expect((await inbox.list()).items).toEqual([])
})

test('a listener may turn the validation off', async () => {
  const lenient = OPEN.replace(
    'namespace: ci }',
    'namespace: ci, annotations: { tekton.dev/payload-validation: "false" } }',
  )
  const { port, inbox } = await serve({ cluster: await clusterWith(lenient) })
  expect((await send(port, '/hooks/ci/app', { body: 'text=main&user=x' })).status).toBe(202)
  expect((await inbox.list()).items).toHaveLength(1)
})

test('the only listener is also served at /', async () => {
  const cluster = await clusterWith(OPEN)
  const { port, inbox } = await serve({ cluster })
  expect(await send(port, '/?x=1', { body: BODY })).toMatchObject({ status: 202 })
  expect((await inbox.list()).items).toMatchObject([{ delivery: { to: { name: 'app' }, url: '/?x=1' } }])
  await cluster.delete('EventListener', { namespace: 'ci', name: 'app' })
  expect(await send(port, '/', { body: BODY })).toMatchObject({ status: 404 })
})

test('with several listeners / is nobody, and none is named', async () => {
  const { port } = await serve({ cluster: await clusterWith(OPEN, GUARDED) })
  const answer = await send(port, '/', { body: BODY })
  expect(answer.status).toBe(404)
  expect(answer.text).not.toMatch(/guarded|app/)
})

test('an unknown listener is named and no other', async () => {
  const { port } = await serve({ cluster: await clusterWith(GUARDED) })
  const answer = await send(port, '/hooks/ci/nope', { body: BODY })
  expect(answer.status).toBe(404)
  expect(JSON.parse(answer.text)).toEqual({
    message: 'EventListener "ci/nope" does not exist: create it, or correct the webhook\'s URL',
  })
})

test.each(['/hooks/ci', '/hook/ci/app', '/hooks/CI/app', '/hooks/ci/..%2f..%2fapp', '/live/x', '/hooks/__proto__/app'])(
  'nothing is served at %s',
  async path => {
    const { port, inbox } = await serve({ cluster: await clusterWith(OPEN) })
    expect((await send(port, path, { body: BODY })).status).toBe(404)
    expect((await inbox.list()).items).toEqual([])
  },
)

test('a path that is not well encoded is refused without a word about how we are made', async () => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN) })
  const answer = await send(port, '/hooks/%ff/app', { body: BODY })
  expect(answer.status).toBe(400)
  expect(JSON.stringify(answer)).not.toMatch(/URIError|node_modules|\.js/)
  expect((await inbox.list()).items).toEqual([])
})

test('paths below a listener belong to it', async () => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN) })
  expect((await send(port, '/hooks/ci/app/deeper/path?x=1', { body: BODY })).status).toBe(202)
  expect((await inbox.list()).items).toMatchObject([{ delivery: { url: '/hooks/ci/app/deeper/path?x=1' } }])
})

test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s is refused the same for known and unknown listeners', async method => {
  const { port } = await serve({ cluster: await clusterWith(OPEN) })
  const known = await send(port, '/hooks/ci/app', { method })
  const unknown = await send(port, '/hooks/ci/nope', { method })
  expect(known).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  expect(unknown.status).toBe(known.status)
  expect(unknown.text).toBe(known.text)
})

test('GET /live says ok', async () => {
  const { port } = await serve({ cluster: await clusterWith() })
  expect(await send(port, '/live', { method: 'GET' })).toMatchObject({ status: 200, text: 'ok' })
})

test('a body at the limit is taken, one byte more is not', async () => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN), maxBodyBytes: 100 })
  const fits = `{"text":"${'x'.repeat(100 - 11)}"}`
  expect(fits).toHaveLength(100)
  expect((await send(port, '/hooks/ci/app', { body: fits })).status).toBe(202)
  const answer = await send(port, '/hooks/ci/app', { body: `${fits} ` })
  expect(answer).toMatchObject({ status: 413, headers: { connection: 'close' } })
  expect((await inbox.list()).items).toHaveLength(1)
})

test('a large body is taken whole', async () => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN) })
  const body = `{"text":"${'x'.repeat(5_000_000)}"}`
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      send(port, '/hooks/ci/app', { headers: { 'X-GitHub-Delivery': `${index}` }, body }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202))
  const { items: stored } = await inbox.list()
  expect(stored.map(({ bodyBytes }) => bodyBytes)).toEqual(Array(8).fill(body.length))
})

test('large bodies that come slowly give their places up to others that wait', async () => {
  const { port, lines } = await serve({
    cluster: await clusterWith(OPEN),
    largeBodies: { places: 2, maxWaiting: 4, fairMs: 20 },
  })
  const head = 'POST /hooks/ci/app HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n{"text":"'
  const slow = [1, 2].map(() => sendRaw(port, head + 'x'.repeat(1_100_000)))
  const body = `{"text":"${'x'.repeat(2_000_000)}"}`
  let answer: string | undefined
  void Promise.race(slow).then(text => {
    answer = text
  })
  for (let id = 0; answer === undefined; id++) {
    const quick = await send(port, '/hooks/ci/app', { headers: { 'X-GitHub-Delivery': `${id}` }, body })
    expect(quick.status).toBe(202)
  }
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(lines.map(({ message }) => message)).toContain('large delivery came too slowly')
})

test('a Content-Length over the limit is refused before the body comes', async () => {
  const { port } = await serve({ cluster: await clusterWith(OPEN), maxBodyBytes: 100 })
  const head = 'POST /hooks/ci/app HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n'
  const answer = await sendRaw(port, head)
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  expect(answer).toContain('the body is larger than 100 bytes')
})

test('an endless chunked body is cut at the limit', async () => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN), maxBodyBytes: 1000 })
  const chunk = `400\r\n${'x'.repeat(0x400)}\r\n`
  const head = 'POST /hooks/ci/app HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
  expect(await sendRaw(port, head + chunk)).toMatch(/^HTTP\/1\.1 413 /)
  expect((await inbox.list()).items).toEqual([])
})

test('a body that is compressed is refused', async () => {
  const { port } = await serve({ cluster: await clusterWith(OPEN) })
  const answer = await send(port, '/hooks/ci/app', { headers: { 'Content-Encoding': 'gzip' }, body: BODY })
  expect(answer.status).toBe(415)
  expect((await send(port, '/hooks/ci/app', { headers: { 'Content-Encoding': 'identity' }, body: BODY })).status).toBe(
    202,
  )
})

const malformed = cases({
  'both lengths': 'POST /hooks/ci/app HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
  'two lengths': 'POST /hooks/ci/app HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
  'no Host': 'POST /hooks/ci/app HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}',
  'a header without a name': 'POST /hooks/ci/app HTTP/1.1\r\nHost: x\r\n: y\r\nContent-Length: 2\r\n\r\n{}',
  'a line break in a header': 'POST /hooks/ci/app HTTP/1.1\r\nHost: x\r\nX: a\rb\r\nContent-Length: 2\r\n\r\n{}',
})

test.each(malformed)('a request with %s is answered 400', async (_, bytes) => {
  const { port, inbox } = await serve({ cluster: await clusterWith(OPEN) })
  expect(await sendRaw(port, bytes)).toMatch(/^HTTP\/1\.1 400 /)
  expect((await inbox.list()).items).toEqual([])
})

test('headers beyond all measure are answered 431', async () => {
  const { port } = await serve({ cluster: await clusterWith(OPEN) })
  const many = Array.from({ length: 10_000 }, (_, index) => `X-${index}: y`).join('\r\n')
  const answer = sendRaw(port, `POST /hooks/ci/app HTTP/1.1\r\nHost: x\r\n${many}\r\n\r\n`).catch(String)
  // Node may close while we still write; then there is no answer to read.
  expect(await answer).toMatch(/^HTTP\/1\.1 431 |ECONNRESET|EPIPE/)
})

test('a sender that goes away in the middle leaves nothing behind', async () => {
  const { port, inbox, lines } = await serve({ cluster: await clusterWith(OPEN) })
  const sending = request({ host: '127.0.0.1', port, path: '/hooks/ci/app', method: 'POST', agent: false })
  sending.on('error', () => {
    // Ours: destroyed below.
  })
  sending.setHeader('Content-Length', '100')
  sending.write('{"text":')
  await expect.poll(() => sending.socket?.bytesWritten ?? 0).toBeGreaterThan(0)
  sending.destroy()
  await expect.poll(() => lines.map(({ message }) => message)).toEqual(['sender went away'])
  expect((await inbox.list()).items).toEqual([])
})

test('what cannot be stored is not acknowledged', async () => {
  const inbox = { accept: () => Promise.reject(new Error('disk full')), reject: () => {} }
  const { port, lines } = await serve({ cluster: await clusterWith(OPEN), inbox })
  const answer = await send(port, '/hooks/ci/app', { body: BODY })
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  expect(answer.text).not.toContain('disk full')
  expect(lines).toMatchObject([{ message: 'webhook not taken in', error: expect.stringContaining('disk full') }])
})

test('a cluster that is away is answered 503, a mistake of ours 500', async () => {
  const cluster = await clusterWith(OPEN)
  let fault: Error = new ClusterError('Unavailable', 'connection refused')
  const broken: Cluster = { ...cluster, get: () => Promise.reject(fault) }
  const { port } = await serve({ cluster: broken })
  expect(await send(port, '/hooks/ci/app', { body: BODY })).toMatchObject({ status: 503 })
  fault = new TypeError('x is not a function')
  const answer = await send(port, '/hooks/ci/app', { body: BODY })
  expect(answer.status).toBe(500)
  expect(answer.text).not.toContain('is not a function')
})

test('keys that mean something to JavaScript are data', async () => {
  const cluster = await clusterWith(OPEN)
  const { port, inbox } = await serve({ cluster })
  const body = '{"text":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
  await send(port, '/hooks/ci/app', { headers: { __proto__: 'x' } as never, body })
  const worker = inbox.dispatch(createDispatcher({ cluster, admission: () => ({}), log: SILENT }), { concurrency: 1 })
  await expect.poll(async () => (await inbox.list()).items[0]?.state.is, { timeout: 10_000 }).toBe('done')
  await worker.close()
  expect(await objectsIn(cluster, 'ConfigMap')).toMatchObject([{ data: { text: 'x' } }])
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

/** The bounded client against real servers: what is sent, what is followed, what is trusted, what is given up. */
import { expect, test } from 'vitest'
import { allowList, clusterAddresses, publicAddresses } from '../../src/fetch/addresses.js'
import { createGuard, type ResolveName } from '../../src/fetch/guard.js'
import { type HttpBounds, type HttpRequest, httpFetch } from '../../src/fetch/http-fetch.js'
import { cases } from '../helpers/cases.js'
import { selfSigned } from './certificate.js'
import { endless, json, record } from './recorder.js'

const LOOPBACK = createGuard(publicAddresses(allowList('127.0.0.1'), 'tests fetch from'))

function ask(request: HttpRequest, bounds: Partial<HttpBounds> = {}) {
  return httpFetch(request, { guard: LOOPBACK, signal: AbortSignal.timeout(20_000), maxBytes: 1_000, ...bounds })
}

test('method, headers and body arrive as they were given', async () => {
  const { url, requests } = await record(json({ ok: true }, 201))
  const answer = await ask({
    method: 'POST',
    url: `${url}/a?b=c`,
    headers: { 'X-Two': ['1', '2'], 'Content-Type': 'text/plain' },
    body: 'über',
  })
  expect(answer.status).toBe(201)
  expect(answer.body.toString()).toBe('{"ok":true}')
  expect(requests).toMatchObject([{ line: 'POST /a?b=c', body: 'über' }])
  expect(requests[0]?.headers).toEqual({
    'user-agent': 'tektite',
    accept: '*/*',
    'accept-encoding': 'identity',
    'content-length': '5',
    'content-type': 'text/plain',
    'x-two': '1, 2',
    host: url.replace('http://', ''),
    connection: 'close',
  })
})

test('a GET is redirected; to another origin go no headers but accept', async () => {
  const other = await record(json('there'))
  const { url, requests } = await record(({ line }, response) =>
    response.writeHead(302, { location: line === 'GET /' ? '/own' : `${other.url}/other` }).end(),
  )
  await ask({ url, headers: { Authorization: 'Bearer t', 'Private-Token': 't', Accept: 'text/x' } })
  expect(requests.map(({ line, headers }) => [line, headers.authorization])).toEqual([
    ['GET /', 'Bearer t'],
    ['GET /own', 'Bearer t'],
  ])
  const [there] = other.requests
  expect(there?.line).toBe('GET /other')
  expect(there?.headers).not.toHaveProperty('authorization')
  expect(there?.headers).not.toHaveProperty('private-token')
  expect(there?.headers.accept).toBe('text/x')
})

test('to a POST a redirect is the answer', async () => {
  const { url, requests } = await record((_request, response) =>
    response.writeHead(307, { location: 'http://169.254.169.254/latest' }).end('elsewhere'),
  )
  const answer = await ask({ method: 'POST', url, body: 'secret' })
  expect([answer.status, answer.body.toString()]).toEqual([307, 'elsewhere'])
  expect(requests).toHaveLength(1)
})

test.each(
  cases({
    'a header name with a line break': { 'x\r\ninjected': 'a' },
    'a header value with a line break': { x: 'a\r\ninjected: b' },
    'a header value of several, one with a line break': { x: ['a', 'b\ninjected: c'] },
  } as Record<string, Record<string, string | string[]>>),
)('nothing is sent with %s', async (_, headers) => {
  const { url, requests } = await record(json({}))
  await expect(ask({ url, headers })).rejects.toMatchObject({ name: 'FetchError', temporary: false })
  expect(requests).toEqual([])
})

test('a CA bundle is what is trusted, and nothing else', async () => {
  const identity = selfSigned()
  const { url } = await record(json('private'), identity)
  await expect(ask({ url })).rejects.toMatchObject({ name: 'FetchError', message: /self-signed certificate/ })
  await expect(ask({ url }, { caBundle: selfSigned().cert })).rejects.toThrow(/certificate/)
  expect((await ask({ url }, { caBundle: identity.cert })).body.toString()).toBe('"private"')
})

test('a certificate of another name is refused, also when its CA is trusted', async () => {
  const identity = selfSigned('a.b.svc')
  const { port } = await record(json('svc'), identity)
  const toLoopback: ResolveName = (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }])
  const guard = createGuard(clusterAddresses, toLoopback)
  const bounds = { guard, caBundle: identity.cert }
  expect((await ask({ url: `https://a.b.svc:${port}` }, bounds)).status).toBe(200)
  await expect(ask({ url: `https://c.b.svc:${port}` }, bounds)).rejects.toThrow(/does not match certificate/)
})

test('a name is not connected to when its address is not allowed', async () => {
  const toMetadata: ResolveName = (_name, _options, callback) =>
    callback(null, [{ address: '169.254.169.254', family: 4 }])
  await expect(ask({ url: 'http://a.b.svc' }, { guard: createGuard(clusterAddresses, toMetadata) })).rejects.toThrow(
    '"a.b.svc" stands for 169.254.169.254, a link-local address, which no Service has',
  )
  const nobody = createGuard(publicAddresses(allowList(''), 'tests fetch from'))
  await expect(ask({ url: 'http://localhost:1' }, { guard: nobody })).rejects.toThrow(
    /"localhost" stands for .*, a loopback address, and tests fetch from public addresses only/,
  )
})

test('a body that never ends is given up at the limit; of an error the beginning is enough', async () => {
  const ok = await record(endless)
  await expect(ask({ url: ok.url })).rejects.toThrow('response body exceeds maximum allowed size of 1000 bytes')
  const broken = await record((request, response) => {
    response.writeHead(500)
    endless(request, response)
  })
  const answer = await ask({ url: broken.url })
  expect([answer.status, answer.body.length]).toEqual([500, 1_000])
})

test('a server that says nothing, or begins and stops, is left when the time is over', async () => {
  const silent = await record(() => undefined)
  await expect(ask({ url: silent.url }, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/)
  const stopping = await record((_request, response) => response.write('a'))
  await expect(ask({ url: stopping.url }, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/)
  await expect(ask({ url: silent.url }, { signal: AbortSignal.abort(new Error('closing')) })).rejects.toThrow('closing')
})

test('a connection that fails is worth another try, a wrong url is not', async () => {
  const { url } = await record((_request, response) => response.destroy())
  await expect(ask({ url })).rejects.toMatchObject({ name: 'FetchError', temporary: true })
  await expect(ask({ url: 'file:///etc/passwd' })).rejects.toMatchObject({ name: 'FetchError', temporary: false })
})

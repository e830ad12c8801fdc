/** The http resolver against a real server: checks, credentials, bounds, and where it does not go. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createHttpResolver } from '../../src/resolve/http.js'
import { cases } from '../helpers/cases.js'
import { storeWith } from '../reconcile/real-store.js'
import { request, resolutionOf, TASK, told } from './requests.js'
import { LOOPBACK, NOTHING, serve, servePaths } from './servers.js'

async function ask(params: Readonly<Record<string, string>>, guard = LOOPBACK, ...objects: readonly string[]) {
  const cluster = await storeWith(...objects)
  const resolution = resolutionOf(cluster, createHttpResolver({ cluster, guard }))
  return told(await resolution.resolve(request('http', params), AbortSignal.timeout(20_000)))
}

const GETTING = 'error getting "Http" "default/r": '
const INVALID = 'invalid resource request "default/r": '
const sha = (algorithm: string) => createHash(algorithm).update(TASK).digest('hex')

test('a manifest is found, with its URL and digest as source', async () => {
  const { url } = await servePaths({ '/task.yaml': TASK })
  const expected = {
    data: TASK,
    refSource: { uri: `${url}/task.yaml`, digest: { sha256: sha('sha256') } },
    annotations: {},
  }
  expect(await ask({ url: `${url}/task.yaml` })).toEqual(expected)
  expect(await ask({ url: `${url}/task.yaml`, digest: `sha512:${sha('sha512')}` })).toEqual(expected)
})

test.each(
  cases({
    'no url': { params: {}, message: `${INVALID}missing required http resolver params: url` },
    'no URL': {
      params: { url: 'here' },
      message: `${INVALID}cannot parse url here: parse "here": invalid URI for request`,
    },
    'another scheme': { params: { url: 'ftp://x/y' }, message: `${INVALID}url ftp://x/y is not a valid http(s) url` },
    'a file': {
      params: { url: 'file:///etc/passwd' },
      message: `${INVALID}url file:///etc/passwd is not a valid http(s) url`,
    },
    'a user without a password': {
      params: { url: 'http://x', 'http-username': 'u' },
      message: `${INVALID}missing required param http-password-secret when using http-username`,
    },
    'a password without a user': {
      params: { url: 'http://x', 'http-password-secret': 's' },
      message: `${INVALID}missing required param http-username when using http-password-secret`,
    },
  } as const),
)('refused: %s', async (_, { params, message }) => {
  expect(await ask(params)).toBe(message)
})

test.each(
  cases({
    'no form': { digest: 'abc', message: 'invalid digest format: abc' },
    'another algorithm': { digest: 'md5:abc', message: 'invalid digest algorithm: md5' },
    'a wrong length': { digest: 'sha256:abc', message: 'invalid sha256 digest value, expected length: 64, got: 3' },
    'another file': {
      digest: `sha256:${'0'.repeat(64)}`,
      message: `SHA mismatch, expected ${'0'.repeat(64)}, got ${sha('sha256')}`,
    },
  } as const),
)('a digest of %s is not satisfied', async (_, { digest, message }) => {
  const { url } = await servePaths({ '/': TASK })
  expect(await ask({ url, digest })).toBe(`${GETTING}error validating digest: ${message}`)
})

test('a password in the url reaches the server, and no message', async () => {
  const { url, headers } = await servePaths({ '/task.yaml': TASK })
  const secret = url.replace('//', '//u:p4ss@')
  expect(await ask({ url: `${secret}/nobody` })).toBe(
    `${GETTING}requested URL '${url.replace('//', '//u:xxxxx@')}/nobody' is not found`,
  )
  expect(JSON.stringify(await ask({ url: `${secret}/task.yaml` }))).not.toContain('p4ss')
  expect(headers[0]?.authorization).toBe(`Basic ${Buffer.from('u:p4ss').toString('base64')}`)
})

test('what is not there, and what is nothing of Tekton’s', async () => {
  const { url } = await servePaths({ '/token': 'secret-token-value', '/secret': 'apiVersion: v1\nkind: Secret\n' })
  expect(await ask({ url: `${url}/nobody` })).toBe(`${GETTING}requested URL '${url}/nobody' is not found`)
  const unsupported = `${GETTING}resolved resource validation error: resolved data is not of a supported type, must be of Group: tekton.dev, Kinds: [PipelineRun Pipeline TaskRun Task Run CustomRun StepAction]`
  expect(await ask({ url: `${url}/token` })).toBe(unsupported)
  expect(await ask({ url: `${url}/secret` })).toBe(unsupported)
})

test('the password comes from the run’s namespace, and goes to the host it was made for only', async () => {
  const other = await servePaths({ '/task.yaml': TASK })
  const { url, headers } = await serve((_request, response) =>
    response.writeHead(302, { location: `${other.url}/task.yaml` }).end(),
  )
  const params = { url, 'http-username': 'u', 'http-password-secret': 's' }
  const secret = (namespace: string) =>
    `{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: ${namespace}}, stringData: {password: p}}`
  expect(await ask(params, LOOPBACK, secret('elsewhere'))).toBe(
    `${GETTING}cannot get API token, secret s not found in namespace default`,
  )
  expect(headers).toEqual([])
  expect(await ask(params, LOOPBACK, secret('default'))).toMatchObject({ data: TASK })
  expect(headers[0]?.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`)
  expect(other.headers[0]?.authorization).toBeUndefined()
})

test.each(
  cases({
    'this machine': { url: 'http://127.0.0.1:1/', why: /"127\.0\.0\.1" is a loopback address/ },
    'this machine by name': {
      url: 'http://localhost:1/',
      why: /"localhost" stands for (127\.0\.0\.1|::1), a loopback address/,
    },
    'this machine in digits': { url: 'http://2130706433:1/', why: /"127\.0\.0\.1" is a loopback address/ },
    'this machine in IPv6': { url: 'http://[::1]:1/', why: /"::1" is a loopback address/ },
    'this machine, mapped': { url: 'http://[::ffff:127.0.0.1]:1/', why: /is a loopback address/ },
    'the metadata service': { url: 'http://169.254.169.254/latest', why: /is a link-local address/ },
    'a private network': { url: 'http://10.1.2.3/', why: /is a private address/ },
    'nowhere in particular': { url: 'http://0.0.0.0:1/', why: /is no address of one public host/ },
  } as const),
)('not connected to unless allowed: %s', async (_, { url, why }) => {
  const message = await ask({ url }, NOTHING)
  expect(message).toMatch(why)
  expect(message).toMatch(
    /set the environment variable TEKTITE_ALLOWED_HOSTS=.*or add .* to the key allowed-hosts of the ConfigMap "tektite-config"/,
  )
})

test('a redirect to the metadata service is not followed, nor one to another scheme, nor one without end', async () => {
  const { url, seen } = await serve((request, response) => {
    const location = { '/a': 'http://169.254.169.254/latest/', '/b': 'file:///etc/passwd', '/c': '/c' }[
      request.url ?? ''
    ]
    response.writeHead(302, { location }).end()
  })
  const begin = `${GETTING}error fetching URL: Get`
  expect(await ask({ url: `${url}/a` })).toMatch(/"169\.254\.169\.254" is a link-local address/)
  expect(await ask({ url: `${url}/b` })).toBe(
    `${begin} "${url}/b": redirected to "file:///etc/passwd", which is not a valid http(s) url`,
  )
  expect(await ask({ url: `${url}/c` })).toBe(`${begin} "${url}/c": stopped after 5 redirects`)
  expect(seen.filter(line => line === 'GET /c')).toHaveLength(6)
})

test('a body that is too large, or never ends, is given up at the limit', async () => {
  let sent = 0
  const { url } = await serve((_request, response) => {
    const chunk = Buffer.alloc(65_536, 'a')
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  expect(await ask({ url })).toBe(`${GETTING}response body exceeds maximum allowed size of 1048576 bytes`)
  expect(sent).toBeLessThan(64 * 1_048_576)
})

test('a body that came compressed is not unpacked', async () => {
  const { url } = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'))
  expect(await ask({ url })).toMatch(/the body came in the encoding "gzip", which was not asked for/)
})

test('a server that was busy is asked again', async () => {
  let calls = 0
  const { url } = await serve((_request, response) => {
    calls += 1
    if (calls < 3) response.writeHead(503).end()
    else response.end(TASK)
  })
  expect(await ask({ url })).toMatchObject({ data: TASK })
  expect(calls).toBe(3)
})

test('a server that says nothing is left when the fetch’s own time is over', async () => {
  const { url } = await serve(() => undefined)
  const cluster = await storeWith(
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: http-resolver-config, namespace: tekton-pipelines-resolvers}, data: {fetch-timeout: 50ms}}',
  )
  const resolution = resolutionOf(cluster, createHttpResolver({ cluster, guard: LOOPBACK }))
  await expect(resolution.resolve(request('http', { url }), AbortSignal.timeout(20_000))).rejects.toThrow(/timeout/i)
})

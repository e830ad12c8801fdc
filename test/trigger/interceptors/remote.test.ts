/** ClusterInterceptors and Interceptors over real HTTP: what they are sent, byte for byte, and what comes of their answers. */
import { expect, test } from 'vitest'
import type { ResolveName } from '../../../src/fetch/guard.js'
import type { InterceptorSpec, TriggerInterceptor } from '../../../src/resources/triggers.js'
import { type ChainedInterceptor, runChain } from '../../../src/trigger/interceptors/chain.js'
import { addressOf, type InterceptorObjects } from '../../../src/trigger/interceptors/locate.js'
import type { Outside } from '../../../src/trigger/interceptors/outside.js'
import { type Identity, selfSigned } from '../../fetch/certificate.js'
import { type Answer, endless, json, record } from '../../fetch/recorder.js'
import { cases } from '../../helpers/cases.js'
import { outsideFor } from '../../listeners/outside.js'
import { EVENT_ID, event, type Sent } from '../events.js'

const NO_SECRETS = new Map()

function objects(spec: InterceptorSpec, kind: 'cluster' | 'own' = 'cluster'): InterceptorObjects {
  return { cluster: new Map(), own: new Map(), [kind]: new Map([['mine', spec]]) }
}

function link(interceptor: TriggerInterceptor, group?: string): ChainedInterceptor {
  return { interceptor, namespace: 'ci', ...(group !== undefined && { group }) }
}

const MINE: TriggerInterceptor = { ref: { name: 'mine', kind: 'ClusterInterceptor' } }

interface Asking {
  readonly sent?: Sent
  readonly interceptor?: TriggerInterceptor
  readonly outside?: Outside
}

async function ask(spec: InterceptorSpec, { sent = {}, interceptor = MINE, outside }: Asking = {}) {
  const known = { objects: objects(spec), outside: outside ?? (await outsideFor()), trigger: 'push' }
  return runChain([link(interceptor)], event(sent), NO_SECRETS, known)
}

const at = (url: string): InterceptorSpec => ({ clientConfig: { url } })

async function answering(answer: Answer, identity?: Identity) {
  return record(answer, identity)
}

test('Tekton’s request JSON, byte for byte, and the extensions of the answer', async () => {
  const { url, requests } = await answering(json({ continue: true, extensions: { team: 'a' } }))
  const answer = await ask(at(`${url}/check?x=1`), {
    sent: {
      body: '{ "title":"<b> & \\u00e9 😀\\u2028" }',
      headers: { 'x-one': ['a', 'b'], 'Content-Type': 'application/json', Host: 'listener' },
      url: '/hooks/ci/app/sub?q=1',
    },
    interceptor: {
      ...MINE,
      params: [
        { name: 'zeta', value: [1, 2.5, null] },
        { name: 'alpha', value: { b: '<', a: true } },
      ],
    },
  })
  expect(answer).toEqual({ is: 'continue', extensions: { team: 'a' } })
  expect(requests).toHaveLength(1)
  expect(requests[0]?.line).toBe('POST /check?x=1')
  expect(requests[0]?.headers).toMatchObject({ 'content-type': 'application/json' })
  expect(requests[0]?.headers).not.toHaveProperty('x-one')
  expect(requests[0]?.body).toBe(
    String.raw`{"body":"{ \"title\":\"\u003cb\u003e \u0026 \\u00e9 😀\\u2028\" }",` +
      '"header":{"Content-Type":["application/json"],"X-One":["a","b"]},' +
      String.raw`"interceptor_params":{"alpha":{"a":true,"b":"\u003c"},"zeta":[1,2.5,null]},` +
      `"context":{"event_url":"/sub?q=1","event_id":"${EVENT_ID}","trigger_id":"namespaces/ci/triggers/push"}}`,
  )
})

test('what is empty is left out; a form is sent as the JSON of its fields', async () => {
  const { url, requests } = await answering(json({ continue: true }))
  await ask(at(url), { sent: { body: '' } })
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  await ask(at(url), { sent: { body: 'b=1&a=%3C&b=2', headers } })
  const context = `"context":{"event_url":"/","event_id":"${EVENT_ID}","trigger_id":"namespaces/ci/triggers/push"}`
  expect(requests.map(({ body }) => body)).toEqual([
    `{${context}}`,
    String.raw`{"body":"{\"a\":[\"\\u003c\"],\"b\":[\"1\",\"2\"]}",` +
      `"header":{"Content-Type":["application/x-www-form-urlencoded"]},${context}}`,
  ])
})

test('extensions go along the chain: merged at the top, later ones win', async () => {
  const { url, requests } = await record(({ body }, response) => {
    const { extensions = {} } = JSON.parse(body) as { extensions?: Record<string, unknown> }
    const found = Object.keys(extensions).length === 0 ? { a: { x: 1 }, b: 1 } : { a: { y: 2 } }
    response.end(JSON.stringify({ continue: true, extensions: found }))
  })
  const chain = [link(MINE), link({ ref: { name: 'mine' } })]
  const known = { objects: objects(at(url)), outside: await outsideFor() }
  const answer = await runChain(chain, event({}), NO_SECRETS, known)
  expect(answer).toEqual({ is: 'continue', extensions: { a: { y: 2 }, b: 1 } })
  expect(requests[1]?.body).toContain('"extensions":{"a":{"x":1},"b":1}')
})

test('the interceptors of a group are asked once for all its triggers, under the group’s id', async () => {
  const { url, requests } = await answering(json({ continue: true, extensions: { from: 'group' } }))
  const group = [link(MINE, 'all')]
  const known = { objects: objects(at(url)), outside: await outsideFor() }
  const one = event({})
  const overlay = [{ key: 'seen', expression: "extensions.from + '!'" }]
  const cel = link({ ref: { name: 'cel' }, params: [{ name: 'overlays', value: overlay }] })
  for (const trigger of ['a', 'b', 'c']) {
    const answer = await runChain([...group, cel], one, NO_SECRETS, { ...known, trigger })
    expect(answer).toMatchObject({ is: 'continue', extensions: { from: 'group', seen: 'group!' } })
  }
  expect(requests).toHaveLength(1)
  expect(requests[0]?.body).toContain('"trigger_id":"namespaces/ci/triggerGroups/all"')
  await runChain(group, event({}), NO_SECRETS, known)
  expect(requests).toHaveLength(2)
})

const said = (value: unknown): Answer => json(value)
const text =
  (body: string, status = 200): Answer =>
  (_request, response) =>
    response.writeHead(status).end(body)
const ODD = 'the answer of the interceptor: '

test.each(
  cases<{ readonly answer: Answer; readonly stops?: string; readonly fails?: string | RegExp }>({
    'continue is false': {
      answer: said({ continue: false, status: { code: 9, message: 'not today' } }),
      stops: 'rpc error: code = FailedPrecondition desc = not today',
    },
    'continue is not there': { answer: said({}), stops: 'rpc error: code = OK desc = ' },
    'a code by its name': {
      answer: said({ status: { code: 'PERMISSION_DENIED', message: 'no' } }),
      stops: 'rpc error: code = PermissionDenied desc = no',
    },
    'it could not tell': {
      answer: said({ status: { code: 13, message: 'database away' } }),
      fails: 'rpc error: code = Internal desc = database away',
    },
    'keys in another case, as Go reads them': {
      answer: said({ Continue: false, Status: { Message: 'no', CODE: 3 } }),
      stops: 'rpc error: code = InvalidArgument desc = no',
    },
    null: { answer: text('null'), stops: 'rpc error: code = OK desc = ' },
    'another status': { answer: text('no such path\n', 404), fails: 'interceptor response was not 200: no such path' },
    'another status of success': {
      answer: text('', 204),
      fails: 'interceptor response was not 200: status 204 without a body',
    },
    'a redirect to the metadata service': {
      answer: (_request, response) => response.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
      fails: 'interceptor response was not 200: status 307 without a body',
    },
    'no JSON': { answer: text('<html>'), fails: `${ODD}invalid character '<'` },
    'half of it': { answer: text('{"continue":tr'), fails: /^the answer of the interceptor: / },
    nothing: { answer: text(''), fails: `${ODD}unexpected end of JSON input` },
    'a list': {
      answer: said([]),
      fails: `${ODD}json: cannot unmarshal array into Go value of type v1beta1.InterceptorResponse`,
    },
    'continue as a text': {
      answer: said({ continue: 'true' }),
      fails: `${ODD}json: cannot unmarshal string into Go struct field InterceptorResponse.continue of type bool`,
    },
    'extensions as a list': {
      answer: said({ continue: true, extensions: [] }),
      fails: `${ODD}json: cannot unmarshal array into Go struct field InterceptorResponse.extensions of type map[string]interface {}`,
    },
    'a code that is none': {
      answer: said({ status: { code: 99 } }),
      fails: `${ODD}json: cannot unmarshal number into Go struct field Status.status.code of type codes.Code`,
    },
    'deep JSON': {
      answer: text(`{"continue":true,"extensions":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}}`),
      fails: `${ODD}exceeded max depth 1000`,
    },
    'extensions of a megabyte': {
      answer: said({ continue: true, extensions: { a: 'x'.repeat(1_048_576) } }),
      fails: /^Post ".*": response body exceeds maximum allowed size of 1048576 bytes$/,
    },
    'an answer without end': {
      answer: endless,
      fails: /^Post ".*": response body exceeds maximum allowed size of 1048576 bytes$/,
    },
    'a connection that breaks': {
      answer: (_request, response) => response.destroy(),
      fails: /^Post ".*": (socket hang up|read ECONNRESET)$/,
    },
  }),
)('an answer: %s', async (_, { answer, stops, fails }) => {
  const { url } = await answering(answer)
  const message = stops ?? fails
  expect(await ask(at(url))).toEqual({
    is: stops === undefined ? 'fail' : 'stop',
    by: 'interceptors[0] mine',
    message: typeof message === 'string' ? message : expect.stringMatching(message ?? ''),
  })
})

test('extensions called __proto__ and constructor are values like others', async () => {
  const { url } = await answering(text('{"continue":true,"extensions":{"__proto__":{"polluted":1},"constructor":"c"}}'))
  const answer = await ask(at(url))
  expect(answer.is === 'continue' && Object.entries(answer.extensions)).toEqual([
    ['__proto__', { polluted: 1 }],
    ['constructor', 'c'],
  ])
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
})

test('what a stranger says about an error is cut short', async () => {
  const { url } = await answering(text('x'.repeat(100_000), 500))
  const answer = await ask(at(url))
  expect(answer).toHaveProperty('message', `interceptor response was not 200: ${'x'.repeat(500)}…`)
})

test('a server that does not answer is left in time', async () => {
  const { url } = await answering(() => undefined)
  const { post, gitHub } = await outsideFor()
  const outside: Outside = { gitHub, post: posting => post({ ...posting, timeoutMs: 50 }) }
  const answer = await ask(at(url), { outside })
  expect(answer).toMatchObject({ is: 'fail', message: `Post "${url}": no answer in time` })
})

test('a Service is on the cluster’s network, by TLS where there is a CA bundle', async () => {
  const identity = selfSigned('checks.tools.svc')
  const caBundle = Buffer.from(identity.cert).toString('base64')
  const { port, requests } = await answering(json({ continue: true }), identity)
  const service = { name: 'checks', namespace: 'tools', path: 'check', port }
  const outside = await outsideFor({ allowedHosts: '' })
  expect(await ask({ clientConfig: { service, caBundle } }, { outside })).toMatchObject({ is: 'continue' })
  expect(requests[0]?.line).toBe('POST /check')
  expect(requests[0]?.headers.host).toBe(`checks.tools.svc:${port}`)
  // Another CA, and another name.
  const other = Buffer.from(selfSigned().cert).toString('base64')
  expect(await ask({ clientConfig: { service, caBundle: other } }, { outside })).toMatchObject({
    is: 'fail',
    message: expect.stringContaining('certificate'),
  })
  const elsewhere = { ...service, namespace: 'others' }
  expect(await ask({ clientConfig: { service: elsewhere, caBundle } }, { outside })).toMatchObject({
    is: 'fail',
    message: expect.stringContaining("does not match certificate's altnames"),
  })
  expect(requests).toHaveLength(1)
})

test('what is refused: a private address as a url, the metadata service as a Service, also when everything is allowed', async () => {
  const nobody = await outsideFor({ allowedHosts: '' })
  expect(await ask(at('http://127.0.0.1:1/'), { outside: nobody })).toMatchObject({
    message: expect.stringMatching(
      /^Post "http:\/\/127\.0\.0\.1:1\/": "127\.0\.0\.1" is a loopback address, and interceptors are called at public addresses only\. To allow it, set the environment variable TEKTITE_ALLOWED_HOSTS=127\.0\.0\.1/,
    ),
  })
  const service = { name: 'rebound', namespace: 'default' }
  expect(await ask({ clientConfig: { service } }, { outside: await outsideFor({ allowedHosts: '*' }) })).toMatchObject({
    message:
      'Post "http://rebound.default.svc:80": "rebound.default.svc" stands for 169.254.169.254, a link-local address, which no Service has',
  })
})

test('where there are no Services, the message says so', async () => {
  const resolveName: ResolveName = (_host, _options, callback) =>
    callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
  const service = { name: 'checks', namespace: 'tools' }
  expect(await ask({ clientConfig: { service } }, { outside: await outsideFor({ resolveName }) })).toMatchObject({
    is: 'fail',
    message:
      'Post "http://checks.tools.svc:80": the name "checks.tools.svc" cannot be resolved: ENOTFOUND: Services are found inside a Kubernetes cluster only; elsewhere write a url',
  })
})

test('the installation’s ConfigMap allows hosts too', async () => {
  const { url } = await answering(json({ continue: true }))
  const config = `
apiVersion: v1
kind: ConfigMap
metadata: { name: tektite-config, namespace: tekton-pipelines-resolvers }
data: { allowed-hosts: 127.0.0.1 }
`
  const outside = await outsideFor({ allowedHosts: '' }, config)
  expect(await ask(at(url), { outside })).toMatchObject({ is: 'continue' })
})

test('a login in the url reaches the interceptor, and no message', async () => {
  const { url, requests } = await answering(text('no', 403))
  const answer = await ask(at(url.replace('//', '//user:p4ss@')))
  expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:p4ss').toString('base64')}`)
  const broken = await ask(at('http://user:p4ss@192.168.1.1/'))
  expect(JSON.stringify([answer, broken])).not.toContain('p4ss')
})

test('without a running engine nobody is asked', async () => {
  const answer = await runChain([link(MINE)], event({}), NO_SECRETS, { objects: objects(at('http://example')) })
  expect(answer).toMatchObject({ is: 'fail', message: expect.stringContaining('nothing outside can be asked here') })
})

const CORE = { name: 'tekton-triggers-core-interceptors', namespace: 'tekton-pipelines', port: 8443 }

test.each(
  cases<{ readonly spec: InterceptorSpec; readonly name?: string; readonly kind?: string; readonly is: string }>({
    'Tekton’s own cel': { spec: { clientConfig: { service: { ...CORE, path: 'cel' } } }, is: 'fail' },
    'by another path in capitals': { spec: { clientConfig: { service: { ...CORE, path: '/CEL' } } }, is: 'fail' },
    'the path decides, not the name': {
      spec: { clientConfig: { service: { ...CORE, path: 'gitlab' } } },
      is: 'continue',
    },
    'also for a namespaced one': {
      spec: { clientConfig: { service: { ...CORE, path: 'cel' } } },
      kind: 'NamespacedInterceptor',
      is: 'fail',
    },
  }),
)(
  'an object that points at Tekton’s own Service is run here: %s',
  async (_, { spec, kind = 'ClusterInterceptor', is }) => {
    const params = [{ name: 'filter', value: 'body.gone == 1' }]
    const interceptor = { ref: { name: 'mine', kind }, params }
    const known = { objects: objects(spec, kind === 'ClusterInterceptor' ? 'cluster' : 'own') }
    // No `outside`: a call would fail in other words.
    const answer = await runChain([link(interceptor)], event({}), NO_SECRETS, known)
    expect(answer).toMatchObject(
      is === 'fail' ? { is, message: expect.stringContaining('no such key: gone') } : { is: 'continue' },
    )
  },
)

test('a path of Tekton’s own Service that leads nowhere', async () => {
  const spec = { clientConfig: { service: { ...CORE, path: 'jira' } } }
  expect(await ask(spec)).toMatchObject({
    is: 'fail',
    message: 'interceptor response was not 200: path did not match any interceptors: "jira"',
  })
})

test('an object of a name of ours that points elsewhere is called', async () => {
  const { url, requests } = await answering(json({ continue: true, extensions: { by: 'theirs' } }))
  const known = { objects: { cluster: new Map([['github', at(url)]]), own: new Map() }, outside: await outsideFor() }
  const answer = await runChain([link({ ref: { name: 'github' } })], event({}), NO_SECRETS, known)
  expect(answer).toEqual({ is: 'continue', extensions: { by: 'theirs' } })
  expect(requests).toHaveLength(1)
})

test.each(
  cases<{ readonly spec: InterceptorSpec; readonly address: string }>({
    'a Service, the default port': {
      spec: { clientConfig: { service: { name: 'a', namespace: 'b' } } },
      address: 'http://a.b.svc:80',
    },
    'a Service with a CA bundle': {
      spec: { clientConfig: { service: { name: 'a', namespace: 'b', path: 'c/d' }, caBundle: 'eA==' } },
      address: 'https://a.b.svc:8443/c/d',
    },
    'a port and an odd path': {
      spec: { clientConfig: { service: { name: 'a', namespace: 'b', path: '/c?d#e', port: 81 } } },
      address: 'http://a.b.svc:81/c%3Fd%23e',
    },
    'a url': { spec: at('https://hooks.example/x?y=1'), address: 'https://hooks.example/x?y=1' },
    'a name that leads elsewhere': {
      spec: { clientConfig: { service: { name: 'evil.example/', namespace: 'b' } } },
      address: '"b/evil.example/" cannot be the name of a Service',
    },
    'no port': {
      spec: { clientConfig: { service: { name: 'a', namespace: 'b', port: 70_000 } } },
      address: '70000 is no port',
    },
    'another scheme': { spec: at('file:///etc/passwd'), address: '"file:///etc/passwd" is not a valid http(s) url' },
    nothing: { spec: {}, address: 'interceptor URL was nil' },
  }),
)('the address of %s', (_, { spec, address }) => {
  const found = addressOf(spec)
  expect(typeof found === 'string' ? found : found.url).toBe(address)
})

/** Webhook interceptors over real HTTP: what they are sent, and how their answer becomes the event. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WebhookInterceptor } from '../../../src/resources/triggers.js'
import { type ChainContext, type ChainedInterceptor, runChain } from '../../../src/trigger/interceptors/chain.js'
import { locate, NO_INTERCEPTOR_OBJECTS } from '../../../src/trigger/interceptors/locate.js'
import type { Outside } from '../../../src/trigger/interceptors/outside.js'
import { runWebhook } from '../../../src/trigger/interceptors/webhook.js'
import { type Answer, endless, record } from '../../fetch/recorder.js'
import { cases } from '../../helpers/cases.js'
import { outsideFor } from '../../listeners/outside.js'
import { event, type Sent } from '../events.js'

const NO_SECRETS = new Map()

function hook(url: string, webhook: WebhookInterceptor = {}, group?: string): ChainedInterceptor {
  const interceptor = { webhook: { url, ...webhook } }
  return { interceptor, namespace: 'ci', ...(group !== undefined && { group }) }
}

function cel(params: Readonly<Record<string, unknown>>): ChainedInterceptor {
  const list = Object.entries(params).map(([name, value]) => ({ name, value }))
  return { interceptor: { ref: { name: 'cel' }, params: list }, namespace: 'ci' }
}

async function run(chain: readonly ChainedInterceptor[], sent: Sent = {}, context: ChainContext = {}) {
  return runChain(chain, event(sent), NO_SECRETS, { outside: await outsideFor(), ...context })
}

const answering = (body: string, headers: Readonly<Record<string, string | string[]>> = {}): Answer => {
  return (_request, response) => response.writeHead(200, { ...headers }).end(body)
}

test('the event is posted on with its headers, those of the manifest, and the path it came to', async () => {
  const { url, requests } = await record(answering('{}'))
  const header = [
    { name: 'Foo-Header1', value: 'string-value' },
    { name: 'Foo-Header2', value: ['array-val1', 'array-val2'] },
    { name: 'X-Own', value: 'mine' },
  ]
  const body = '{ "a" : 12345678901234567890 }'
  const headers = {
    'x-own': 'theirs',
    'x-event': ['1', '2'],
    Host: 'listener',
    'Content-Length': '4711',
    Connection: 'keep-alive, x-event',
    'Transfer-Encoding': 'chunked',
    'Accept-Encoding': 'gzip',
  }
  await run([hook(`${url}/in?x=1`, { header })], { body, headers, url: '/hooks/ci/app/sub?q=1' })
  expect(requests).toMatchObject([{ line: 'POST /in?x=1', body }])
  expect(requests[0]?.headers).toEqual({
    'foo-header1': 'string-value',
    'foo-header2': 'array-val1, array-val2',
    'x-own': 'mine',
    'x-event': '1, 2',
    'eventlistener-request-url': '/sub?q=1',
    'user-agent': 'tektite',
    accept: '*/*',
    'accept-encoding': 'identity',
    'content-length': String(body.length),
    host: url.replace('http://', ''),
    connection: 'close',
  })
})

test('extensions go into the body, whose text stays as it was', async () => {
  const { url, requests } = await record(({ body }, response) => response.end(body))
  const overlays = [
    { key: 'a', expression: "'<1>'" },
    { key: 'b.c', expression: '[1, 2]' },
  ]
  const ask = async (body: string) => run([cel({ overlays }), hook(url)], { body })
  await ask('{ "n": 12345678901234567890 } \n')
  await ask('{}')
  await ask('')
  await ask('{"extensions":{"b":{"d":1},"e":2},"x":1}')
  const found = String.raw`"extensions":{"a":"\u003c1\u003e","b":{"c":[1,2]}}`
  expect(requests.map(({ body }) => body)).toEqual([
    `{ "n": 12345678901234567890 ,${found}}`,
    `{${found}}`,
    `{${found}}`,
    '{"extensions":{"b":{"c":[1,2]},"e":2,"a":"<1>"},"x":1}',
  ])
})

test('the answer’s headers and body are the event for the rest of the chain', async () => {
  const first = await record(
    answering('{"made":"first"}', { 'X-Made': ['a', 'b'], 'Content-Type': 'application/json' }),
  )
  const second = await record(answering('{"made":"second"}'))
  const seen = cel({
    filter: "body.made == 'first' && header['X-Made'] == ['a', 'b'] && !('X-Event' in header)",
    overlays: [{ key: 'seen', expression: 'body.made' }],
  })
  const answer = await run([hook(first.url), seen, hook(second.url)], { headers: { 'X-Event': 'push' } })
  expect(answer).toMatchObject({ is: 'continue', extensions: { seen: 'first' } })
  expect(answer.is === 'continue' && answer.event).toMatchObject({ body: { made: 'second' }, url: '/' })
  expect(second.requests[0]?.headers).toMatchObject({ 'x-made': 'a, b' })
  expect(second.requests[0]?.headers).not.toHaveProperty('x-event')
  expect(second.requests[0]?.body).toBe('{"made":"first","extensions":{"seen":"first"}}')
})

test('of a group’s webhook the headers are passed on, and the body is not', async () => {
  const { url, requests } = await record(answering('{"made":"by the group"}', { 'X-Made': 'a' }))
  const seen = cel({ filter: "body.own == 1 && header.match('X-Made', 'a')" })
  const answer = await run([hook(url, {}, 'all'), seen], { body: '{"own":1}' })
  expect(answer).toMatchObject({ is: 'continue' })
  expect(answer.is === 'continue' && answer.event).toMatchObject({ body: { own: 1 }, headers: { 'X-Made': ['a'] } })
  expect(requests).toHaveLength(1)
})

test('a form goes out as it came, when nothing is put into it', async () => {
  const { url, requests } = await record(answering('{}'))
  const form: Sent = { body: 'b=1&a=2', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }
  await run([hook(url)], form)
  await run([cel({ filter: 'true' }), hook(url)], form)
  await run([cel({ overlays: [{ key: 'x', expression: '1' }] }), hook(url)], form)
  expect(requests.map(({ body }) => body)).toEqual([
    'b=1&a=2',
    '{"a":["2"],"b":["1"]}',
    '{"a":["2"],"b":["1"],"extensions":{"x":1}}',
  ])
})

test.each(
  cases<{ readonly answer: Answer; readonly message: string | RegExp }>({
    'another status': {
      answer: (_request, response) => response.writeHead(500).end('out of order\n'),
      message: 'request rejected; status: 500 Internal Server Error; message: out of order',
    },
    'a redirect': {
      answer: (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      message: 'request rejected; status: 302 Found; message: status 302 without a body',
    },
    'a body without end': {
      answer: endless,
      message: /^Post ".*": response body exceeds maximum allowed size of 1048578 bytes$/,
    },
    'a connection that breaks': {
      answer: (_request, response) => response.destroy(),
      message: /socket hang up|ECONNRESET/,
    },
    'deep JSON, with an interceptor behind it': {
      answer: answering('['.repeat(5_000) + ']'.repeat(5_000)),
      message: 'failed to marshal event: failed to unmarshal request body: exceeded max depth 1000',
    },
    'no JSON, with an interceptor behind it': {
      answer: answering('<html>'),
      message: "failed to marshal event: failed to unmarshal request body: invalid character '<'",
    },
  }),
)('an answer that fails the trigger: %s', async (_, { answer, message }) => {
  const { url } = await record(answer)
  expect(await run([hook(url), cel({ filter: 'true' })])).toMatchObject({
    is: 'fail',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  })
})

test('a webhook may make JSON of what is none', async () => {
  const { url, requests } = await record(answering('{"made":1}'))
  const raw = { ...event({}), body: null, rawBody: Buffer.from('<xml/>'), unreadable: 'no JSON' }
  const chain = [hook(url), cel({ filter: 'body.made == 1.0' })]
  const answer = await runChain(chain, raw, NO_SECRETS, { outside: await outsideFor() })
  expect(answer).toMatchObject({ is: 'continue' })
  expect(requests[0]?.body).toBe('<xml/>')
})

test('extensions cannot be put into what is no object', async () => {
  const { url, requests } = await record(answering('{}'))
  const overlays = [{ key: 'a', expression: '1' }]
  const first = await record(answering('[1]'))
  const answer = await run([cel({ overlays }), hook(first.url), hook(url)])
  expect(answer).toMatchObject({
    is: 'fail',
    by: 'interceptors[2] webhook',
    message: 'could not merge extensions with body: the body is no JSON object',
  })
  expect(requests).toEqual([])
})

test('five seconds, and not longer', async () => {
  const asked: number[] = []
  const outside: Outside = {
    ...(await outsideFor()),
    post: async ({ timeoutMs }) => {
      asked.push(timeoutMs)
      return { is: 'failed', message: 'no answer in time' }
    },
  }
  expect(await run([hook('http://hooks.example/')], {}, { outside })).toMatchObject({
    is: 'fail',
    by: 'interceptors[0] webhook',
    message: 'Post "http://hooks.example/": no answer in time',
  })
  expect(asked).toEqual([5_000])
})

const SERVICE = { kind: 'Service', apiVersion: 'v1', name: 'gh-validate' }

test.each(
  cases<{ readonly webhook: WebhookInterceptor; readonly found: unknown }>({
    'a Service of the trigger’s namespace': { webhook: { objectRef: SERVICE }, found: 'http://gh-validate.ci.svc:80/' },
    'a Service of another namespace': {
      webhook: { objectRef: { ...SERVICE, namespace: 'tools' } },
      found: 'http://gh-validate.tools.svc:80/',
    },
    'a url, which wins': { webhook: { objectRef: SERVICE, url: 'https://a.example/x' }, found: 'https://a.example/x' },
    'no Service': { webhook: { objectRef: { ...SERVICE, kind: 'Pod' } }, found: 'invalid objRef' },
    'a name that is none': {
      webhook: { objectRef: { ...SERVICE, name: 'evil.example#' } },
      found: '"ci/evil.example#" cannot be the name of a Service',
    },
  }),
)('where it is posted to: %s', (_, { webhook, found }) => {
  const located = locate({ webhook }, 'ci', NO_INTERCEPTOR_OBJECTS)
  expect(located.is === 'webhook' ? located.address.url : located.is === 'nowhere' && located.message).toBe(found)
})

test('whatever the body and the extensions are, both arrive, and the text of the body stays', async () => {
  const { url, requests } = await record(({ body }, response) => response.end(body))
  const outside = await outsideFor()
  const json = fc.json({ maxDepth: 3 }).map(text => JSON.parse(text) as unknown)
  const members = fc.dictionary(
    fc.string().filter(key => key !== 'extensions'),
    json,
  )
  // Keys with dots, numbers and backslashes are paths; those are in overlay-path's own tests.
  const extensions = fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), json, { minKeys: 1 })
  await fc.assert(
    fc.asyncProperty(members, extensions, fc.constantFrom('', ' ', '\n'), async (body, found, space) => {
      const text = `${JSON.stringify(body, null, space)}${space}`
      const posted = await runWebhook(
        {},
        { url, network: 'public' },
        { event: event({ body: text }), extensions: found, asSent: false },
        outside,
      )
      expect(posted.is).toBe('continue')
      const received = requests.at(-1)?.body ?? ''
      expect(JSON.parse(received)).toEqual({ ...body, extensions: found })
      expect(received.startsWith(text.trimEnd().slice(0, -1))).toBe(true)
    }),
    { numRuns: 100 },
  )
})

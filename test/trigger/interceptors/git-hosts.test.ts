import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import type { Secret } from '../../../src/resources/core.js'
import type { TriggerInterceptor } from '../../../src/resources/triggers.js'
import { type ChainedInterceptor, proveChain, runChain } from '../../../src/trigger/interceptors/chain.js'
import { cases } from '../../helpers/cases.js'
import { event, type Sent } from '../events.js'

const SECRET = "It's a Secret to Everybody"
const EXAMPLES = createRequire(import.meta.url).resolve('@octokit/webhooks-examples/api.github.com/index.json')
const RECORDED = JSON.parse(readFileSync(EXAMPLES, 'utf8')) as readonly {
  readonly name: string
  readonly examples: readonly unknown[]
}[]

function secrets(value = SECRET): ReadonlyMap<string, Secret> {
  const metadata = { name: 'hook', namespace: 'ci', uid: '1', resourceVersion: '1', creationTimestamp: '' }
  const data = { token: Buffer.from(value).toString('base64'), empty: '' }
  return new Map([['ci/hook', { apiVersion: 'v1', kind: 'Secret', metadata, data }]])
}

function chain(name: string, params: Readonly<Record<string, unknown>>): readonly ChainedInterceptor[] {
  const list = Object.entries(params).map(([key, value]) => ({ name: key, value }))
  return [{ interceptor: { ref: { name }, params: list }, namespace: 'ci' }]
}

const GUARDED = { secretRef: { secretName: 'hook', secretKey: 'token' } }

function sign(body: string | Uint8Array, algorithm = 'sha256', secret = SECRET): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`
}

function recorded(name: string): string {
  const example = RECORDED.find(one => one.name === name)?.examples[0]
  if (example === undefined) throw new Error(`no recorded ${name}`)
  return JSON.stringify(example, null, 1)
}

const PUSH = recorded('push')

interface Case {
  readonly body?: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly params?: Readonly<Record<string, unknown>>
  readonly host?: string
  readonly secret?: string
  readonly stops?: string
  readonly fails?: string
  readonly extensions?: Readonly<Record<string, unknown>>
}

function slackForm(body: string) {
  return {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Slack-Signature': 'v0=a' },
    body,
  }
}

const table = cases<Case>({
  'github, a genuine push': { headers: { 'X-Hub-Signature-256': sign(PUSH) } },
  'github, header name in any case': { headers: { 'x-hub-signature-256': sign(PUSH) } },
  'github, the same signature twice': { headers: { 'X-Hub-Signature-256': [sign(PUSH), sign(PUSH)] } },
  'github, two differing signatures': {
    headers: { 'X-Hub-Signature-256': [sign(PUSH), sign('{}')] },
    stops: 'X-Hub-Signature-256 is given with differing values',
  },
  'github, no signature where the params are spelled as Go reads them too': {
    headers: { 'X-GitHub-Event': 'push' },
    params: { SecretRef: { secretname: 'hook', SECRETKEY: 'token' }, eventtypes: ['push'] },
    stops: 'no X-Hub-Signature-256 header set',
  },
  'github, an event that is not listed where the params are spelled as Go reads them too': {
    headers: { 'X-GitHub-Event': 'push' },
    params: { EventTypes: ['pull_request'] },
    stops: 'event type push is not allowed',
  },
  'github, no signature': { headers: {}, stops: 'no X-Hub-Signature-256 header set' },
  'github, empty signature': { headers: { 'X-Hub-Signature-256': '' }, stops: 'no X-Hub-Signature-256 header set' },
  'github, sha1 header only': {
    headers: { 'X-Hub-Signature': sign(PUSH, 'sha1') },
    stops: 'no X-Hub-Signature-256 header set',
  },
  'github, sha1 in the sha256 header': {
    headers: { 'X-Hub-Signature-256': sign(PUSH, 'sha1') },
    stops: 'payload signature check failed',
  },
  'github, upper-case hex': {
    headers: { 'X-Hub-Signature-256': sign(PUSH).toUpperCase().replace('SHA256', 'sha256') },
    stops: 'payload signature check failed',
  },
  'github, no hex': { headers: { 'X-Hub-Signature-256': 'sha256=zz' }, stops: 'payload signature check failed' },
  'github, without prefix': {
    headers: { 'X-Hub-Signature-256': sign(PUSH).slice(7) },
    stops: 'payload signature check failed',
  },
  'github, cut short': {
    headers: { 'X-Hub-Signature-256': sign(PUSH).slice(0, -1) },
    stops: 'payload signature check failed',
  },
  'github, one byte changed': {
    body: PUSH.replace('refs', 'Refs'),
    headers: { 'X-Hub-Signature-256': sign(PUSH) },
    stops: 'payload signature check failed',
  },
  'github, signature of the body written anew': {
    headers: { 'X-Hub-Signature-256': sign(JSON.stringify(JSON.parse(PUSH))) },
    stops: 'payload signature check failed',
  },
  'github, escapes are signed as they are written': {
    body: '{"message":"\\u001b[31m \\u00e9"}',
    headers: { 'X-Hub-Signature-256': sign('{"message":"\\u001b[31m \\u00e9"}') },
  },
  'github, a byte order mark is signed too': {
    headers: { 'X-Hub-Signature-256': sign(`\uFEFF${PUSH}`) },
    stops: 'payload signature check failed',
  },
  'github, another secret': {
    headers: { 'X-Hub-Signature-256': sign(PUSH, 'sha256', 'old') },
    stops: 'payload signature check failed',
  },
  'github, the secret ends with a line break': {
    secret: `${SECRET}\n`,
    headers: { 'X-Hub-Signature-256': sign(PUSH) },
    stops: 'payload signature check failed',
  },
  'github, no secretRef: everybody': { params: {}, headers: {} },
  'github, Secret is missing': {
    params: { secretRef: { secretName: 'gone', secretKey: 'token' } },
    headers: { 'X-Hub-Signature-256': sign(PUSH) },
    fails: 'error getting secret: secrets "ci/gone" not found',
  },
  'github, key is missing': {
    params: { secretRef: { secretName: 'hook', secretKey: 'tokn' } },
    headers: { 'X-Hub-Signature-256': sign(PUSH) },
    fails: 'error getting secret: cannot find tokn key in secret ci/hook',
  },
  'github, key is empty text': {
    params: { secretRef: { secretName: 'hook', secretKey: 'empty' } },
    headers: { 'X-Hub-Signature-256': sign(PUSH, 'sha256', 'x') },
    fails: 'error getting secret: key empty of secret ci/hook is empty',
  },
  'github, key is not named': {
    params: { secretRef: { secretName: 'hook' } },
    headers: { 'X-Hub-Signature-256': sign(PUSH) },
    fails: 'github interceptor secretRef.secretKey is empty',
  },
  'github, event type in the list': {
    params: { eventTypes: ['push', 'pull_request'] },
    headers: { 'X-GitHub-Event': 'push' },
  },
  'github, event type not in the list': {
    params: { eventTypes: ['pull_request'] },
    headers: { 'X-GitHub-Event': 'push' },
    stops: 'event type push is not allowed',
  },
  'github, ping is an event like any other': {
    params: { eventTypes: ['push'] },
    headers: { 'X-GitHub-Event': 'ping' },
    stops: 'event type ping is not allowed',
  },
  'github, form': {
    body: 'payload=%7B%7D&a=b',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    fails: 'form parameter encoding not supported, please change the hook to send JSON payloads',
  },
  'gitlab, token': { host: 'gitlab', headers: { 'X-GitLab-Token': SECRET } },
  'gitlab, no token': { host: 'gitlab', headers: {}, stops: 'no X-Gitlab-Token header set' },
  'gitlab, wrong token': { host: 'gitlab', headers: { 'X-Gitlab-Token': 'x' }, stops: 'Invalid X-GitLab-Token' },
  'gitlab, event type': {
    host: 'gitlab',
    params: { eventTypes: ['Push Hook'] },
    headers: { 'X-Gitlab-Event': 'Tag Push Hook' },
    stops: 'event type Tag Push Hook is not allowed',
  },
  'bitbucket, sha1': { host: 'bitbucket', headers: { 'X-Hub-Signature': sign(PUSH, 'sha1') } },
  'bitbucket, sha256': { host: 'bitbucket', headers: { 'X-Hub-Signature': sign(PUSH) } },
  'bitbucket, no signature': { host: 'bitbucket', headers: {}, stops: 'no X-Hub-Signature header set' },
  'bitbucket, wrong signature': {
    host: 'bitbucket',
    headers: { 'X-Hub-Signature': sign('{}', 'sha1') },
    stops: 'error validating signature: payload signature check failed',
  },
  'bitbucket, another algorithm': {
    host: 'bitbucket',
    headers: { 'X-Hub-Signature': sign(PUSH, 'md5') },
    stops: 'error validating signature: payload signature check failed',
  },
  'bitbucket, sha512': { host: 'bitbucket', headers: { 'X-Hub-Signature': sign(PUSH, 'sha512') } },
  'gitea, hex alone': { host: 'gitea', headers: { 'X-Gitea-Signature': sign(PUSH).slice(7) } },
  'gitea, beside GitHub’s header': {
    host: 'gitea',
    headers: { 'X-Gitea-Signature': sign(PUSH).slice(7), 'X-Hub-Signature-256': sign(PUSH) },
  },
  'gitea, GitHub’s header alone': {
    host: 'gitea',
    headers: { 'X-Hub-Signature-256': sign(PUSH) },
    stops: 'no X-Gitea-Signature header set',
  },
  'gitea, with the prefix that it does not have': {
    host: 'gitea',
    headers: { 'X-Gitea-Signature': sign(PUSH) },
    stops: 'payload signature check failed',
  },
  'gitea, another secret': {
    host: 'gitea',
    headers: { 'X-Gitea-Signature': sign(PUSH, 'sha256', 'old').slice(7) },
    stops: 'payload signature check failed',
  },
  'gitea, event type': {
    host: 'gitea',
    params: { eventTypes: ['push'] },
    headers: { 'X-Gitea-Event': 'pull_request' },
    stops: 'event type pull_request is not allowed',
  },
  'slack, a field': {
    host: 'slack',
    ...slackForm('text=main+2&command=%2Fbuild'),
    params: { requestedFields: ['text'] },
    extensions: { text: ['main 2'] },
  },
  'slack, a field that is given twice': {
    host: 'slack',
    ...slackForm('text=a&text=b&command=c'),
    params: { requestedFields: ['text', 'command'] },
    extensions: { text: ['a', 'b'], command: ['c'] },
  },
  'slack, a field that is not there': {
    host: 'slack',
    ...slackForm('token=s3cret&command=c'),
    params: { requestedFields: ['text'] },
    stops: 'requested field does not exists in payload: "text" is none of command token',
  },
  'slack, no fields asked for': {
    host: 'slack',
    ...slackForm('text=a&command=c'),
    params: {},
    fails: 'missing requested field definition',
  },
  'slack, a form of one field': {
    host: 'slack',
    ...slackForm('{"text":1}'),
    params: { requestedFields: ['text'] },
    fails: 'failed to unmarshl slack payload: its fields are no lists of texts',
  },
  'slack, JSON': {
    host: 'slack',
    headers: { 'Content-Type': 'application/json', 'X-Slack-Signature': 'v0=a' },
    params: { requestedFields: ['text'] },
    stops: 'missing header in payload: ContentType application/x-www-form-urlencoded',
  },
  'slack, no signature': {
    host: 'slack',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'a=b&c=d',
    params: { requestedFields: ['a'] },
    stops: 'missing header in payload: ContentType application/x-www-form-urlencoded',
  },
  'event types that are no list': {
    params: { eventTypes: 'push' },
    headers: { 'X-GitHub-Event': 'push' },
    fails:
      'failed to parse interceptor params: invalid json: json: cannot unmarshal string into Go struct field InterceptorParams.eventTypes of type []string',
  },
  'event types with a number': {
    host: 'gitlab',
    params: { eventTypes: [1] },
    headers: { 'X-Gitlab-Event': 'Push Hook' },
    fails:
      'failed to parse interceptor params: invalid json: json: cannot unmarshal number into Go struct field InterceptorParams.eventTypes of type string',
  },
  'a secretRef that is a text': {
    host: 'bitbucket',
    params: { secretRef: 'hook' },
    headers: {},
    fails:
      'failed to parse interceptor params: invalid json: json: cannot unmarshal string into Go struct field InterceptorParams.secretRef of type v1beta1.SecretRef',
  },
  'bitbucket, event type': {
    host: 'bitbucket',
    params: { eventTypes: ['repo:push'] },
    headers: { 'X-Event-Key': 'repo:refs_changed' },
    stops: 'event type repo:refs_changed is not allowed',
  },
})

test.each(table)('%s', async (_, one) => {
  const { body = PUSH, headers, params = GUARDED, host = 'github', secret, stops, fails, extensions = {} } = one
  const answer = await runChain(chain(host, params), event({ headers, body }), secrets(secret))
  const by = `interceptors[0] ${host}`
  if (stops !== undefined) expect(answer).toEqual({ is: 'stop', by, message: stops })
  else if (fails !== undefined) expect(answer).toEqual({ is: 'fail', by, message: fails })
  else expect(answer).toEqual({ is: 'continue', extensions })
})

const names = RECORDED.filter(one => one.examples.length > 0).map(one => one.name)

test.each(names)('recorded GitHub payload of %s: genuine, and forged', async name => {
  const body = recorded(name)
  const signed = event({ headers: { 'X-Hub-Signature-256': sign(body) }, body })
  expect(await runChain(chain('github', GUARDED), signed, secrets())).toHaveProperty('is', 'continue')
  const forged = event({ headers: { 'X-Hub-Signature-256': sign(body) }, body: `${body} ` })
  expect(await runChain(chain('github', GUARDED), forged, secrets())).toHaveProperty('is', 'stop')
})

test('bytes that are no UTF-8 are never genuine', async () => {
  const rawBody = Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
  const sent: Sent = { headers: { 'X-Hub-Signature-256': sign(rawBody) } }
  const proofs = await proveChain(chain('github', GUARDED), { ...event(sent), rawBody }, secrets())
  expect(proofs).toMatchObject([{ proof: { is: 'rejected', message: 'payload signature check failed' } }])
})

test('a Secret that ends with a line break is named as the likely cause', async () => {
  const sent = event({ headers: { 'X-Hub-Signature-256': sign(PUSH) }, body: PUSH })
  const proofs = await proveChain(chain('github', GUARDED), sent, secrets(`${SECRET}\n`))
  expect(proofs).toMatchObject([{ proof: { wayOut: expect.stringContaining('ends with white space') } }])
  expect(JSON.stringify(proofs)).not.toContain(SECRET)
})

test('an interceptor that is nowhere fails before any other has a say', async () => {
  const notFound = (what: string, name: string) =>
    `url resolution failed for interceptor ${name} with: ${what}.triggers.tekton.dev "${name}" not found`
  const nowhere: readonly (readonly [TriggerInterceptor, string, string])[] = [
    [{ ref: { name: 'mine' } }, 'interceptors[1] mine', notFound('clusterinterceptor', 'mine')],
    [
      { ref: { name: 'cel', kind: 'NamespacedInterceptor' } },
      'interceptors[1] NamespacedInterceptor cel',
      notFound('interceptor', 'cel'),
    ],
    [{ webhook: { objectRef: {} }, name: 'mine' }, 'interceptors[1] webhook "mine"', 'invalid objRef'],
  ]
  for (const [interceptor, by, message] of nowhere) {
    const both = [...chain('github', GUARDED), { interceptor, namespace: 'ci' }]
    const answer = await runChain(both, event({}), secrets())
    expect(answer).toMatchObject({ is: 'fail', by, message: expect.stringContaining(message) })
  }
})

test('extensions of a chain are merged, later ones win', async () => {
  const overlay = (key: string, expression: string): ChainedInterceptor => ({
    interceptor: { ref: { name: 'cel' }, params: [{ name: 'overlays', value: [{ key, expression }] }] },
    namespace: 'ci',
  })
  const answer = await runChain(
    [overlay('a', "'1'"), overlay('b', "extensions.a + '2'"), overlay('a', "'3'")],
    event({}),
    secrets(),
  )
  expect(answer).toEqual({ is: 'continue', extensions: { a: '3', b: '12' } })
})

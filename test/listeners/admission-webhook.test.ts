/** The validating webhook over real TLS, asked as an API server asks. */
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startAdmissionWebhook } from '../../listeners/admission-webhook.js'
import { admit } from '../../src/admission/admit.js'
import { ownCertificate } from '../../src/api/access/certificate.js'
import { problemsText } from '../../src/resources/problem.js'
import { asRecord, type Json } from '../../src/resources/shape.js'
import { PIPELINES, serveApi } from '../api/world.js'
import { valuesIn } from '../crds/world.js'
import { ROOT } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { yaml } from '../helpers/yaml.js'
import { until } from '../kubelet/until.js'
import { recordingLog } from './world.js'

const HOST = 'tektite-webhook.ci.svc'

/** Puts a new pair into the folder as a kubelet does: in a folder of its own, to which a link leads. */
async function renew(certDir: string): Promise<string> {
  const made = await ownCertificate(temporaryDirectory('authority'), [HOST], Date.now())
  const inside = join(certDir, `..${Math.random().toString(36).slice(2)}`)
  mkdirSync(inside)
  writeFileSync(join(inside, 'tls.crt'), made.certificate)
  writeFileSync(join(inside, 'tls.key'), made.key)
  for (const name of ['tls.crt', 'tls.key']) {
    rmSync(join(certDir, name), { force: true })
    symlinkSync(join(inside, name), join(certDir, name))
  }
  return made.authority
}

async function start() {
  const certDir = temporaryDirectory('webhook')
  const ca = await renew(certDir)
  const { lines, log } = recordingLog()
  const webhook = await startAdmissionWebhook(
    { admission: () => ({}), log },
    { port: 0, host: '127.0.0.1', certDir, lookAgainMs: 20 },
  )
  onTestFinished(() => webhook.close())
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  return {
    ...webhook,
    certDir,
    lines,
    ca,
    send: (body: string | Buffer, { path = '/validate', method = 'POST', authority = ca } = {}) =>
      send(webhook.port, { ca: authority, path, method, agent }, body),
    ask: (more: Json) => ask(webhook.port, { ca, agent }, more),
  }
}

async function send(port: number, options: object, body: string | Buffer): Promise<{ code: number; text: string }> {
  const sending = request({ host: '127.0.0.1', port, servername: HOST, ...options })
  sending.end(body)
  const [response] = (await once(sending, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { code: response.statusCode ?? 0, text }
}

/** What the API server does with the answer is in it: whether, why not, and what to warn of. */
async function ask(port: number, options: object, more: Json): Promise<Json> {
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: '0b4a-1', operation: 'CREATE', ...more },
  }
  const { code, text } = await send(port, { method: 'POST', path: '/validate', ...options }, JSON.stringify(review))
  expect(code, text).toBe(200)
  const { apiVersion, kind, response } = JSON.parse(text) as Json
  expect({ apiVersion, kind }).toEqual({ apiVersion: review.apiVersion, kind: review.kind })
  expect(asRecord(response)['uid']).toBe('0b4a-1')
  return asRecord(response)
}

const CYCLE = yaml<Json>`
  apiVersion: tekton.dev/v1
  kind: Pipeline
  metadata: { name: round, namespace: default }
  spec:
    tasks:
      - { name: a, runAfter: [b], taskRef: { name: t } }
      - { name: b, runAfter: [a], taskRef: { name: t } }
`
const RUN = yaml<Json>`
  apiVersion: tekton.dev/v1
  kind: TaskRun
  metadata: { name: run, namespace: default, uid: u, resourceVersion: "7" }
  spec: { taskRef: { name: t } }
  status: { startTime: "2026-11-22T10:00:00Z", conditions: [{ type: Succeeded, status: Unknown }] }
`
const withSpec = (object: Json, spec: Json): Json => ({ ...object, spec: { ...asRecord(object['spec']), ...spec } })
/** As it may be stored while the webhook is away. */
const WRONG = withSpec(RUN, { taskRef: { name: 't', bundle: 'b' } })
const ENDED = { ...WRONG, status: { conditions: [{ type: 'Succeeded', status: 'False' }] } }

test('what our API refuses is refused in the same words, with the same causes', async () => {
  const { ask } = await start()
  const { call } = await serveApi()
  const { body } = await call('POST', PIPELINES, { body: CYCLE })
  const { message, details } = body as { readonly message: string; readonly details: { readonly causes: object } }
  const denial = 'admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: '
  expect(message.startsWith(denial)).toBe(true)
  expect(await ask({ object: CYCLE })).toMatchObject({
    allowed: false,
    status: {
      status: 'Failure',
      reason: 'BadRequest',
      code: 400,
      message: message.slice(denial.length),
      details: { causes: details.causes },
    },
  })
})

test('every manifest that admission refuses for what it says is refused with the same text', async () => {
  const { ask } = await start()
  const folder = join(ROOT, 'test/invalid')
  let count = 0
  for (const file of readdirSync(folder).filter(name => name.endsWith('.yaml'))) {
    for (const value of safely(() => valuesIn(readFileSync(join(folder, file), 'utf8'))) ?? []) {
      const admission = admit(value)
      const isOurs = /(?:tekton|tektite)\.dev\//.test(String(asRecord(value)['apiVersion']))
      // What a schema or a decoder says, and kinds that are none, never come as far as a webhook, or differ there.
      if (admission.is === 'ok' || !isOurs || admission.problems.some(problem => problem.complete)) continue
      count++
      const answer = await ask({ object: value })
      expect(asRecord(answer['status'])['message'], file).toBe(`validation failed: ${problemsText(admission.problems)}`)
    }
  }
  expect(count).toBeGreaterThan(50)
})

function safely<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

test.each<[what: string, request: Json, answer: Json]>([
  ['a sound object', { object: RUN }, { allowed: true }],
  [
    'an older spelling',
    { object: withSpec({ ...RUN, apiVersion: 'tekton.dev/v1beta1' }, { stepOverrides: [] }) },
    { allowed: true },
  ],
  ['an older spelling under the name of v1', { object: withSpec(RUN, { stepOverrides: [] }) }, { allowed: true }],
  [
    'a kind it does not know',
    { object: { ...RUN, kind: 'TaskLoop' } },
    { allowed: true, warnings: ['Tektite knows no TaskLoop in tekton.dev/v1: it was not checked'] },
  ],
  [
    'a version it does not know',
    { object: { ...CYCLE, apiVersion: 'tekton.dev/v2' } },
    { allowed: true, warnings: [expect.stringContaining('tekton.dev/v2')] },
  ],
  [
    'somebody else’s kind',
    { object: { apiVersion: 'v1', kind: 'Pod' } },
    { allowed: true, warnings: [expect.any(String)] },
  ],
  ['a deletion', { operation: 'DELETE', object: null, oldObject: CYCLE }, { allowed: true }],
  ['a status', { operation: 'UPDATE', subResource: 'status', object: CYCLE, oldObject: RUN }, { allowed: true }],
  [
    'an object that goes',
    { operation: 'UPDATE', object: { ...CYCLE, metadata: { name: 'a', deletionTimestamp: 'x' } }, oldObject: RUN },
    { allowed: true },
  ],
  [
    'a label on what is wrong already',
    { operation: 'UPDATE', object: { ...CYCLE, metadata: { name: 'a', labels: { a: 'b' } } }, oldObject: CYCLE },
    { allowed: true },
  ],
  [
    'a cancellation',
    { operation: 'UPDATE', object: withSpec(RUN, { status: 'TaskRunCancelled' }), oldObject: RUN },
    { allowed: true },
  ],
  [
    'a cancellation of what is wrong already',
    { operation: 'UPDATE', object: withSpec(WRONG, { status: 'TaskRunCancelled' }), oldObject: WRONG },
    { allowed: true },
  ],
  [
    'a cancellation, misspelt, of what is wrong already',
    { operation: 'UPDATE', object: withSpec(WRONG, { status: 'Stop' }), oldObject: WRONG },
    { allowed: false, status: { message: expect.stringMatching(/^validation failed: (?!.*bundle).*spec\.status/) } },
  ],
  [
    'a cancellation of what is wrong and has ended',
    { operation: 'UPDATE', object: withSpec(ENDED, { status: 'TaskRunCancelled' }), oldObject: ENDED },
    { allowed: false, status: { message: expect.stringContaining('Once the TaskRun is complete') } },
  ],
  [
    'another wrong thing in what is wrong already',
    { operation: 'UPDATE', object: withSpec(WRONG, { retries: -1 }), oldObject: WRONG },
    { allowed: false },
  ],
  [
    'a change of a run that has begun',
    { operation: 'UPDATE', object: withSpec(RUN, { retries: 3 }), oldObject: RUN },
    {
      allowed: false,
      status: {
        message:
          'validation failed: invalid value: Once the TaskRun has started, only status and statusMessage updates are allowed: spec',
      },
    },
  ],
  [
    'the same in the other spelling',
    { operation: 'UPDATE', object: withSpec(RUN, { timeout: '60m' }), oldObject: withSpec(RUN, { timeout: '1h' }) },
    { allowed: true },
  ],
  [
    'a bundle',
    { object: withSpec(RUN, { taskRef: { name: 't', bundle: 'b' } }) },
    { allowed: false, status: { message: 'validation failed: must not set the field(s): spec.taskRef.bundle' } },
  ],
  ['nothing', { object: null }, { allowed: true, warnings: [expect.any(String)] }],
])('%s', async (_, request, expected) => {
  const { ask } = await start()
  expect(await ask(request)).toMatchObject(expected)
})

test('what our API warns of is warned of', async () => {
  const { ask } = await start()
  const object = yaml<Json>`
    apiVersion: tekton.dev/v1
    kind: Task
    metadata: { name: t, namespace: default }
    spec: { steps: [{ image: i, env: [{ name: A, value: b }], script: "echo $$(A)" }] }
  `
  const admission = admit(object)
  const warnings = admission.is === 'ok' ? admission.warnings : []
  expect(warnings.length).toBeGreaterThan(0)
  const answer = await ask({ object })
  expect(answer).toMatchObject({
    allowed: true,
    warnings: warnings.map(({ message }) => expect.stringContaining(message)),
  })
})

test('what is no review is an error, which lets the object in', async () => {
  const { send, port } = await start()
  const review = { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview', request: { uid: 'a' } }
  expect((await send('{')).code).toBe(400)
  expect((await send(JSON.stringify(review))).code).toBe(400)
  expect((await send('{}', { path: '/' })).code).toBe(404)
  expect((await send('', { method: 'GET' })).code).toBe(405)
  const tooLarge = send(Buffer.alloc(7 * 1_048_576, 'x'))
  expect(await tooLarge.then(({ code }) => code).catch((error: NodeJS.ErrnoException) => error.code)).toSatisfy(
    (found: unknown) => found === 413 || found === 'EPIPE' || found === 'ECONNRESET',
  )
  const plain = connect(port, '127.0.0.1')
  plain.end('POST /validate HTTP/1.1\r\n\r\n')
  plain.resume()
  await once(plain, 'close')
  expect((await send('{}', { path: '/livez' })).code).toBe(404)
})

test('a certificate that was renewed is shown to the next who connects, and half of one changes nothing', async () => {
  const { certDir, port, ca, lines } = await start()
  const object = RUN
  expect(await ask(port, { ca, agent: false }, { object })).toMatchObject({ allowed: true })
  rmSync(join(certDir, 'tls.key'))
  await until('the missing key is told of', () =>
    lines.some(({ message }) => message === 'the certificate was not renewed'),
  )
  expect(await ask(port, { ca, agent: false }, { object })).toMatchObject({ allowed: true })
  const renewed = await renew(certDir)
  await until('the renewed certificate is told of', () =>
    lines.some(({ message }) => message === 'the certificate of the webhook was renewed'),
  )
  expect(await ask(port, { ca: renewed, agent: false }, { object })).toMatchObject({ allowed: true })
  await expect(ask(port, { ca, agent: false }, { object })).rejects.toThrow(/certificate/)
})

test.each([
  [
    'no key',
    (folder: string) => rmSync(join(folder, 'tls.key')),
    /tls\.key cannot be read \(ENOENT\): it must hold tls\.crt and tls\.key/,
  ],
  [
    'a key of another',
    async (folder: string) => {
      const other = temporaryDirectory('webhook')
      await renew(other)
      writeFileSync(join(folder, 'tls.key'), readFileSync(join(other, 'tls.key')))
    },
    /belong together/,
  ],
  [
    'what is no PEM',
    (folder: string) => writeFileSync(join(folder, 'tls.crt'), 'secret words'),
    /are no certificate and its key/,
  ],
])('a folder with %s says so at the start, and nothing of what is in it', async (_, spoil, said) => {
  const certDir = temporaryDirectory('webhook')
  await renew(certDir)
  await spoil(certDir)
  const { log } = recordingLog()
  const starting = startAdmissionWebhook({ admission: () => ({}), log }, { port: 0, certDir })
  await expect(starting).rejects.toThrow(said)
  await expect(starting).rejects.not.toThrow(/secret words/)
})

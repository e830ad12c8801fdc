/** Workers and listeners as processes of their own, over the API of an engine that has neither, with a real Redis. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ownCertificate } from '../src/api/access/certificate.js'
import { connectionFromEnvironment } from '../src/cluster/kubernetes/kubeconfig.js'
import { openKubernetesCluster } from '../src/cluster/kubernetes.js'
import { succeededCondition } from '../src/status/conditions.js'
import { doneRun, engineOfFile, pipelineRuns } from './helpers/engine.js'
import { endedPart, startPart } from './helpers/processes.js'
import { startRedis, type TestRedis } from './helpers/redis.js'
import { temporaryDirectory } from './helpers/temp-directory.js'
import { pushImage } from './images/registry.js'
import { until } from './kubelet/until.js'
import { serveRegistry } from './resolve/servers.js'

const LISTENER = `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: push }
spec:
  serviceAccountName: ci
  triggers:
    - name: build
      template:
        spec:
          resourcetemplates:
            - apiVersion: tekton.dev/v1
              kind: PipelineRun
              metadata: { generateName: build- }
              spec:
                pipelineSpec:
                  tasks:
                    - name: hello
                      taskSpec: { steps: [{ name: s, image: alpine, script: echo hello }] }
`

const engine = engineOfFile('distributed', LISTENER, ['--parts', 'api,kubelet'])
let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())
const given = () => ({ KUBECONFIG: join(engine.data, 'kubeconfig'), REDIS_URL: redis.url })

interface AuditEvent {
  readonly verb: string
  readonly objectRef?: { readonly resource: string }
}

function auditEvents(): readonly AuditEvent[] {
  const lines = readFileSync(join(engine.data, 'audit.log'), 'utf8').trim().split('\n')
  return lines.map(line => JSON.parse(line) as AuditEvent)
}

test('an engine without workers and listeners says how they are started', () => {
  for (const part of ['workers', 'listeners']) {
    expect(engine.said()).toContain(
      `not here: ${part}: node dist/${part}/main.js --kubeconfig ${given().KUBECONFIG} --redis-url redis://HOST:PORT`,
    )
  }
})

test('a delivery becomes a run that ends, and both processes stop in order', async () => {
  const [workers, listeners] = await Promise.all([
    startPart('workers', [], given()),
    startPart('listeners', [], given()),
  ])
  await Promise.all([workers.ready(), listeners.ready()])
  const posted = () =>
    fetch(`${listeners.hooks}/hooks/default/push`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
  expect((await posted()).status).toBe(202)
  const run = await until('a run', async () => (await pipelineRuns(engine))[0])
  expect(succeededCondition(await doneRun(engine, run.metadata.name))).toMatchObject({ reason: 'Succeeded' })
  // What git hosts are shown of a step.
  const api = openKubernetesCluster({ connection: await connectionFromEnvironment({ environment: given() }) })
  const [pod] = await api.list('Pod')
  expect(await api.logTail(pod!.metadata, 'step-s', 1_000)).toBe('hello\n')
  expect(await api.logTail(pod!.metadata, 'step-s', 3)).toBe('')
  expect(await api.logTail({ namespace: 'default', name: 'none' }, 'step-s', 1_000)).toBe('')
  api.close()
  // Made with the account of the listener, as on a cluster, where its rights decide.
  const made = auditEvents().find(({ verb, objectRef }) => verb === 'create' && objectRef?.resource === 'pipelineruns')
  expect(made).toMatchObject({
    user: { username: 'tektite:admin' },
    impersonatedUser: { username: 'system:serviceaccount:default:ci' },
    responseStatus: { code: 201 },
  })
  expect(await Promise.all([workers.end('SIGTERM'), listeners.end('SIGTERM')])).toEqual([0, 0])
})

test('workers ask the registry what a step without a command runs', async () => {
  const host = await serveRegistry()
  const digest = await pushImage({ to: `${host}/tool`, tag: 'v1' }, { Entrypoint: ['echo', 'hello'], Cmd: ['nobody'] })
  const workers = await startPart('workers', [], { ...given(), TEKTITE_ALLOWED_HOSTS: '127.0.0.1' })
  const api = openKubernetesCluster({ connection: await connectionFromEnvironment({ environment: given() }) })
  onTestFinished(() => api.close())
  const place = { namespace: 'default', name: 'by-image' }
  const steps = [{ name: 's', image: `${host}/tool:v1`, args: ['image'] }]
  await api.create('TaskRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: place,
    spec: { taskSpec: { steps } },
  })
  const ended = await until('the run to end', async () => {
    const condition = succeededCondition((await api.get('TaskRun', place)) ?? {})
    return condition?.status === 'Unknown' ? undefined : condition
  })
  expect(ended).toMatchObject({ reason: 'Succeeded' })
  const pod = await api.get('Pod', { namespace: 'default', name: 'by-image-pod' })
  expect(pod?.spec.containers[0]?.image).toBe(`${host}/tool@${digest}`)
  expect(await api.logTail(pod!.metadata, 'step-s', 1_000)).toBe('hello image\n')
  expect(await workers.end('SIGTERM')).toBe(0)
})

test.each(['workers', 'listeners'] as const)('%s that are told something wrong say all of it and end', async name => {
  const environment = { REDIS_URL: 'nonsense', REDIS_CA_FILE: '/nowhere', TEKTITE_RUN_URL: 'ftp://x' }
  expect(await endedPart(name, ['--metrics-port', '-1'], environment)).toEqual({
    code: 2,
    stdout: '',
    stderr: [
      'environment variable REDIS_URL is "nonsense": it must be redis://[user:password@]host[:port][/database], or rediss:// for TLS',
      '--metrics-port is "-1": it must be a port: 0 (any free one) to 65535',
      'environment variable TEKTITE_RUN_URL is "ftp://x"; it must be an http(s) URL, such as https://ci.example.com/{namespace}/{name}',
    ]
      .map(line => `error: ${line}\n`)
      .join(''),
  })
})

test('reviews are answered over TLS where a port and a certificate are given, with no Redis there yet', async () => {
  const folder = temporaryDirectory('reviews')
  const { certificate, key, authority } = await ownCertificate(folder, ['localhost'], Date.now())
  writeFileSync(join(folder, 'tls.crt'), certificate)
  writeFileSync(join(folder, 'tls.key'), key)
  const environment = { ...given(), REDIS_URL: 'redis://127.0.0.1:1' }
  const listeners = await startPart('listeners', ['--webhook-port', '0', '--webhook-cert-dir', folder], environment)
  const port = await until('the port', () => listeners.said().find(({ msg }) => msg === 'reviewing')?.['port'])
  const object = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata: { name: 'a' }, spec: {} }
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'one', operation: 'CREATE', object },
  }
  const sending = request({ host: 'localhost', port: port as number, path: '/validate', method: 'POST', ca: authority })
  sending.end(JSON.stringify(review))
  const [response] = (await once(sending, 'response')) as [IncomingMessage]
  expect(JSON.parse(String(await response.toArray()))).toMatchObject({
    response: { uid: 'one', allowed: false, status: { message: expect.stringContaining('expected exactly one') } },
  })
  expect(await listeners.end('SIGTERM')).toBe(0)
})

test('what files say is checked, too', async () => {
  const environment = { REDIS_URL: 'redis://127.0.0.1', REDIS_CA_FILE: '/nowhere/ca.pem' }
  expect((await endedPart('workers', [], environment)).stderr.split('\n')).toEqual([
    'error: --kubeconfig (KUBECONFIG): is not given, and this is no Pod: give --kubeconfig <file>, or set KUBECONFIG',
    'error: --redis-ca-file (REDIS_CA_FILE) is "/nowhere/ca.pem": it is for TLS, and --redis-url is not: write rediss://',
    '',
  ])
  const secure = { ...environment, REDIS_URL: 'rediss://127.0.0.1', KUBECONFIG: '/nowhere/kubeconfig' }
  expect((await endedPart('workers', [], secure)).stderr.split('\n')).toEqual([
    expect.stringMatching(/^error: --kubeconfig \(KUBECONFIG\): ENOENT: .*\/nowhere\/kubeconfig/),
    expect.stringMatching(/^error: --redis-ca-file \(REDIS_CA_FILE\) is "\/nowhere\/ca.pem": ENOENT/),
    '',
  ])
  const reviews = { ...given(), TEKTITE_WEBHOOK_PORT: '0', TEKTITE_WEBHOOK_CERT_DIR: '/nowhere' }
  expect((await endedPart('listeners', [], reviews)).stderr).toMatch(
    /^error: --webhook-port and --webhook-cert-dir: \/nowhere\/tls\.\w+ cannot be read \(ENOENT\): it must hold tls\.crt/,
  )
})

test.each([
  ['workers', '--metrics-port'],
  ['listeners', '--metrics-port'],
  ['listeners', '--port'],
] as const)('a port of %s %s that is taken is named, with the flag that gives another', async (name, flag) => {
  // On all interfaces: none of them can be opened beside it.
  const taken = createServer().listen(0)
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const ports = ['--metrics-port', '0', ...(name === 'listeners' ? ['--port', '0'] : [])]
  const { code, stderr } = await endedPart(name, [...ports, flag, String(port)], given())
  expect(stderr).toContain(
    `port ${port} is in use by another process: give another with ${flag}, or 0 for any free one`,
  )
  expect(code).toBe(2)
})

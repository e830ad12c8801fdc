/** What processes say of themselves, and how they end, when something they need is away: really taken away, and brought back. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SILENT } from '../src/lib/log.js'
import { connectForRequests } from '../src/redis/connection.js'
import { engineOfFile } from './helpers/engine.js'
import { type FaultProxy, startFaultProxy } from './helpers/fault-proxy.js'
import { endedPart, type Part, startPart } from './helpers/processes.js'
import { startRedis, type TestRedis } from './helpers/redis.js'
import { until } from './kubelet/until.js'

const LISTENER = `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: push }
spec:
  triggers:
    - name: note
      template:
        spec:
          resourcetemplates:
            - { apiVersion: v1, kind: ConfigMap, metadata: { generateName: note- } }
`
const SOON = 40_000
const engine = engineOfFile('distributed-faults', LISTENER, ['--parts', 'api'])

async function redisOfTest(args: readonly string[] = []): Promise<TestRedis> {
  const redis = await startRedis(args)
  onTestFinished(() => redis.close())
  return redis
}

interface Network {
  readonly proxy: FaultProxy
  readonly kubeconfig: string
  isCut: boolean
}

/** A way to the API that can be cut. */
async function network(): Promise<Network> {
  const found: { isCut: boolean } = { isCut: false }
  const proxy = await startFaultProxy(Number(new URL(engine.api).port), () => ({ is: found.isCut ? 'drop' : 'none' }))
  onTestFinished(() => proxy.close())
  const kubeconfig = join(engine.folder, `kubeconfig-${proxy.port}`)
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${proxy.port}` } }],
      users: [{ name: 'u', user: { token: engine.token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    }),
  )
  return Object.assign(found, { proxy, kubeconfig })
}

async function failing(part: Part): Promise<readonly string[]> {
  const text = await (await fetch(`${part.metrics}/readyz?verbose`)).text()
  return [...text.matchAll(/^\[-\](\S+) failed/gm)].map(([, name]) => name ?? '')
}

async function depths(part: Part): Promise<readonly string[]> {
  const text = await (await fetch(`${part.metrics}/metrics`, { signal: AbortSignal.timeout(2_000) })).text()
  expect(text).toContain('nodejs_eventloop_lag_seconds')
  return text.split('\n').filter(line => line.startsWith('tektite_queue_depth{'))
}

const post = (part: Part) =>
  fetch(`${part.hooks}/hooks/default/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })

test('Redis and the API server away: not ready, alive, never an empty queue; back: as before', {
  timeout: 120_000,
}, async () => {
  const [redis, net] = await Promise.all([redisOfTest(), network()])
  const given = { REDIS_URL: redis.url, KUBECONFIG: net.kubeconfig }
  const parts = await Promise.all([startPart('workers', [], given), startPart('listeners', [], given)])
  const [workers, listeners] = parts
  await Promise.all(parts.map(part => part.ready()))
  const empty = ['tektite_queue_depth{queue="runs"} 0', 'tektite_queue_depth{queue="deliveries"} 0']
  for (const part of parts) expect(await depths(part)).toEqual(empty)

  await redis.kill('SIGSTOP')
  net.isCut = true
  await until('the workers to say so', async () => (await failing(workers)).join() === 'queue,api-server', SOON)
  await until('the listeners to say so', async () => (await failing(listeners)).join() === 'inbox', SOON)
  for (const part of parts) {
    expect((await fetch(`${part.metrics}/livez`)).status).toBe(200)
    // Not 0: whoever scales on it would take the outage for rest.
    expect(await depths(part)).toEqual([])
  }
  expect((await post(listeners)).status).toBe(503)

  await redis.kill('SIGCONT')
  net.isCut = false
  await Promise.all(parts.map(part => part.ready(SOON)))
  for (const part of parts) expect(await depths(part)).toEqual(empty)
  expect((await post(listeners)).status).toBe(202)
})

test('Redis that takes no more writes is told apart from one that is there', { timeout: 60_000 }, async () => {
  const redis = await redisOfTest()
  const given = { REDIS_URL: redis.url, KUBECONFIG: join(engine.data, 'kubeconfig') }
  const listeners = await startPart('listeners', [], given)
  await listeners.ready()
  const admin = connectForRequests({ redisUrl: redis.url, log: SILENT })
  onTestFinished(() => admin.disconnect())
  await until('a connection', () => admin.status === 'ready')
  await admin.config('SET', 'maxmemory', '1kb')
  await until('the inbox to say so', async () => {
    const text = await (await fetch(`${listeners.metrics}/readyz?verbose`)).text()
    return text.includes('[-]inbox failed: writing a probe') && text.includes('OOM')
  })
  expect((await post(listeners)).status).toBe(503)
  await admin.config('SET', 'maxmemory', '0')
  await listeners.ready()
})

test('a Redis that evicts is refused, one that keeps nothing on disk is told of', async () => {
  const evicting = await redisOfTest([
    '--maxmemory',
    '100mb',
    '--maxmemory-policy',
    'allkeys-lru',
    '--appendonly',
    'no',
  ])
  const given = { REDIS_URL: evicting.url, KUBECONFIG: join(engine.data, 'kubeconfig'), TEKTITE_METRICS_PORT: '0' }
  const [workers, listeners] = await Promise.all([
    endedPart('workers', [], given),
    endedPart('listeners', ['--port', '0'], given),
  ])
  for (const { code, stderr } of [workers, listeners]) {
    expect(code).toBe(2)
    expect(stderr).toContain('maxmemory-policy \\"allkeys-lru\\" and would silently drop queued work')
    expect(stderr).toContain('Set maxmemory-policy to noeviction')
  }
  const forgetful = await redisOfTest(['--appendonly', 'no'])
  const part = await startPart('listeners', [], { ...given, REDIS_URL: forgetful.url })
  await part.ready()
  expect(JSON.stringify(part.said())).toContain('writes no append-only file')
})

test('Redis may come after the processes', { timeout: 60_000 }, async () => {
  const redis = await redisOfTest()
  await redis.kill('SIGKILL')
  const given = { REDIS_URL: redis.url, KUBECONFIG: join(engine.data, 'kubeconfig') }
  const workers = await startPart('workers', [], given)
  await until('it to say so', async () => (await failing(workers)).join() === 'started,redis')
  expect((await fetch(`${workers.metrics}/livez`)).status).toBe(200)
  await redis.start()
  await workers.ready(SOON)
})

test('SIGTERM: unready at once, requests are still answered, what is under way ends, then it is over', {
  timeout: 60_000,
}, async () => {
  const redis = await redisOfTest()
  const given = { REDIS_URL: redis.url, KUBECONFIG: join(engine.data, 'kubeconfig') }
  const listeners = await startPart('listeners', [], given)
  await listeners.ready()
  const slow = await begun(`${listeners.hooks}/hooks/default/push`)
  const ended = listeners.end('SIGTERM')
  await until('it to be unready', async () => (await failing(listeners)).includes('shutdown'))
  expect((await post(listeners)).status).toBe(202)
  expect((await fetch(`${listeners.metrics}/livez`)).status).toBe(200)
  const answered = once(slow, 'response')
  slow.end('}')
  const [response] = (await answered) as [{ readonly statusCode: number }]
  expect(response.statusCode).toBe(202)
  expect(await ended).toBe(0)
})

/** A delivery whose body is not all there. */
async function begun(url: string): Promise<ClientRequest> {
  const asked = request(url, { method: 'POST', headers: { 'content-type': 'application/json' }, agent: false })
  asked.write('{')
  await once(asked, 'socket')
  return asked
}

test('a second SIGTERM ends it at once', async () => {
  const redis = await redisOfTest()
  const given = { REDIS_URL: redis.url, KUBECONFIG: join(engine.data, 'kubeconfig') }
  const listeners = await startPart('listeners', [], given)
  await listeners.ready()
  const ended = listeners.end('SIGTERM')
  await until('it to stop', async () => (await failing(listeners)).includes('shutdown'))
  listeners.child.kill('SIGTERM')
  expect(await ended).toBe(1)
})

test('what one does alone goes on in another, when it is killed', { timeout: 60_000 }, async () => {
  const redis = await redisOfTest()
  const given = { REDIS_URL: redis.url, KUBECONFIG: join(engine.data, 'kubeconfig') }
  const parts = await Promise.all([1, 2, 3].map(() => startPart('workers', [], given)))
  await Promise.all(parts.map(part => part.ready()))
  const has = (part: Part, duty: string) =>
    part.said().some(line => line['msg'] === 'took over a duty' && line['duty'] === duty)
  for (const duty of ['reporting', 'resolver']) expect(parts.filter(part => has(part, duty))).toHaveLength(1)
  const holder = parts.find(part => has(part, 'reporting'))!
  const others = parts.filter(part => part !== holder)
  await holder.end('SIGKILL')
  await until('another to take over', () => others.some(part => has(part, 'reporting')))
  expect(others.filter(part => has(part, 'reporting'))).toHaveLength(1)
  // Ends in order while it is alone, too.
  expect(await Promise.all(others.map(part => part.end('SIGTERM')))).toEqual([0, 0])
})

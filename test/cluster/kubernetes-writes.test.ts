/** Writes whose answers get lost, over a real API and a real store: each is done once, and the caller is told what is true. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Cluster, isClusterError } from '../../src/cluster/cluster.js'
import { askedToWaitMs, type SeenCall } from '../../src/cluster/kubernetes/calls.js'
import type { KubernetesClusterOptions } from '../../src/cluster/kubernetes.js'
import { cases } from '../helpers/cases.js'
import { type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from '../helpers/fault-proxy.js'
import { configMap } from './open-cluster.js'
import { type ServedStore, serveStore, withoutManagers } from './served-cluster.js'

const HASTE = { tryMs: 500, allMs: 20_000, tries: 5, pauses: { firstMs: 1, maxMs: 5 } }
const key = { namespace: 'ns', name: 'x' }

let served: ServedStore
let proxies: FaultProxy[]

beforeEach(async () => {
  served = await serveStore()
  proxies = []
})

afterEach(async () => {
  for (const proxy of proxies) await proxy.close()
  await served.close()
})

async function through(
  choose: (request: ProxiedRequest) => Fault | Promise<Fault>,
  options: Partial<KubernetesClusterOptions> = {},
): Promise<{ readonly cluster: Cluster; readonly proxy: FaultProxy }> {
  const proxy = await startFaultProxy(served.port, choose)
  proxies.push(proxy)
  return { cluster: served.adapter({ callLimits: HASTE, ...options }, proxy.port), proxy }
}

/** The fault for the first request with this method. `beforeSecond` runs when the second comes. */
function once(method: string, fault: Fault, beforeSecond: () => Promise<unknown> = async () => {}) {
  let count = 0
  return async (request: ProxiedRequest): Promise<Fault> => {
    if (request.method !== method) return { is: 'none' }
    count++
    if (count === 2) await beforeSecond()
    return count === 1 ? fault : { is: 'none' }
  }
}

const FAULTS: readonly Fault[] = [
  { is: 'drop' },
  { is: 'lose reply' },
  { is: 'half a reply' },
  { is: 'silence' },
  { is: 'answer', code: 429, retryAfterSeconds: 0 },
  { is: 'answer', code: 500 },
  { is: 'answer', code: 503 },
]
const faults = FAULTS.map(fault => [fault.is === 'answer' ? `${fault.code}` : fault.is, fault] as const)

test.each(faults)('a create meets "%s": one object, and it is ours', async (_, fault) => {
  const { cluster } = await through(once('POST', fault))
  const made = await cluster.create('ConfigMap', configMap('x', { labels: { a: 'b' } }, { k: 'v' }))
  expect(made).toEqual(withoutManagers(await served.store.get('ConfigMap', key)))
  expect(made.metadata.labels).toEqual({ a: 'b' })
})

test.each(faults)('a create with generateName meets "%s": no twin', async (_, fault) => {
  const { cluster } = await through(once('POST', fault))
  const { name: _none, ...metadata } = configMap('').metadata
  const made = await cluster.create('ConfigMap', {
    ...configMap('x'),
    metadata: { ...metadata, generateName: 'build-' },
  })
  expect(made.metadata.name).toMatch(/^build-[a-z0-9]{5}$/)
  expect((await served.store.list('ConfigMap')).map(withoutManagers)).toEqual([made])
})

test.each(faults)('replaces meet "%s": written once', async (_, fault) => {
  const before = Number(served.store.version())
  const made = await served.store.create('PersistentVolumeClaim', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: key,
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  })
  const { cluster } = await through(once('PUT', fault))
  const metadata = { ...made.metadata, labels: { a: 'b' } }
  const labelled = await cluster.replace('PersistentVolumeClaim', { ...made, metadata })
  expect(labelled).toEqual(withoutManagers(await served.store.get('PersistentVolumeClaim', key)))
  expect(labelled.metadata.labels).toEqual({ a: 'b' })

  const { cluster: again } = await through(once('PUT', fault))
  const bound = await again.replaceStatus('PersistentVolumeClaim', { ...labelled, status: { phase: 'Bound' } })
  expect(bound).toEqual(withoutManagers(await served.store.get('PersistentVolumeClaim', key)))
  expect(bound.status).toMatchObject({ phase: 'Bound' })
  expect(Number(served.store.version()) - before).toBe(3)
})

test.each(faults)('a delete meets "%s": gone', async (_, fault) => {
  await served.store.create('ConfigMap', configMap('x'))
  const { cluster } = await through(once('DELETE', fault))
  await cluster.delete('ConfigMap', key)
  expect(await served.store.get('ConfigMap', key)).toBeUndefined()
})

test.each(faults)('reads meet "%s", and never notice', async (_, fault) => {
  const made = await served.store.create('ConfigMap', configMap('x'))
  const { cluster } = await through(({ number }) => (number % 2 === 1 ? fault : { is: 'none' }))
  expect(await cluster.get('ConfigMap', key)).toEqual(made)
  expect(await cluster.list('ConfigMap')).toEqual([made])
  expect(await cluster.get('ConfigMap', { namespace: 'ns', name: 'y' })).toBeUndefined()
})

test('a list comes in pages, and from the start again when its pages expire', async () => {
  const names = Array.from({ length: 600 }, (_, n) => `n${n}`).sort()
  await Promise.all(names.map(name => served.store.create('ConfigMap', configMap(name, { labels: { some: 'label' } }))))
  let expired = 0
  const { cluster, proxy } = await through(({ path }) =>
    path.includes('continue=') && expired++ < 2 ? { is: 'answer', code: 410 } : { is: 'none' },
  )
  const listed = await cluster.list('ConfigMap', { labels: { some: 'label' } })
  expect(listed.map(item => item.metadata.name)).toEqual(names)
  const pages = proxy.requests.map(each => (each.includes('continue=') ? 'next' : 'first'))
  expect(pages).toEqual(['first', 'next', 'first', 'next', 'first', 'next', 'next'])
  const { cluster: hopeless } = await through(({ path }) =>
    path.includes('continue=') ? { is: 'answer', code: 410 } : { is: 'none' },
  )
  await expect(hopeless.list('ConfigMap')).rejects.toMatchObject({ reason: 'Unavailable' })
})

test('a name that was taken while our create got lost is AlreadyExists', async () => {
  const other = configMap('x', {}, { of: 'another' })
  const { cluster } = await through(once('POST', { is: 'drop' }, () => served.store.create('ConfigMap', other)))
  const error = await cluster.create('ConfigMap', configMap('x', {}, { of: 'us' })).catch(thrown => thrown)
  expect(isClusterError(error, 'AlreadyExists')).toBe(true)
  expect((await served.store.get('ConfigMap', key))?.data).toEqual({ of: 'another' })
})

test('a replace that never arrived while another wrote is a Conflict, and loses nothing', async () => {
  const made = await served.store.create('ConfigMap', configMap('x', { labels: { ours: 'x' } }))
  const other = () => served.store.replace('ConfigMap', { ...made, data: { of: 'another' } })
  const { cluster } = await through(once('PUT', { is: 'drop' }, other))
  // Would take a label away: all that is sent is in what is stored, and still it was not done.
  const sent = { ...made, metadata: { ...made.metadata, labels: {} }, data: { of: 'another' } }
  const error = await cluster.replace('ConfigMap', sent).catch(thrown => thrown)
  expect(isClusterError(error, 'Conflict')).toBe(true)
  expect(await served.store.get('ConfigMap', key)).toMatchObject({
    metadata: { labels: { ours: 'x' } },
    data: { of: 'another' },
  })
})

test('the replace that takes the last finalizer away, and its answer gets lost', async () => {
  const made = await served.store.create('ConfigMap', configMap('x', { finalizers: ['a.dev/x'] }))
  await served.store.delete('ConfigMap', key)
  const marked = (await served.store.get('ConfigMap', key))!
  const { cluster } = await through(once('PUT', { is: 'lose reply' }))
  const last = await cluster.replace('ConfigMap', { ...marked, metadata: { ...marked.metadata, finalizers: [] } })
  expect(last.metadata.uid).toBe(made.metadata.uid)
  expect(await served.store.get('ConfigMap', key)).toBeUndefined()
})

test('a namesake made after a delete that got lost outlives its second try', async () => {
  await served.store.create('ConfigMap', configMap('x'))
  let namesake: unknown
  const again = async () => {
    namesake = await served.store.create('ConfigMap', configMap('x', {}, { the: 'next' }))
  }
  const { cluster } = await through(once('DELETE', { is: 'lose reply' }, again))
  await cluster.delete('ConfigMap', key)
  expect(await served.store.get('ConfigMap', key)).toEqual(namesake)
})

test('when the tries are used up it is Unavailable, in words, and of a write that may be done it says so', async () => {
  const seen: SeenCall[] = []
  const { cluster, proxy } = await through(() => ({ is: 'lose reply' }), { onCall: call => seen.push(call) })
  const error = await cluster.create('ConfigMap', configMap('x')).catch(thrown => thrown as Error)
  expect(isClusterError(error, 'Unavailable')).toBe(true)
  expect((error as Error).message).toMatch(
    /^create \/api\/v1\/namespaces\/ns\/configmaps: no answer: .*\(tries: 5\); whether it was carried out is not known$/,
  )
  expect(proxy.requests).toHaveLength(5)
  expect(seen.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`)).toEqual(
    Array.from({ length: 5 }, () => 'create configmaps 0'),
  )
  const read = await cluster.get('ConfigMap', key).catch(thrown => thrown as Error)
  expect((read as Error).message).not.toContain('not known')
})

test('an answer that the API server will give again is not asked for again', async () => {
  const { cluster, proxy } = await through(() => ({ is: 'none' }))
  const error = await cluster.create('ConfigMap', configMap('Not A Name')).catch(thrown => thrown)
  expect(isClusterError(error, 'Invalid')).toBe(true)
  expect(proxy.requests).toEqual(['POST /api/v1/namespaces/ns/configmaps'])
})

test.each(['', '.', '..', 'a/b', '../../secrets/token', '%2e%2e'])(
  'nothing is called %j, and no other path is asked for it',
  async name => {
    const { cluster, proxy } = await through(() => ({ is: 'none' }))
    await served.store.create('ConfigMap', configMap('x'))
    for (const bad of [
      { namespace: 'ns', name },
      { namespace: name, name: 'x' },
    ]) {
      expect(await cluster.get('ConfigMap', bad)).toBeUndefined()
      await cluster.delete('ConfigMap', bad)
    }
    if (name !== '') expect(await cluster.list('ConfigMap', { namespace: name })).toEqual([])
    expect(proxy.requests).toEqual([])
    expect(await served.store.list('ConfigMap')).toHaveLength(1)
  },
)

test('closing ends what is under way', async () => {
  const { cluster } = await through(() => ({ is: 'silence' }), { callLimits: { ...HASTE, tryMs: 60_000 } })
  const asking = cluster.get('ConfigMap', key).catch(thrown => thrown)
  ;(cluster as ReturnType<ServedStore['adapter']>).close()
  expect(isClusterError(await asking, 'Unavailable')).toBe(true)
})

test.each(
  cases<{ readonly headers?: Record<string, string>; readonly details?: object; readonly ms: number | undefined }>({
    'by header': { headers: { 'retry-after': '3' }, ms: 3000 },
    'by status': { details: { retryAfterSeconds: 1 }, ms: 1000 },
    'not at all': { ms: undefined },
    'by a date, which API servers never send': { headers: { 'retry-after': 'Wed, 21 Oct' }, ms: undefined },
    'for ever': { headers: { 'retry-after': '99999999' }, ms: 30_000 },
    'less than nothing': { headers: { 'retry-after': '-5' }, ms: undefined },
  }),
)('asked to wait %s', (_, { headers = {}, details = {}, ms }) => {
  const body = Buffer.from(JSON.stringify({ kind: 'Status', code: 429, details }))
  expect(askedToWaitMs({ code: 429, headers, body })).toBe(ms)
})

/** Watches through a proxy that breaks them, over a real API and a real store. */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Change, type Cluster, isClusterError } from '../../src/cluster/cluster.js'
import type { KubernetesClusterOptions } from '../../src/cluster/kubernetes.js'
import type { LogFields } from '../../src/lib/log.js'
import type { ConfigMap } from '../../src/resources/core.js'
import { type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from '../helpers/fault-proxy.js'
import { seededRandom } from '../helpers/random.js'
import { configMap } from './open-cluster.js'
import { type ServedStore, serveStore, withoutManagers } from './served-cluster.js'

const soon = { timeout: 20_000, interval: 5 }
const HASTE = { tryMs: 300, allMs: 20_000, tries: 20, pauses: { firstMs: 1, maxMs: 10 } }
/** Silence comes soon here, since no bookmark does; a watch that lived until then was well. */
const TIMES = {
  watchMs: 60_000,
  silenceMs: 200,
  relistMs: 600_000,
  healthyMs: 150,
  pauses: { firstMs: 1, maxMs: 20 },
}

let served: ServedStore
let namespaces = 0
const ends: (() => unknown)[] = []

beforeEach(async () => {
  served = await serveStore()
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  await served.close()
})

async function through(
  choose: (request: ProxiedRequest) => Fault,
  options: Partial<KubernetesClusterOptions> = {},
): Promise<{ readonly cluster: Cluster; readonly proxy: FaultProxy; readonly close: () => void }> {
  const proxy = await startFaultProxy(served.port, choose)
  const cluster = served.adapter({ callLimits: HASTE, watchTimes: TIMES, ...options }, proxy.port)
  ends.push(
    () => proxy.close(),
    () => cluster.close(),
  )
  return { cluster, proxy, close: () => cluster.close() }
}

/** As an informer holds it: what was listed, with what came since. */
function follow(cluster: Cluster, namespace: string) {
  const controller = new AbortController()
  const held = new Map<string, ConfigMap>()
  const seen: Change<ConfigMap>['type'][] = []
  const problems: string[] = []
  let newest = 0
  const ended = (async () => {
    for await (const change of cluster.watch('ConfigMap', { namespace }, controller.signal)) {
      seen.push(change.type)
      if (change.type === 'listed') {
        held.clear()
        newest = 0
        for (const item of change.items) held.set(item.metadata.name, item)
        continue
      }
      const { name, resourceVersion } = change.item.metadata
      if (Number(resourceVersion) <= newest) problems.push(`${name} ${resourceVersion} after ${newest}`)
      newest = Number(resourceVersion)
      if (change.type === 'put') held.set(name, change.item)
      else held.delete(name)
    }
  })()
  const stop = () => controller.abort()
  ends.push(() => ended, stop)
  return {
    seen,
    problems,
    ended,
    stop,
    lists: () => seen.filter(type => type === 'listed').length,
    async agrees() {
      await vi.waitFor(async () => {
        const stored = await served.store.list('ConfigMap', { namespace })
        const mine = [...held.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
        expect(mine).toEqual(stored.map(withoutManagers))
      }, soon)
      expect(problems).toEqual([])
    },
  }
}

async function freshNamespace(): Promise<string> {
  const name = `w${++namespaces}`
  await served.store.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { namespace: '', name } })
  return name
}

const isList = (request: string) => /^GET \S*\/configmaps\?/.test(request) && !request.includes('watch=true')
const isWatch = (request: string) => request.includes('watch=true')

async function someWrites(namespace: string, from: number, to: number): Promise<void> {
  const { store } = served
  for (let n = from; n < to; n++) {
    const name = `n${n % 7}`
    const known = await store.get('ConfigMap', { namespace, name })
    if (known === undefined) await store.create('ConfigMap', configMap(name, { namespace }, { n: `${n}, ü ✓` }))
    else if (n % 3 === 0) await store.delete('ConfigMap', { namespace, name })
    else await store.replace('ConfigMap', { ...known, data: { n: `${n}` } })
  }
}

const STREAM_FAULTS: readonly Fault[] = [
  { is: 'cut', lines: 0 },
  { is: 'cut', lines: 2 },
  { is: 'half-close', lines: 2 },
  { is: 'mute', lines: 2 },
  { is: 'mute', lines: 0 },
  { is: 'gone', lines: 0 },
  { is: 'gone', lines: 2 },
  { is: 'stutter' },
  { is: 'drop' },
  { is: 'silence' },
  { is: 'delay', ms: 50 },
  { is: 'answer', code: 410 },
  { is: 'answer', code: 429, retryAfterSeconds: 0 },
  { is: 'answer', code: 500 },
]

const described = (fault: Fault) =>
  [fault.is, ...('lines' in fault ? [`after ${fault.lines}`] : []), ...('code' in fault ? [fault.code] : [])].join(' ')

test.each(STREAM_FAULTS.map(fault => [described(fault), fault] as const))(
  'watches that meet "%s" miss nothing, say nothing twice, and do not list hotly',
  async (_, fault) => {
    const namespace = await freshNamespace()
    let watches = 0
    const { cluster, proxy } = await through(({ isWatch: is }) => (is && ++watches <= 3 ? fault : { is: 'none' }))
    await someWrites(namespace, 0, 5)
    const follower = follow(cluster, namespace)
    for (let n = 5; n < 30; n += 5) {
      await vi.waitFor(() => expect(watches).toBeGreaterThanOrEqual(Math.min(4, n / 5)), soon)
      await someWrites(namespace, n, n + 5)
    }
    await follower.agrees()
    const isGone = fault.is === 'gone' || (fault.is === 'answer' && fault.code === 410)
    expect(follower.lists()).toBeLessThanOrEqual(isGone ? 4 : 1)
    expect(proxy.requests.filter(isList)).toHaveLength(follower.lists())
    follower.stop()
    await follower.ended
    // A watch that was given up leaves no connection behind; the one that lists were asked on may be kept.
    await vi.waitFor(async () => expect(await proxy.openConnections()).toBeLessThanOrEqual(1), soon)
  },
)

test('a watch that says nothing of a change does not hide it for ever: lists come whatever it does', async () => {
  const namespace = await freshNamespace()
  const { cluster } = await through(({ isWatch: is }) => (is ? { is: 'mute', lines: 0 } : { is: 'none' }), {
    watchTimes: { ...TIMES, silenceMs: 600_000, relistMs: 200 },
  })
  const follower = follow(cluster, namespace)
  await vi.waitFor(() => expect(follower.lists()).toBe(1), soon)
  await someWrites(namespace, 0, 10)
  await follower.agrees()
  expect(follower.seen).not.toContain('put')
})

test('failures in a row are paused for, longer each time, and start from the first pause after a watch that lived', async () => {
  const waits: LogFields[] = []
  const log = {
    debug: (_: string, fields: LogFields = {}) => void waits.push(fields),
    info: () => {},
    warn: (_: string, fields: LogFields = {}) => void waits.push(fields),
    error: () => {},
  }
  let bad = true
  const { cluster } = await through(({ isWatch: is }) => (is && bad ? { is: 'answer', code: 410 } : { is: 'none' }), {
    log,
    random: () => 0,
    watchTimes: { ...TIMES, pauses: { firstMs: 8, maxMs: 64 } },
  })
  const follower = follow(cluster, await freshNamespace())
  await vi.waitFor(() => expect(waits.length).toBeGreaterThanOrEqual(6), soon)
  expect(waits.slice(0, 6).map(each => each['waitMs'])).toEqual([4, 8, 16, 32, 32, 32])
  bad = false
  // Silent from here on, so it ends by itself when it has lived long enough.
  await vi.waitFor(() => expect(waits.at(-1)?.['waitMs']).toBe(4), soon)
  expect(waits.at(-1)?.['error']).toContain('nothing came for 200 ms')
  follower.stop()
})

test('a server that is away when a watch begins, and goes away in its middle, is waited for', async () => {
  const namespace = await freshNamespace()
  let away = true
  const { cluster } = await through(() => (away ? { is: 'drop' } : { is: 'none' }))
  const follower = follow(cluster, namespace)
  await someWrites(namespace, 0, 5)
  expect(follower.seen).toEqual([])
  away = false
  await follower.agrees()
  away = true
  await someWrites(namespace, 5, 20)
  away = false
  await follower.agrees()
})

// The property: whatever happens on the way, writers lose nothing and readers end up with what is stored. ------------

const CALL_FAULTS: readonly Fault[] = [
  { is: 'drop' },
  { is: 'lose reply' },
  { is: 'half a reply' },
  { is: 'delay', ms: 10 },
  { is: 'answer', code: 429, retryAfterSeconds: 0 },
  { is: 'answer', code: 500 },
  { is: 'answer', code: 503 },
]

function pick<T>(all: readonly T[], random: () => number): T {
  return all[Math.floor(random() * all.length)] as T
}

interface Ledger {
  acknowledged: number
  /** It was said that it may have been done, or not. */
  unknown: number
}

/** Counts up as everyone does who writes: read, change, replace, and again when somebody was faster. */
async function countUp(cluster: Cluster, namespace: string, by: string, ledger: Ledger): Promise<void> {
  for (;;) {
    const counter = await cluster.get('ConfigMap', { namespace, name: 'counter' })
    const value = Number(counter?.data?.['value'])
    try {
      await cluster.replace('ConfigMap', { ...counter!, data: { value: `${value + 1}`, by } })
      ledger.acknowledged++
      return
    } catch (error) {
      const { message } = error as Error
      if (/may have been carried out|whether it was carried out is not known/.test(message)) ledger.unknown++
      if (isClusterError(error, 'Conflict')) continue
      if (isClusterError(error, 'Unavailable')) return
      throw error
    }
  }
}

async function writeSomething(cluster: Cluster, namespace: string, random: () => number): Promise<void> {
  const name = `n${Math.floor(random() * 5)}`
  try {
    const known = await cluster.get('ConfigMap', { namespace, name })
    if (known === undefined) await cluster.create('ConfigMap', configMap(name, { namespace }, { by: `${random()}` }))
    else if (random() < 0.4) await cluster.delete('ConfigMap', { namespace, name }, { uid: known.metadata.uid })
    else await cluster.replace('ConfigMap', { ...known, data: { by: `${random()}` } })
  } catch (error) {
    const reasons = ['AlreadyExists', 'Conflict', 'NotFound', 'Unavailable'] as const
    if (!reasons.some(reason => isClusterError(error, reason))) throw error
  }
}

test('random writers and a reader through a random proxy', { timeout: 120_000 }, async () => {
  const run = async (seed: number) => {
    const random = seededRandom(seed)
    const namespace = await freshNamespace()
    let faulty = true
    let gone = 0
    const { cluster, proxy, close } = await through(({ isWatch: is }) => {
      if (!faulty || random() < 0.6) return { is: 'none' }
      const fault = pick(is ? STREAM_FAULTS : CALL_FAULTS, random)
      if (is && (fault.is === 'gone' || (fault.is === 'answer' && fault.code === 410))) gone++
      return fault
    })
    await served.store.create('ConfigMap', configMap('counter', { namespace }, { value: '0' }))
    const follower = follow(cluster, namespace)
    const ledger = { acknowledged: 0, unknown: 0 }
    const writer = async (name: string) => {
      for (let n = 0; n < 8; n++) {
        await writeSomething(cluster, namespace, random)
        await countUp(cluster, namespace, `${name}, turn ${n}`, ledger)
      }
    }
    await Promise.all([writer('a'), writer('b'), writer('c')])
    faulty = false
    await follower.agrees()
    const counter = await served.store.get('ConfigMap', { namespace, name: 'counter' })
    const value = Number(counter?.data?.['value'])
    expect(value).toBeGreaterThanOrEqual(ledger.acknowledged)
    expect(value).toBeLessThanOrEqual(ledger.acknowledged + ledger.unknown)
    // One to begin with, one for each version that was lost, one for every fifth failure in a row.
    const attempts = proxy.requests.filter(each => isWatch(each) || isList(each)).length
    expect(follower.lists()).toBeLessThanOrEqual(1 + gone + attempts / 5)
    follower.stop()
    await follower.ended
    close()
  }
  await fc.assert(fc.asyncProperty(fc.integer(), run), { numRuns: 5 })
})

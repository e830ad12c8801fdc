import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { EmbeddedCluster, FollowedEvent } from '../../src/cluster/embedded/store.js'
import type { Kind } from '../../src/resources/kinds.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { configMap, openCluster } from './open-cluster.js'

const soon = { timeout: 15_000, interval: 1 }

function text(event: FollowedEvent): string {
  if (event.type === 'expired') return 'expired'
  if (event.type === 'bookmark') return `bookmark ${event.version}`
  return `${event.type} ${event.kind}/${event.object.metadata.name} ${event.version}`
}

function follow(cluster: EmbeddedCluster, kind: Kind | 'all', since: string, bookmarkMs?: number) {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const events: FollowedEvent[] = []
  const ended = (async () => {
    const options = bookmarkMs === undefined ? {} : { bookmarkMs }
    for await (const event of cluster.events(kind, since, controller.signal, options)) events.push(event)
  })()
  return { events, ended, texts: () => events.map(text), stop: () => controller.abort() }
}

async function someWrites(cluster: EmbeddedCluster): Promise<void> {
  const a = await cluster.create('ConfigMap', configMap('a', { labels: { app: 'x' } }))
  await cluster.create('Secret', { ...configMap('s'), kind: 'Secret' })
  await cluster.replace('ConfigMap', { ...a, data: { k: 'v' } })
  await cluster.delete('ConfigMap', { namespace: 'ns', name: 'a' })
  await cluster.create('ConfigMap', configMap('b'))
}
const ALL = [
  'added ConfigMap/a 1',
  'added Secret/s 2',
  'modified ConfigMap/a 3',
  'deleted ConfigMap/a 4',
  'added ConfigMap/b 5',
]

test.each(['from memory', 'from the log, after reopening'])('a stream resumes behind any version, %s', async how => {
  const directory = temporaryDirectory('events')
  let open = openCluster(directory)
  await someWrites(open.cluster)
  if (how !== 'from memory') {
    await open.close()
    open = openCluster(directory)
  }
  for (const since of [0, 1, 2, 3, 4, 5]) {
    const all = follow(open.cluster, 'all', `${since}`)
    await vi.waitFor(() => expect(all.texts()).toEqual([...ALL.slice(since), 'bookmark 5']), soon)
    const one = follow(open.cluster, 'ConfigMap', `${since}`)
    const wanted = ALL.slice(since).filter(event => event.includes('ConfigMap'))
    await vi.waitFor(() => expect(one.texts()).toEqual([...wanted, 'bookmark 5']), soon)
    for (const event of one.events) {
      if (event.type === 'modified') expect(event.previous).toMatchObject({ metadata: { resourceVersion: '1' } })
      if ('object' in event) expect(event.object.metadata.resourceVersion).toBe(`${event.version}`)
    }
  }
})

test('a list and the stream from its version leave no gap, beside writers', async () => {
  const { cluster } = openCluster(temporaryDirectory('events'))
  const streams: { held: Set<string>; follower: ReturnType<typeof follow> }[] = []
  await Promise.all(
    Array.from({ length: 300 }, async (_, n) => {
      await cluster.create('ConfigMap', configMap(`n${n}`))
      if (n % 10 !== 0) return
      const { version, items } = await cluster.listAt('ConfigMap')
      streams.push({
        held: new Set(items.map(item => item.metadata.name)),
        follower: follow(cluster, 'ConfigMap', version),
      })
    }),
  )
  expect(streams).toHaveLength(30)
  for (const { held, follower } of streams) {
    const added = () => follower.events.flatMap(event => (event.type === 'added' ? [event.object.metadata.name] : []))
    await vi.waitFor(() => expect(held.size + added().length).toBe(300), soon)
    expect(new Set([...held, ...added()]).size).toBe(300)
  }
})

test('a stream goes on with what is written later, and ends when it is stopped or the cluster is closed', async () => {
  const { cluster, close } = openCluster(temporaryDirectory('events'))
  const [stopped, closed] = [follow(cluster, 'ConfigMap', '0'), follow(cluster, 'all', '0')]
  await someWrites(cluster)
  await vi.waitFor(() => expect(stopped.texts()).toContain(ALL[4]), soon)
  await vi.waitFor(() => expect(closed.texts().filter(one => !one.startsWith('bookmark'))).toEqual(ALL), soon)
  stopped.stop()
  await stopped.ended
  await close()
  await closed.ended
})

test('a silent stream yields bookmarks with the version that others brought about, also when nothing happens', async () => {
  const { cluster } = openCluster(temporaryDirectory('events'))
  const stream = follow(cluster, 'Pod', '0', 1)
  await someWrites(cluster)
  await vi.waitFor(() => expect(stream.texts().filter(text => text === 'bookmark 5').length).toBeGreaterThan(1), soon)
  const versions = stream.events.map(event => (event.type === 'bookmark' ? event.version : Number.NaN))
  expect(versions).toEqual([...versions].sort((a, b) => a - b))
})

test('what is compacted away is expired, a list starts afresh, and versions go on over reopening', async () => {
  const directory = temporaryDirectory('events')
  let { cluster, close } = openCluster(directory, { keepEvents: 100 })
  await Promise.all(Array.from({ length: 2000 }, (_, n) => cluster.create('ConfigMap', configMap(`n${n}`))))
  const newest = Number(cluster.version())
  const expired = follow(cluster, 'all', '1')
  await expired.ended
  expect(expired.texts()).toEqual(['expired'])
  const kept = follow(cluster, 'all', `${newest - 100}`)
  await vi.waitFor(() => expect(kept.texts().at(-1)).toBe(`bookmark ${newest}`), soon)
  expect(kept.events.filter(event => event.type === 'added')).toHaveLength(100)

  const { version, items } = await cluster.listAt('ConfigMap')
  expect(items).toHaveLength(2000)
  expect(Number(version)).toBe(newest)

  await close()
  ;({ cluster, close } = openCluster(directory, { keepEvents: 100 }))
  expect(Number((await cluster.create('ConfigMap', configMap('next'))).metadata.resourceVersion)).toBeGreaterThan(
    newest,
  )
  const again = follow(cluster, 'ConfigMap', '1')
  await again.ended
  expect(again.texts()).toEqual(['expired'])
})

test.each(['7', '-1', 'x', '', '1.5'])('a version that was never given out (%j) is expired', async since => {
  const { cluster } = openCluster(temporaryDirectory('events'))
  await someWrites(cluster)
  const stream = follow(cluster, 'all', since === '' ? 'NaN' : since)
  await stream.ended
  expect(stream.texts()).toEqual(['expired'])
})

test('a consumer of a watch that falls behind what is kept is given the whole set again, not every change', async () => {
  const { cluster } = openCluster(temporaryDirectory('events'))
  const controller = new AbortController()
  const changes = cluster.watch('ConfigMap', {}, controller.signal)[Symbol.asyncIterator]()
  expect((await changes.next()).value).toEqual({ type: 'listed', items: [] })
  await Promise.all(Array.from({ length: 3000 }, (_, n) => cluster.create('ConfigMap', configMap(`n${n}`))))
  const { value } = await changes.next()
  expect(value).toMatchObject({ type: 'listed' })
  expect((value as { items: unknown[] }).items).toHaveLength(3000)
  controller.abort()
  expect((await changes.next()).done).toBe(true)
})

const restartPlan = fc.array(
  fc.record({
    writes: fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), is: fc.constantFrom('put', 'put', 'delete') }), {
      maxLength: 30,
    }),
    /** How many of the new events are read before the store is closed: the others are for the next time. */
    reads: fc.nat({ max: 30 }),
  }),
  { minLength: 1, maxLength: 5 },
)

test('who resumes behind the last event it saw, over restarts and beside writers, has seen every change once', async () => {
  await fc.assert(
    fc.asyncProperty(restartPlan, async plan => {
      const directory = temporaryDirectory('events')
      const written: string[] = []
      const seen: Extract<FollowedEvent, { readonly object: unknown }>[] = []

      async function write(cluster: EmbeddedCluster, name: string, is: string, n: number): Promise<void> {
        const old = await cluster.get('ConfigMap', { namespace: 'ns', name })
        if (is === 'delete') await cluster.delete('ConfigMap', { namespace: 'ns', name })
        else if (old === undefined) await cluster.create('ConfigMap', configMap(name, {}, { n: `${n}` }))
        else await cluster.replace('ConfigMap', { ...old, data: { n: `${n}` } })
        if (cluster.version() !== (written.at(-1) ?? '0')) written.push(cluster.version())
      }

      async function read(cluster: EmbeddedCluster, atMost: number): Promise<void> {
        if (atMost === 0) return
        const since = `${seen.at(-1)?.version ?? 0}`
        let count = 0
        for await (const event of cluster.events('all', since, AbortSignal.timeout(15_000))) {
          if (event.type === 'bookmark' || event.type === 'expired') return expect(event.type).toBe('bookmark')
          seen.push(event)
          if (++count === atMost) return
        }
      }

      let n = 0
      for (const { writes, reads } of plan) {
        const { cluster, close } = openCluster(directory)
        const reading = read(cluster, reads)
        for (const { name, is } of writes) await write(cluster, name, is, n++)
        await reading
        await close()
      }
      const { cluster, close } = openCluster(directory)
      await read(cluster, Number.POSITIVE_INFINITY)
      expect(seen.map(event => `${event.version}`)).toEqual(written)
      const states = new Map<string, unknown>()
      for (const { type, object, previous, json } of seen) {
        expect(previous).toEqual(states.get(object.metadata.name))
        expect(JSON.parse(json)).toEqual(object)
        if (type === 'deleted') states.delete(object.metadata.name)
        else states.set(object.metadata.name, object)
      }
      expect([...states.values()]).toHaveLength((await cluster.list('ConfigMap')).length)
      await close()
    }),
    { numRuns: 40 },
  )
})

test('what happens while a reader takes an event in is told next, and waits for no other event', async () => {
  const { cluster } = openCluster(temporaryDirectory('events'))
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const stream = cluster.events('ConfigMap', '0', controller.signal, { bookmarkMs: 3_600_000 })[Symbol.asyncIterator]()
  const next = async () => text((await stream.next()).value as FollowedEvent)
  expect(await next()).toBe('bookmark 0')
  const told = next()
  await cluster.create('ConfigMap', configMap('a'))
  expect(await told).toBe('added ConfigMap/a 1')
  // The reader is at it: nobody waits in the stream.
  await cluster.create('ConfigMap', configMap('b'))
  expect(await next()).toBe('added ConfigMap/b 2')
})

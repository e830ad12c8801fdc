import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { type Change, isClusterError } from '../../src/cluster/cluster.js'
import type { EmbeddedCluster } from '../../src/cluster/embedded/store.js'
import type { ConfigMap } from '../../src/resources/core.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { configMap, openCluster } from './open-cluster.js'

const name = fc.constantFrom('a', 'b', 'c', 'constructor')
const content = fc.constantFrom('1', '2', '3')
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant('create'), name, content }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('replace'), name, content }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('stale'), name, content }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('delete'), name, content }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('reopen'), name, content }) },
)

test('any sequence of writes, with reopening, does what a Map and a version counter would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const directory = temporaryDirectory('model')
      let open = openCluster(directory)
      const model = new Map<string, ConfigMap>()
      const stale = new Map<string, ConfigMap>()
      let newest = 0
      const written = (object: ConfigMap): void => {
        expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(newest)
        newest = Number(object.metadata.resourceVersion)
        const old = model.get(object.metadata.name)
        if (old !== undefined) stale.set(object.metadata.name, old)
        model.set(object.metadata.name, object)
      }
      for (const { is, name, content } of steps) {
        const known = model.get(name)
        const key = { namespace: 'ns', name }
        if (is === 'reopen') {
          await open.close()
          open = openCluster(directory)
        } else if (is === 'create') {
          const outcome = await open.cluster.create('ConfigMap', configMap(name, {}, { content })).catch(error => {
            expect(isClusterError(error, 'AlreadyExists')).toBe(true)
          })
          expect(outcome === undefined).toBe(known !== undefined)
          if (outcome) written(outcome)
        } else if (is === 'replace' && known !== undefined) {
          const next = await open.cluster.replace('ConfigMap', { ...known, data: { content } })
          if (known.data!['content'] === content) expect(next).toEqual(known)
          else {
            expect(next.data).toEqual({ content })
            written(next)
          }
        } else if (is === 'stale' && known !== undefined && stale.has(name)) {
          const outcome = open.cluster.replace('ConfigMap', { ...stale.get(name)!, data: { content: 'stale' } })
          await expect(outcome).rejects.toMatchObject({ reason: expect.stringMatching(/Conflict|NotFound/) })
        } else if (is === 'delete') {
          await open.cluster.delete('ConfigMap', key)
          model.delete(name)
          expect(Number(open.cluster.version()) > newest).toBe(known !== undefined)
          newest = Number(open.cluster.version())
        }
        expect(await open.cluster.get('ConfigMap', key)).toEqual(model.get(name))
      }
      const sorted = [...model.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      expect(await open.cluster.list('ConfigMap')).toEqual(sorted)
      await open.close()
    }),
    { numRuns: 60 },
  )
})

interface Follower {
  readonly changes: Change<ConfigMap>[]
  readonly ended: Promise<void>
}

function follow(cluster: EmbeddedCluster, labels: Record<string, string>, signal: AbortSignal): Follower {
  const changes: Change<ConfigMap>[] = []
  const ended = (async () => {
    for await (const change of cluster.watch('ConfigMap', { labels }, signal)) changes.push(change)
  })()
  return { changes, ended }
}

/** Replays what a watch said; every put must be newer than all before it. */
function replay(changes: readonly Change<ConfigMap>[]): ReadonlyMap<string, ConfigMap> {
  const held = new Map<string, ConfigMap>()
  let newest = 0
  expect(changes[0]?.type).toBe('listed')
  for (const change of changes) {
    if (change.type === 'listed') {
      held.clear()
      for (const item of change.items) held.set(item.metadata.name, item)
      newest = Math.max(newest, ...change.items.map(item => Number(item.metadata.resourceVersion)))
    } else if (change.type === 'put') {
      expect(Number(change.item.metadata.resourceVersion)).toBeGreaterThan(newest)
      newest = Number(change.item.metadata.resourceVersion)
      held.set(change.item.metadata.name, change.item)
    } else {
      expect(held.delete(change.item.metadata.name)).toBe(true)
    }
  }
  return held
}

const act = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), app: fc.constantFrom('x', 'y'), data: content })

test('watches that begin at any moment, beside concurrent writers, are ordered, unique and without gaps', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(act, { maxLength: 12 }), { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.boolean()),
      async (plans, begins) => {
        const { cluster, close } = openCluster(temporaryDirectory('watch'))
        const controller = new AbortController()
        onTestFinished(() => controller.abort())
        const followers = [follow(cluster, {}, controller.signal), follow(cluster, { app: 'x' }, controller.signal)]
        // Every state that was ever stored, by version: what a watch may say, and from its beginning on must.
        const states = new Map<string, ConfigMap>()

        async function write({ name, app, data }: (typeof plans)[number][number]): Promise<void> {
          const key = { namespace: 'ns', name }
          const current = await cluster.get('ConfigMap', key)
          const labels = { app }
          try {
            if (current === undefined) {
              const made = await cluster.create('ConfigMap', configMap(name, { labels }, { data }))
              states.set(made.metadata.resourceVersion, made)
            } else if (data === '3') await cluster.delete('ConfigMap', key, { uid: current.metadata.uid })
            else {
              const next = await cluster.replace('ConfigMap', {
                ...current,
                metadata: { ...current.metadata, labels },
                data: { data },
              })
              states.set(next.metadata.resourceVersion, next)
            }
          } catch (error) {
            if (!['Conflict', 'AlreadyExists', 'NotFound'].some(one => isClusterError(error, one as 'Conflict')))
              throw error
          }
        }
        await Promise.all(
          plans.map(async plan => {
            for (const one of plan) {
              await write(one)
              if (begins.next().value) followers.push(follow(cluster, { app: 'x' }, controller.signal))
            }
          }),
        )
        // A last write that every watch must come to.
        const fence = await cluster.create('ConfigMap', configMap('fence', { labels: { app: 'x' } }))
        states.set(fence.metadata.resourceVersion, fence)
        await expect
          .poll(() => followers.every(({ changes }) => replay(changes).has('fence')), { timeout: 15_000, interval: 1 })
          .toBe(true)
        controller.abort()
        await Promise.all(followers.map(one => one.ended))

        for (const [index, { changes }] of followers.entries()) {
          const selector = index === 0 ? {} : { labels: { app: 'x' } }
          expect([...replay(changes).values()].map(item => item.metadata.name).sort()).toEqual(
            (await cluster.list('ConfigMap', selector)).map(item => item.metadata.name),
          )
          for (const item of replay(changes).values()) {
            expect(item).toEqual(await cluster.get('ConfigMap', { namespace: 'ns', name: item.metadata.name }))
          }
        }
        // The watch that was there from the beginning saw every state.
        const seen = followers[0]!.changes.flatMap(one =>
          one.type === 'put' ? [one.item] : one.type === 'listed' ? one.items : [],
        )
        expect(new Map(seen.map(item => [item.metadata.resourceVersion, item]))).toEqual(
          new Map([...states].sort(([a], [b]) => Number(a) - Number(b))),
        )
        await close()
      },
    ),
    { numRuns: 40 },
  )
})

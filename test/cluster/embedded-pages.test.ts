/** Lists in pages and at earlier versions: what is read page by page, beside writers, is one state that there was. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EmbeddedCluster, PageOptions } from '../../src/cluster/embedded/store.js'
import { openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import type { ConfigMap } from '../../src/resources/core.js'
import { createMemoryDatabase } from '../helpers/memory-database.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { configMap, openCluster } from './open-cluster.js'

type Asked = PageOptions<ConfigMap>

/** All pages, joined; `between` is called before each but the first. */
async function inPages(cluster: EmbeddedCluster, options: Asked, between: () => Promise<void> = async () => {}) {
  const first = cluster.page('ConfigMap', options)
  const rows = [...(first?.rows ?? [])]
  for (let next = first?.next; next !== undefined; ) {
    await between()
    const page = cluster.page('ConfigMap', { ...options, version: first!.version, after: next })
    expect(page?.version).toBe(first!.version)
    rows.push(...page!.rows)
    next = page!.next
  }
  return first && { version: first.version, rows }
}

const write = fc.record({
  namespace: fc.constantFrom('a', 'a-b', 'b'),
  name: fc.constantFrom('x', 'x-y', 'x.y', 'y'),
  app: fc.constantFrom('1', '2'),
  is: fc.constantFrom('put', 'put', 'delete', 'other'),
})
const question = fc.record({
  back: fc.nat({ max: 30 }),
  limit: fc.integer({ min: 1, max: 5 }),
  namespace: fc.constantFrom(undefined, 'a', 'b'),
  app: fc.constantFrom(undefined, '1'),
  odd: fc.boolean(),
})

test('any list at any version, in pages and beside writers, is the state of that version', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(write, { minLength: 1, maxLength: 40 }),
      fc.array(question, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (writes, questions, reopens) => {
        const directory = temporaryDirectory('pages')
        let open = openCluster(directory)
        const states = new Map<number, ReadonlyMap<string, ConfigMap>>([[0, new Map()]])
        let count = 0

        async function carryOut({ namespace, name, app, is }: (typeof writes)[number]): Promise<void> {
          const { cluster } = open
          const state = new Map([...states.values()].at(-1))
          const key = `${namespace}/${name}`
          if (is === 'other') await cluster.create('Secret', { ...configMap(`s${count++}`), kind: 'Secret' })
          else if (is === 'delete') {
            await cluster.delete('ConfigMap', { namespace, name })
            state.delete(key)
          } else {
            const old = state.get(key)
            const data = { n: `${count++}` }
            const labels = { app }
            const made = old
              ? await cluster.replace('ConfigMap', { ...old, metadata: { ...old.metadata, labels }, data })
              : await cluster.create('ConfigMap', configMap(name, { namespace, labels }, data))
            state.set(key, made)
          }
          states.set(Number(cluster.version()), state)
        }

        for (const one of writes) await carryOut(one)
        if (reopens) {
          await open.close()
          open = openCluster(directory)
        }
        for (const { back, limit, namespace, app, odd } of questions) {
          const versions = [...states.keys()]
          const version = versions[Math.max(0, versions.length - 1 - back)]!
          const options: Asked = {
            version: `${version}`,
            limit,
            ...(namespace && { namespace }),
            ...(app && { labels: { app } }),
            ...(odd && { matches: ({ data }) => Number(data!['n']) % 2 === 1 }),
          }
          const then = [...states.get(version)!.values()]
            .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
            .filter(({ metadata }) => app === undefined || metadata.labels!['app'] === app)
            .filter(({ data }) => !odd || Number(data!['n']) % 2 === 1)
            .sort((a, b) => (sortable(a) < sortable(b) ? -1 : 1))
          const got = await inPages(open.cluster, options, () => carryOut(writes[count++ % writes.length]!))
          expect(got?.rows.map(row => row.object)).toEqual(then)
          expect(got?.rows.map(row => JSON.parse(row.json))).toEqual(then)
          expect(got?.rows.map(row => row.key)).toEqual(
            then.map(({ metadata: { namespace, name } }) => ({ namespace, name })),
          )
        }
        await open.close()
      },
    ),
    { numRuns: 60 },
  )
})

function sortable({ metadata: { namespace, name } }: ConfigMap): string {
  return `${namespace}\0${name}`
}

test('a page is of the newest state when no version is asked for, and says where the next begins', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  await Promise.all(['c', 'a', 'b'].map(name => cluster.create('ConfigMap', configMap(name))))
  const page = cluster.page('ConfigMap', { limit: 2 })
  expect(page).toMatchObject({ version: '3', next: { namespace: 'ns', name: 'b' } })
  expect(page?.rows.map(row => row.object)).toEqual((await cluster.list('ConfigMap')).slice(0, 2))
  expect(cluster.page('ConfigMap', { limit: 3 })?.next).toBeUndefined()
  expect(cluster.page('Secret')).toEqual({ version: '3', rows: [] })
})

test('the text of a cluster-scoped object names no namespace, the object that is read has none', async () => {
  const directory = temporaryDirectory('pages')
  let { cluster, close } = openCluster(directory)
  const key = { namespace: '', name: 'team' }
  const made = await cluster.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: key })
  const json = cluster.page('Namespace')!.rows[0]!.json
  expect(json).not.toContain('"namespace"')
  await close()
  ;({ cluster, close } = openCluster(directory))
  expect(await cluster.get('Namespace', key)).toEqual(made)
  expect({ ...made, metadata: { ...made.metadata, namespace: undefined } }).toEqual(JSON.parse(json))
  expect(made.metadata.namespace).toBe('')
  await close()
})

test('a place that somebody made up leads nowhere it should not', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  await cluster.create('Secret', { ...configMap('s', { namespace: 'a' }), kind: 'Secret' })
  await cluster.create('Secret', { ...configMap('s', { namespace: 'b' }), kind: 'Secret' })
  const places = [
    { namespace: 'a', name: '' },
    { namespace: '', name: 'x' },
    { namespace: 'x'.repeat(5000), name: 'x'.repeat(5000) },
  ]
  for (const after of places) {
    const found = cluster.page('Secret', { namespace: 'b', after })?.rows.map(row => row.key.namespace) ?? []
    expect(found.filter(namespace => namespace !== 'b')).toEqual([])
  }
  expect(cluster.page('Secret', { namespace: 'n'.repeat(5000) })?.rows).toEqual([])
})

test('a version that is compacted away, or was never given out, has no pages', async () => {
  const { cluster } = openCluster(temporaryDirectory('pages'), { keepEvents: 100 })
  await Promise.all(Array.from({ length: 2000 }, (_, n) => cluster.create('ConfigMap', configMap(`n${n}`))))
  for (const version of ['1', '2001', '-1', '1.5', 'x']) expect(cluster.page('ConfigMap', { version })).toBeUndefined()
  const rows = (await inPages(cluster, { limit: 300, version: '1950' }))?.rows ?? []
  expect(rows).toHaveLength(1950)
})

test('a state is known as long as the event that replaced it, however old it was', async () => {
  const { cluster } = openCluster(temporaryDirectory('pages'), { keepEvents: 50 })
  const old = await cluster.create('ConfigMap', configMap('old', { labels: { app: 'x' } }, { is: 'old' }))
  const many = (name: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        cluster.create('Secret', { ...configMap(`${name}${n}`), kind: 'Secret' }),
      ),
    )
  await many('a', 2000)
  const before = cluster.version()
  const next = await cluster.replace('ConfigMap', { ...old, data: { is: 'new' } })
  await many('b', 30)
  expect(cluster.page('ConfigMap', { version: before })?.rows.map(row => row.object)).toEqual([old])
  const events = cluster.events('all', before, AbortSignal.timeout(15_000))[Symbol.asyncIterator]()
  expect((await events.next()).value).toMatchObject({ type: 'modified', object: next, previous: old })
})

test('the log is bounded in bytes too, and large objects do not stay in memory for those who fell behind', async () => {
  const directory = temporaryDirectory('pages')
  const { cluster, close } = openCluster(directory, { keepEventBytes: 4_000_000 })
  const data = { large: 'x'.repeat(500_000) }
  for (let n = 0; n < 60; n++) await cluster.create('ConfigMap', configMap(`n${n}`, {}, data))
  const version = Number(cluster.version())
  expect(cluster.page('ConfigMap', { version: '1' })).toBeUndefined()
  expect(cluster.page('ConfigMap', { version: `${version - 3}` })?.rows).toHaveLength(57)
  const types: string[] = []
  for await (const event of cluster.events('ConfigMap', '1', AbortSignal.timeout(15_000))) types.push(event.type)
  expect(types).toEqual(['expired'])
  await close()
})

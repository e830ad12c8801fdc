import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EmbeddedCluster } from '../../src/cluster/embedded/store.js'
import type { ConfigMap } from '../../src/resources/core.js'
import type { OwnerReference } from '../../src/resources/meta.js'
import { openDatabase } from '../../src/storage/lmdb.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { configMap, openCluster } from './open-cluster.js'

function reference({ metadata: { name, uid } }: ConfigMap): OwnerReference {
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid }
}

async function names(cluster: EmbeddedCluster): Promise<readonly string[]> {
  return (await cluster.list('ConfigMap')).map(item => item.metadata.name)
}

/** Object n is owned by objects of smaller numbers: at most three of them. */
const forest = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 25 })
  .map(drawn => drawn.map((picks, n) => (n === 0 ? [] : [...new Set(picks.map(pick => pick % n))])))

test('in any ownership graph, what goes is exactly what has no living owner left, also over a crash', async () => {
  await fc.assert(
    fc.asyncProperty(forest, fc.array(fc.nat(), { maxLength: 6 }), fc.boolean(), async (owners, picks, crash) => {
      const directory = temporaryDirectory('owners')
      let open = openCluster(directory)
      const made: ConfigMap[] = []
      for (const [n, of] of owners.entries()) {
        const ownerReferences = of.map(one => reference(made[one]!))
        made.push(await open.cluster.create('ConfigMap', configMap(`n${n}`, { ownerReferences })))
      }
      const deleted = new Set(picks.map(pick => pick % made.length))
      const deletes = [...deleted].map(n => open.cluster.delete('ConfigMap', { namespace: 'ns', name: `n${n}` }))
      await Promise.all(deletes)
      if (crash) {
        // Closing cuts the collector off in the middle, as a crash would; what is left to do is in the database.
        await open.close()
        open = openCluster(directory)
      }
      await open.cluster.collected()

      const alive = owners.map(() => true)
      for (const [n, of] of owners.entries()) {
        alive[n] = !deleted.has(n) && (of.length === 0 || of.some(owner => alive[owner]))
      }
      const left = made.filter((_, n) => alive[n]).map(one => one.metadata.name)
      expect(await names(open.cluster)).toEqual([...left].sort())
      for (const item of await open.cluster.list('ConfigMap')) {
        for (const one of item.metadata.ownerReferences ?? []) expect(left).toContain(one.name)
      }
      await open.close()
    }),
    { numRuns: 60 },
  )
})

test('a cascade of thousands that is cut off in the middle leaves nothing behind, in the index neither', async () => {
  const directory = temporaryDirectory('owners')
  let { cluster, close } = openCluster(directory)
  const owner = await cluster.create('ConfigMap', configMap('owner'))
  await Promise.all(
    Array.from({ length: 2000 }, (_, n) =>
      cluster.create('ConfigMap', configMap(`n${n}`, { ownerReferences: [reference(owner)] })),
    ),
  )
  await cluster.delete('ConfigMap', { namespace: 'ns', name: 'owner' })
  await close()
  ;({ cluster, close } = openCluster(directory))
  expect((await names(cluster)).length).toBeGreaterThan(0)
  await cluster.collected()
  expect(await names(cluster)).toEqual([])
  await close()
  const database = openDatabase(directory, { durable: false })
  for (const table of ['objects', 'owned', 'sweeps']) expect(database.textTable(table).range(), table).toEqual([])
  await database.close()
})

test('an owner of a kind that is not kept here counts as alive', async () => {
  const { cluster } = openCluster(temporaryDirectory('owners'))
  const foreign = { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'web', uid: 'u-1' }
  await cluster.create('ConfigMap', configMap('a', { ownerReferences: [foreign] }))
  await cluster.collected()
  expect(await names(cluster)).toEqual(['a'])
})

test('a reference that is added later counts, one that is taken away no more', async () => {
  const { cluster } = openCluster(temporaryDirectory('owners'))
  const owner = await cluster.create('ConfigMap', configMap('owner'))
  const joins = await cluster.create('ConfigMap', configMap('joins'))
  const leaves = await cluster.create('ConfigMap', configMap('leaves', { ownerReferences: [reference(owner)] }))
  await cluster.replace('ConfigMap', { ...joins, metadata: { ...joins.metadata, ownerReferences: [reference(owner)] } })
  await cluster.replace('ConfigMap', { ...leaves, metadata: { ...leaves.metadata, ownerReferences: [] } })
  await cluster.delete('ConfigMap', { namespace: 'ns', name: 'owner' })
  await cluster.collected()
  expect(await names(cluster)).toEqual(['leaves'])
})

test('an owner with finalizers keeps what it owns until it is gone', async () => {
  const { cluster } = openCluster(temporaryDirectory('owners'))
  const owner = await cluster.create('ConfigMap', configMap('owner', { finalizers: ['a.dev/wait'] }))
  await cluster.create('ConfigMap', configMap('child', { ownerReferences: [reference(owner)] }))
  const key = { namespace: 'ns', name: 'owner' }
  await cluster.delete('ConfigMap', key)
  await cluster.collected()
  expect(await names(cluster)).toEqual(['child', 'owner'])
  const marked = (await cluster.get('ConfigMap', key))!
  await cluster.replace('ConfigMap', { ...marked, metadata: { ...marked.metadata, finalizers: [] } })
  await cluster.collected()
  expect(await names(cluster)).toEqual([])
})

test('a cluster that is closed says so, and its database of another format is refused', async () => {
  const directory = temporaryDirectory('owners')
  const { cluster, close } = openCluster(directory)
  await cluster.create('ConfigMap', configMap('a'))
  await close()
  await expect(cluster.create('ConfigMap', configMap('b'))).rejects.toMatchObject({ reason: 'Unavailable' })
  const database = openDatabase(directory, { durable: false })
  await database.transaction(() => database.table('meta').put(['format'], 99))
  await database.close()
  expect(() => openCluster(directory)).toThrow('format 99')
})

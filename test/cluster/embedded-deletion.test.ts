/** Deletes as an API server does them: what comes back, what waits for whom, and what a crash in between leaves. */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { PropagationPolicy } from '../../src/cluster/cluster.js'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import type { ConfigMap } from '../../src/resources/core.js'
import type { CustomKind } from '../../src/resources/kinds.js'
import type { OwnerReference, Resource } from '../../src/resources/meta.js'
import { openDatabase } from '../../src/storage/lmdb.js'
import { createMemoryDatabase } from '../helpers/memory-database.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { configMap, openCluster } from './open-cluster.js'

const WIDGET: CustomKind = 'Widget.example.com'
const WIDGETS = { namespace: '', name: 'widgets.example.com' }
const at = (name: string) => ({ namespace: 'ns', name })

function reference({ apiVersion, kind, metadata: { name, uid } }: Resource, blocks = true): OwnerReference {
  return { apiVersion, kind, name, uid, blockOwnerDeletion: blocks }
}

async function defineWidgets(cluster: EmbeddedCluster): Promise<void> {
  const made = await cluster.create('CustomResourceDefinition', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: WIDGETS,
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [{ name: 'v1', served: true, storage: true }],
    },
  })
  const status = { conditions: [{ type: 'Established', status: 'True' as const }] }
  await cluster.replaceStatus('CustomResourceDefinition', { ...made, status })
}

function widget(cluster: EmbeddedCluster, name: string, metadata: object = {}): Promise<Resource> {
  const object = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { ...at(name), ...metadata } }
  return cluster.create(WIDGET, object)
}

async function letGo(cluster: EmbeddedCluster, kind: 'ConfigMap' | CustomKind, name: string): Promise<void> {
  const { finalizers: _, ...metadata } = (await cluster.get(kind, at(name)))!.metadata
  await cluster.replace(kind, { ...(await cluster.get(kind, at(name)))!, metadata } as never)
  await cluster.collected()
}

async function names(cluster: EmbeddedCluster, kind: 'ConfigMap' | CustomKind = 'ConfigMap') {
  return (await cluster.list(kind)).map(item => item.metadata.name)
}

// What comes back -------------------------------------------------------------

test('a delete says what came of it', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  const made = await cluster.create('ConfigMap', configMap('a', {}, { k: 'v' }))
  expect(await cluster.remove('ConfigMap', at('nobody'))).toBeUndefined()
  const { uid, resourceVersion } = made.metadata
  await expect(cluster.remove('ConfigMap', at('a'), { uid: 'another' })).rejects.toMatchObject({
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on configmaps "a": Precondition failed: UID in precondition: another, UID in object meta: ${uid}`,
  })
  await expect(cluster.remove('ConfigMap', at('a'), { resourceVersion: '77' })).rejects.toMatchObject({
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on configmaps "a": Precondition failed: ResourceVersion in precondition: 77, ResourceVersion in object meta: ${resourceVersion}`,
  })
  expect(await cluster.remove('ConfigMap', at('a'), { dryRun: true })).toMatchObject({ isGone: true })
  expect(await cluster.get('ConfigMap', at('a'))).toEqual(made)
  expect(await cluster.remove('ConfigMap', at('a'), { uid, resourceVersion })).toMatchObject({
    isGone: true,
    object: { metadata: { uid }, data: { k: 'v' } },
  })

  await cluster.create('ConfigMap', configMap('a', { finalizers: ['a.dev/wait'] }))
  const marked = await cluster.remove('ConfigMap', at('a'))
  expect(marked).toEqual({ isGone: false, object: await cluster.get('ConfigMap', at('a')) })
  expect(marked?.object.metadata).toMatchObject({ generation: 2, deletionGracePeriodSeconds: 0 })
  expect(await cluster.remove('ConfigMap', at('a'))).toEqual(marked)
})

test('a dry run goes through everything and changes nothing', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  const made = await cluster.create('ConfigMap', configMap('a'))
  const version = cluster.version()
  const dryRun = { dryRun: true }
  const other = await cluster.create('ConfigMap', configMap('', { generateName: 'b-' }), dryRun)
  expect(other.metadata).toMatchObject({ name: expect.stringMatching(/^b-.{5}$/), resourceVersion: '' })
  await expect(cluster.create('ConfigMap', configMap('a'), dryRun)).rejects.toMatchObject({ reason: 'AlreadyExists' })
  const changed = await cluster.replace('ConfigMap', { ...made, data: { k: 'v' } }, dryRun)
  expect(changed).toEqual({ ...made, data: { k: 'v' }, metadata: { ...made.metadata, generation: 2 } })
  expect(await cluster.list('ConfigMap')).toEqual([made])
  expect(cluster.version()).toBe(version)
  const events = cluster.events('all', version, AbortSignal.timeout(15_000))[Symbol.asyncIterator]()
  expect((await events.next()).value).toMatchObject({ type: 'bookmark' })
  const real = await cluster.replace('ConfigMap', { ...made, data: { k: 'v' } })
  expect((await events.next()).value).toMatchObject({ type: 'modified', object: real })
  await cluster.close()
})

// Propagation -----------------------------------------------------------------

/** Object n is owned by up to three others, itself among them for all we know. */
const graph = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map(drawn => drawn.map(picks => [...new Set(picks.map(pick => pick % drawn.length))]))
const policies = fc.constantFrom<PropagationPolicy | undefined>('Background', 'Foreground', 'Orphan', undefined)
const deletes = fc.array(fc.record({ pick: fc.nat(), policy: policies, crash: fc.boolean() }), { maxLength: 4 })

/** What is left, and who owns it, when object n is deleted. */
function afterDelete(owners: Map<number, readonly number[]>, n: number, policy: PropagationPolicy | undefined) {
  if (!owners.delete(n)) return
  if (policy === 'Orphan') {
    for (const [one, of] of owners)
      owners.set(
        one,
        of.filter(each => each !== n),
      )
    return
  }
  const isLost = ([, of]: [number, readonly number[]]) => of.length > 0 && of.every(each => !owners.has(each))
  for (let lost = [...owners].find(isLost); lost !== undefined; lost = [...owners].find(isLost)) owners.delete(lost[0])
  for (const [one, of] of owners)
    owners.set(
      one,
      of.filter(each => owners.has(each)),
    )
}

test('in any graph, circles and all, each policy leaves what it promises, also over a crash', async () => {
  await fc.assert(
    fc.asyncProperty(graph, deletes, async (drawn, steps) => {
      const directory = temporaryDirectory('deletion')
      let open = openCluster(directory)
      const made: ConfigMap[] = []
      for (const n of drawn.keys()) made.push(await open.cluster.create('ConfigMap', configMap(`n${n}`)))
      const owners = new Map(drawn.entries())
      for (const [n, of] of owners) {
        const metadata = { ...made[n]!.metadata, ownerReferences: of.map(one => reference(made[one]!, one % 2 === 0)) }
        await open.cluster.replace('ConfigMap', { ...made[n]!, metadata })
      }
      const version = open.cluster.version()
      for (const { pick, policy, crash } of steps) {
        const n = pick % drawn.length
        await open.cluster.delete('ConfigMap', at(`n${n}`), policy === undefined ? {} : { propagationPolicy: policy })
        if (crash) {
          await open.close()
          open = openCluster(directory)
        }
        await open.cluster.collected()
        afterDelete(owners, n, policy)
        const left = await open.cluster.list('ConfigMap')
        const named = left.map(({ metadata }) => [
          Number(metadata.name.slice(1)),
          (metadata.ownerReferences ?? []).map(one => Number(one.name.slice(1))),
        ])
        expect(new Map(named as [number, number[]][])).toEqual(owners)
        for (const { metadata } of left) expect(metadata.deletionTimestamp ?? metadata.finalizers).toBeUndefined()
      }
      expect(Number(open.cluster.version())).toBeGreaterThanOrEqual(Number(version))
      await open.close()
    }),
    { numRuns: 60 },
  )
})

test('what blocks an owner that is deleted in the foreground is gone before it', async () => {
  const directory = temporaryDirectory('deletion')
  const { cluster, close } = openCluster(directory)
  const owner = await cluster.create('ConfigMap', configMap('owner'))
  const child = await cluster.create('ConfigMap', configMap('child', { ownerReferences: [reference(owner)] }))
  await cluster.create('ConfigMap', configMap('grandchild', { ownerReferences: [reference(child)] }))
  const loose = await cluster.create('ConfigMap', configMap('loose', { ownerReferences: [reference(owner, false)] }))
  await cluster.create('ConfigMap', configMap('under-loose', { ownerReferences: [reference(loose, false)] }))
  const since = cluster.version()
  await cluster.delete('ConfigMap', at('owner'), { propagationPolicy: 'Foreground' })
  await cluster.collected()
  const gone: string[] = []
  for await (const event of cluster.events('ConfigMap', since, AbortSignal.timeout(15_000))) {
    if (event.type === 'bookmark') break
    if (event.type === 'deleted') gone.push(event.object.metadata.name)
  }
  expect([...gone].sort()).toEqual(['child', 'grandchild', 'loose', 'owner', 'under-loose'])
  expect(gone.indexOf('grandchild')).toBeLessThan(gone.indexOf('child'))
  expect(gone.indexOf('child')).toBeLessThan(gone.indexOf('owner'))
  await close()
  const database = openDatabase(directory, { durable: false })
  for (const table of ['objects', 'owned', 'sweeps']) expect(database.textTable(table).range(), table).toEqual([])
  await database.close()
})

test('an owner waits no longer for what another owner keeps, or what is taken away from it', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  const owner = await cluster.create('ConfigMap', configMap('owner'))
  const other = await cluster.create('ConfigMap', configMap('other'))
  await cluster.create('ConfigMap', configMap('shared', { ownerReferences: [reference(owner), reference(other)] }))
  const held = { finalizers: ['a.dev/wait'], ownerReferences: [reference(owner)] }
  await cluster.create('ConfigMap', configMap('held', held))
  await cluster.delete('ConfigMap', at('owner'), { propagationPolicy: 'Foreground' })
  await cluster.collected()
  expect((await cluster.get('ConfigMap', at('shared')))?.metadata.ownerReferences).toEqual([reference(other)])
  expect(await names(cluster)).toEqual(['held', 'other', 'owner', 'shared'])
  const marked = (await cluster.get('ConfigMap', at('held')))!
  await cluster.replace('ConfigMap', { ...marked, metadata: { ...marked.metadata, ownerReferences: [] } })
  await cluster.collected()
  expect(await names(cluster)).toEqual(['held', 'other', 'shared'])
})

test('what comes to own-to-be-deleted late is collected too, and a second delete may change the policy', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  const owner = await cluster.create('ConfigMap', configMap('owner'))
  await cluster.create('ConfigMap', configMap('held', { finalizers: ['a.dev/x'], ownerReferences: [reference(owner)] }))
  await cluster.delete('ConfigMap', at('owner'), { propagationPolicy: 'Foreground' })
  await cluster.collected()
  await cluster.create('ConfigMap', configMap('late', { ownerReferences: [reference(owner)] }))
  await cluster.collected()
  expect(await names(cluster)).toEqual(['held', 'owner'])
  expect(await cluster.remove('ConfigMap', at('owner'), { propagationPolicy: 'Background' })).toMatchObject({
    isGone: true,
  })
  await letGo(cluster, 'ConfigMap', 'held')
  expect(await names(cluster)).toEqual([])
})

test('a finalizer that an author put on decides where a delete does not', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  const owner = await cluster.create('ConfigMap', configMap('owner', { finalizers: ['orphan'] }))
  await cluster.create('ConfigMap', configMap('child', { ownerReferences: [reference(owner)] }))
  await cluster.delete('ConfigMap', at('owner'))
  await cluster.collected()
  expect(await names(cluster)).toEqual(['child'])
  const child = await cluster.get('ConfigMap', at('child'))
  expect(child?.metadata.ownerReferences).toBeUndefined()
})

// Namespaces and kinds --------------------------------------------------------

test('a namespace that waits says what for, and custom objects in it go as well', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  await defineWidgets(cluster)
  const key = { namespace: '', name: 'ns' }
  await cluster.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: key })
  await widget(cluster, 'easy')
  await widget(cluster, 'held', { finalizers: ['a.dev/wait'] })
  await cluster.create('ConfigMap', configMap('held', { finalizers: ['a.dev/wait'] }))
  await cluster.delete('Namespace', key)
  await cluster.collected()
  expect(await names(cluster, WIDGET)).toEqual(['held'])
  const { status } = (await cluster.get('Namespace', key)) as { status?: { phase?: string; conditions?: object[] } }
  expect(status?.phase).toBe('Terminating')
  expect(status?.conditions).toMatchObject([
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message:
        'Some resources are remaining: configmaps. has 1 resource instances, widgets.example.com has 1 resource instances',
    },
    {
      type: 'NamespaceFinalizersRemaining',
      status: 'True',
      reason: 'SomeFinalizersRemain',
      message: 'Some content in the namespace has finalizers remaining: a.dev/wait in 2 resource instances',
    },
  ])
  await letGo(cluster, WIDGET, 'held')
  await letGo(cluster, 'ConfigMap', 'held')
  expect(await cluster.get('Namespace', key)).toBeUndefined()
})

test('a new namespace is active, labelled with its name, and has a service account', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  const key = { namespace: '', name: 'ns' }
  const account = { namespace: 'ns', name: 'default' }
  const labels = { 'kubernetes.io/metadata.name': 'something else', team: 'a' }
  expect([cluster.exists('Namespace', key), cluster.exists('ServiceAccount', account)]).toEqual([false, false])
  const made = await cluster.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { ...key, labels } })
  expect(made).toMatchObject({
    metadata: { labels: { 'kubernetes.io/metadata.name': 'ns', team: 'a' } },
    status: { phase: 'Active' },
  })
  expect([cluster.exists('Namespace', key), cluster.exists('ServiceAccount', account)]).toEqual([true, true])
  const bare = await cluster.replace('Namespace', { ...made, metadata: { ...made.metadata, labels: {} } })
  expect(bare.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'ns' })
  expect(await cluster.replace('Namespace', { ...bare, metadata: { ...bare.metadata, labels: {} } })).toEqual(bare)
  await cluster.delete('Namespace', key)
  await cluster.collected()
  expect(await cluster.list('ServiceAccount')).toEqual([])
})

test('custom objects own and are owned, across kinds', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  await defineWidgets(cluster)
  const owner = await widget(cluster, 'owner')
  const child = await cluster.create('ConfigMap', configMap('child', { ownerReferences: [reference(owner)] }))
  await widget(cluster, 'grandchild', { ownerReferences: [reference(child)] })
  await cluster.delete(WIDGET, at('owner'), { propagationPolicy: 'Foreground' })
  await cluster.collected()
  expect([await names(cluster), await names(cluster, WIDGET)]).toEqual([[], []])
})

test('a CustomResourceDefinition goes after its objects, and takes in no new ones meanwhile', async () => {
  const directory = temporaryDirectory('deletion')
  let { cluster, close } = openCluster(directory)
  await defineWidgets(cluster)
  await Promise.all(Array.from({ length: 200 }, (_, n) => widget(cluster, `n${n}`)))
  await widget(cluster, 'held', { finalizers: ['a.dev/wait'] })
  const marked = await cluster.remove('CustomResourceDefinition', WIDGETS)
  expect(marked).toMatchObject({
    isGone: false,
    object: { metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] } },
  })
  await close()
  ;({ cluster, close } = openCluster(directory))
  await cluster.collected()
  expect(await names(cluster, WIDGET)).toEqual(['held'])
  await expect(widget(cluster, 'late')).rejects.toMatchObject({
    reason: 'Forbidden',
    message: expect.stringContaining('create not allowed while custom resource definition is terminating'),
  })
  await letGo(cluster, WIDGET, 'held')
  expect(await cluster.get('CustomResourceDefinition', WIDGETS)).toBeUndefined()
  await vi.waitFor(() => expect(cluster.kinds().of(WIDGET)).toBeUndefined(), { timeout: 15_000 })
  await expect(widget(cluster, 'never')).rejects.toMatchObject({ reason: 'NotFound' })
})

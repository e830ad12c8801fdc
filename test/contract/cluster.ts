import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type Change, type Cluster, isClusterError, type Selector } from '../../src/cluster/cluster.js'
import { apiVersionOf, type Kind, type Kinds } from '../../src/resources/kinds.js'
import {
  type Key,
  keyOf,
  type New,
  type NewMeta,
  type OwnerReference,
  type Resource,
} from '../../src/resources/meta.js'
import { frozen } from '../helpers/frozen.js'

export interface ClusterUnderTest {
  readonly cluster: Cluster
  close(): Promise<void>
}

/** An adapter that owns its data. */
export interface ReopenableCluster extends ClusterUnderTest {
  /** Closes the cluster and opens it on the same data. */
  readonly reopen: () => Promise<Cluster>
}

const soon = { timeout: 15_000, interval: 2 }
const NAMESPACE = 'contract'

type Given<K extends Kind> = Partial<Omit<New<Kinds[K]>, 'metadata' | 'kind' | 'apiVersion'>> & {
  readonly metadata?: Partial<NewMeta>
}

/** An object to create, deeply frozen: an adapter that changes what it is handed fails loudly. */
function newObject<K extends Kind>(kind: K, name: string, given: Given<K> = {}): New<Kinds[K]> {
  const { metadata, ...content } = given
  const object = {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { namespace: NAMESPACE, name, ...metadata },
    ...content,
  }
  return frozen(object) as unknown as New<Kinds[K]>
}

const configMap = (name: string, given: Given<'ConfigMap'> = {}) => newObject('ConfigMap', name, given)
const pod = (name: string, given: Given<'Pod'> = {}) =>
  newObject('Pod', name, {
    spec: { restartPolicy: 'Never', containers: [{ name: 'step', image: 'busybox' }] },
    ...given,
  })
const taskRun = (name: string, given: Given<'TaskRun'> = {}) =>
  newObject('TaskRun', name, { spec: { taskRef: { name: 'build' } }, ...given })
const at = (name: string, namespace = NAMESPACE) => ({ namespace, name })

export function ownedBy(owner: Resource): OwnerReference {
  const { apiVersion, kind, metadata } = owner
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }
}

/** A new version of a stored object, deeply frozen. */
function changed<T extends object>(object: T, change: Partial<T>): T {
  return frozen({ ...object, ...change })
}

function names(items: readonly Resource[]): readonly string[] {
  return items.map(item => item.metadata.name)
}

/** Every promise of the Cluster port, on one adapter. `open` gives a cluster with nothing in the namespaces used here. */
export function clusterContract(name: string, open: () => Promise<ClusterUnderTest>): void {
  let underTest: ClusterUnderTest
  let cluster: Cluster
  let watches: AbortController[]
  let watching: Promise<void>[]

  beforeEach(async () => {
    underTest = await open()
    cluster = underTest.cluster
    watches = []
    watching = []
  })

  afterEach(async () => {
    for (const watch of watches) watch.abort()
    await Promise.all(watching)
    await underTest.close()
  })

  /** What a watch yields, in an array that grows. */
  function watch<K extends Kind>(kind: K, selector: Selector = { namespace: NAMESPACE }) {
    const controller = new AbortController()
    const changes: Change<Kinds[K]>[] = []
    const ended = (async () => {
      for await (const change of cluster.watch(kind, selector, controller.signal)) changes.push(change)
    })()
    watches.push(controller)
    watching.push(ended)
    return {
      changes,
      ended,
      stop: () => controller.abort(),
      words: () =>
        changes.map(one =>
          one.type === 'listed' ? `listed ${names(one.items)}` : `${one.type} ${one.item.metadata.name}`,
        ),
      async listed() {
        await vi.waitFor(() => expect(changes[0]?.type).toBe('listed'), soon)
      },
    }
  }

  const gone = (kind: Kind, key = at('x')) =>
    vi.waitFor(async () => expect(await cluster.get(kind, key)).toBeUndefined(), soon)

  // Reading ------------------------------------------------------------------

  test(`${name}: absence is an answer`, async () => {
    expect(await cluster.get('Pod', at('nobody'))).toBeUndefined()
    expect(await cluster.get('Pod', at('x'.repeat(5000)))).toBeUndefined()
    expect(await cluster.list('Pod', { namespace: NAMESPACE })).toEqual([])
    expect(await cluster.list('Pod', { namespace: 'n'.repeat(5000) })).toEqual([])
    await expect(cluster.delete('Pod', at('nobody'))).resolves.toBeUndefined()
  })

  test(`${name}: list is sorted by namespace, then name, and selects by namespace and labels`, async () => {
    const made: [string, string, Record<string, string>][] = [
      ['contract-b', 'a', { app: 'x', tier: 'web' }],
      [NAMESPACE, 'b', { app: 'x' }],
      [NAMESPACE, 'a-b', { app: 'y', tier: 'web' }],
      [NAMESPACE, 'a', {}],
      [NAMESPACE, 'a1', { app: 'x', tier: 'web' }],
    ]
    await Promise.all(
      made.map(([namespace, one, labels]) =>
        cluster.create('ConfigMap', configMap(one, { metadata: { namespace, labels } })),
      ),
    )
    await cluster.create('Secret', newObject('Secret', 'a'))
    const paths = async (selector?: Selector) =>
      (await cluster.list('ConfigMap', selector))
        .filter(item => item.metadata.namespace.startsWith(NAMESPACE))
        .map(item => `${item.metadata.namespace}/${item.metadata.name}`)

    expect(await paths()).toEqual(['contract/a', 'contract/a-b', 'contract/a1', 'contract/b', 'contract-b/a'])
    expect(await paths({})).toHaveLength(5)
    expect(await paths({ namespace: NAMESPACE })).toEqual(['contract/a', 'contract/a-b', 'contract/a1', 'contract/b'])
    expect(await paths({ labels: { app: 'x' } })).toEqual(['contract/a1', 'contract/b', 'contract-b/a'])
    expect(await paths({ namespace: NAMESPACE, labels: { app: 'x', tier: 'web' } })).toEqual(['contract/a1'])
    expect(await paths({ labels: { app: '' } })).toEqual([])
    expect(await paths({ hasLabel: 'tier' })).toEqual(['contract/a-b', 'contract/a1', 'contract-b/a'])
    expect(await paths({ namespace: NAMESPACE, labels: { app: 'y' }, hasLabel: 'tier' })).toEqual(['contract/a-b'])
  })

  test(`${name}: cluster-scoped kinds have the namespace ''`, async () => {
    const binding = newObject('ClusterTriggerBinding', 'contract-binding', {
      metadata: { namespace: '' },
      spec: { params: [{ name: 'revision', value: '$(body.after)' }] },
    })
    const stored = await cluster.create('ClusterTriggerBinding', binding)
    expect(stored.metadata.namespace).toBe('')
    expect(await cluster.get('ClusterTriggerBinding', at('contract-binding', ''))).toEqual(stored)
    await cluster.delete('ClusterTriggerBinding', at('contract-binding', ''))
  })

  test(`${name}: what is handed out cannot be used to change what is stored`, async () => {
    const stored = await cluster.create('ConfigMap', configMap('x', { data: { a: '1' } }))
    for (const copy of [
      stored,
      await cluster.get('ConfigMap', at('x')),
      ...(await cluster.list('ConfigMap', { namespace: NAMESPACE })),
    ]) {
      try {
        ;(copy as { data: Record<string, string> }).data['a'] = 'forged'
      } catch {
        // Frozen, which is as good as a copy of the caller's own.
      }
    }
    expect(await cluster.get('ConfigMap', at('x'))).toMatchObject({ data: { a: '1' } })
  })

  test(`${name}: what is handed in is not kept`, async () => {
    const data: Record<string, string> = { a: '1' }
    const given = { apiVersion: 'v1', kind: 'ConfigMap', metadata: at('x'), data } as const
    await cluster.create('ConfigMap', given)
    data['a'] = 'changed later'
    expect((await cluster.get('ConfigMap', at('x')))?.data).toEqual({ a: '1' })
  })

  // Creating -----------------------------------------------------------------

  test(`${name}: create fills in uid, version, generation and time, and a read gives the same object`, async () => {
    const owner = await cluster.create('ConfigMap', configMap('owner'))
    const metadata = {
      labels: { 'tekton.dev/task': 'build' },
      annotations: { note: 'any text: ü\u0000 "quoted"' },
      finalizers: ['tektite.dev/keep'],
      ownerReferences: [ownedBy(owner)],
    }
    const stored = await cluster.create('TaskRun', taskRun('x', { metadata }))
    expect(stored).toMatchObject({ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', spec: { taskRef: { name: 'build' } } })
    expect(stored.metadata).toMatchObject({ ...at('x'), ...metadata, generation: 1 })
    expect(stored.metadata.uid).not.toBe('')
    expect(stored.metadata.uid).not.toBe(owner.metadata.uid)
    expect(stored.metadata.resourceVersion).not.toBe('')
    expect(stored.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(await cluster.get('TaskRun', at('x'))).toEqual(stored)
    expect(await cluster.list('TaskRun', { namespace: NAMESPACE })).toEqual([stored])
    await cluster.replace('TaskRun', { ...stored, metadata: { ...stored.metadata, finalizers: [] } })
  })

  test(`${name}: create takes neither a status nor the store's own fields from the caller`, async () => {
    const forged = {
      ...taskRun('x'),
      metadata: {
        ...at('x'),
        uid: 'mine',
        resourceVersion: '',
        creationTimestamp: '1999-01-01T00:00:00Z',
        generation: 7,
      },
      status: { podName: 'forged' },
    }
    const stored = await cluster.create('TaskRun', forged as New<Kinds['TaskRun']>)
    expect(stored.status?.podName).toBeUndefined()
    expect(stored.metadata.uid).not.toBe('mine')
    expect(stored.metadata.generation).toBe(1)
    expect(stored.metadata.creationTimestamp).not.toContain('1999')
  })

  test(`${name}: a taken name is AlreadyExists and changes nothing, also when two come at once`, async () => {
    const outcomes = await Promise.allSettled(
      ['1', '2', '3', '4'].map(a => cluster.create('ConfigMap', configMap('x', { data: { a } }))),
    )
    const [winner] = outcomes.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
    const losers = outcomes.flatMap(one => (one.status === 'rejected' ? [one.reason] : []))
    expect(losers).toHaveLength(3)
    for (const loser of losers) expect(isClusterError(loser, 'AlreadyExists')).toBe(true)
    expect(await cluster.get('ConfigMap', at('x'))).toEqual(winner)
  })

  test(`${name}: generateName makes names of five more characters, all different`, async () => {
    const { name: _none, ...metadata } = configMap('').metadata
    const given = { ...configMap(''), metadata: { ...metadata, generateName: 'build-' } } as New<Kinds['ConfigMap']>
    const made = await Promise.all(Array.from({ length: 20 }, () => cluster.create('ConfigMap', given)))
    for (const one of made) expect(one.metadata.name).toMatch(/^build-[a-z0-9]{5}$/)
    expect(new Set(names(made)).size).toBe(20)
    expect(made[0]?.metadata.generateName).toBe('build-')
  })

  test.each([
    ['a name with capitals', { name: 'Build' }, 'metadata.name', '"Build"'],
    ['a name that is a path', { name: '../../etc/passwd' }, 'metadata.name', '../../etc/passwd'],
    ['a dot as name', { name: '.' }, 'metadata.name', '"."'],
    ['a name that looks like an option', { name: '--rm' }, 'metadata.name', '"--rm"'],
    ['a name with a look-alike letter', { name: 'b\u0443ild' }, 'metadata.name', 'b\u0443ild'],
    ['a name of 254 characters', { name: 'x'.repeat(254) }, 'metadata.name', '253'],
    ['neither name nor generateName', { name: '' }, 'metadata.name', 'Required'],
    ['a label value of 64 characters', { labels: { app: 'x'.repeat(64) } }, 'metadata.labels', '63'],
    ['a label value with a blank', { labels: { app: 'a b' } }, 'metadata.labels', 'a b'],
    ['a label key with two slashes', { labels: { 'a/b/c': 'x' } }, 'metadata.labels', 'b/c'],
    ['an annotation key with a blank', { annotations: { 'a b': 'x' } }, 'metadata.annotations', 'a b'],
    [
      'annotations of more than 256 KiB',
      { annotations: { a: 'x'.repeat(300_000) } },
      'metadata.annotations',
      'Too long',
    ],
    [
      'an owner without a uid',
      { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: '' }] },
      'metadata.ownerReferences[0].uid',
      'Required',
    ],
  ] as const)(`${name}: %s is Invalid, and the message says where and what`, async (_, metadata, path, value) => {
    const message = await refused('Invalid', cluster.create('ConfigMap', configMap('x', { metadata })))
    expect(message.replaceAll(/\[\\?"[^\]]*\]/g, '')).toContain(path)
    expect(message).toContain(value)
    expect(await cluster.list('ConfigMap', { namespace: NAMESPACE })).toEqual([])
  })

  test(`${name}: names up to the limit are stored`, async () => {
    const longest = ['a'.repeat(63), 'b'.repeat(63), 'c'.repeat(63), 'd'.repeat(61)].join('.')
    expect(longest).toHaveLength(253)
    for (const one of ['0', longest]) {
      const stored = await cluster.create('ConfigMap', configMap(one))
      expect(await cluster.get('ConfigMap', at(one))).toEqual(stored)
    }
  })

  test(`${name}: an object of 2 MB is refused`, async () => {
    await refused('Invalid', cluster.create('ConfigMap', configMap('x', { data: { a: 'x'.repeat(2_000_000) } })))
  })

  test(`${name}: the names of built-in properties are plain data`, async () => {
    const worst = JSON.parse('{"__proto__":"p","constructor":"c","hasOwnProperty":"h"}') as Record<string, string>
    const labels = { constructor: 'x' }
    const { data } = await cluster
      .create('ConfigMap', configMap('constructor', { data: worst, metadata: { labels } }))
      .catch(error => {
        // What parses requests may refuse this one key; dropped without a word it must not be.
        expect(isClusterError(error, 'Invalid')).toBe(true)
        const bad = Object.fromEntries(Object.entries(worst).filter(([key]) => key !== '__proto__'))
        return cluster.create('ConfigMap', configMap('constructor', { data: bad, metadata: { labels } }))
      })
    expect(Object.keys(data!).sort()).toEqual(expect.arrayContaining(['constructor', 'hasOwnProperty']))
    await cluster.create('ConfigMap', configMap('other'))
    const stored = await cluster.get('ConfigMap', at('constructor'))
    expect(Object.entries(stored!.data!).sort()).toEqual(Object.entries(data!).sort())
    expect(Object.getPrototypeOf(stored!.data)).toBe(Object.prototype)
    expect(names(await cluster.list('ConfigMap', { namespace: NAMESPACE, labels }))).toEqual(['constructor'])
    expect(await cluster.get('ConfigMap', at('__proto__'))).toBeUndefined()
  })

  test(`${name}: a Secret's stringData is folded into data, on replace too`, async () => {
    const secret = await cluster.create(
      'Secret',
      newObject('Secret', 'x', { data: { a: 'b2xk', b: 'a2VwdA==' }, stringData: { a: 'näw' } }),
    )
    expect(secret.stringData).toBeUndefined()
    expect(secret.data).toEqual({ a: Buffer.from('näw').toString('base64'), b: 'a2VwdA==' })
    const next = await cluster.replace('Secret', changed(secret, { stringData: { b: 'new' } }))
    expect(next.data).toEqual({ ...secret.data, b: Buffer.from('new').toString('base64') })
  })

  test(`${name}: a key that is no file name is refused in ConfigMaps and Secrets`, async () => {
    expect(
      await refused('Invalid', cluster.create('ConfigMap', configMap('x', { data: { '../evil': 'x' } }))),
    ).toContain('../evil')
    expect(
      await refused('Invalid', cluster.create('Secret', newObject('Secret', 'x', { stringData: { '..': 'x' } }))),
    ).toContain('..')
  })

  // Replacing ----------------------------------------------------------------

  test(`${name}: replace writes metadata and spec, keeps the status, and counts generations when the spec changed`, async () => {
    const made = await cluster.create('TaskRun', taskRun('x'))
    const run = await cluster.replaceStatus('TaskRun', changed(made, { status: { podName: 'p' } }))
    const labelled = await cluster.replace(
      'TaskRun',
      changed(run, { metadata: { ...run.metadata, labels: { a: 'b' } }, status: { podName: 'forged' } }),
    )
    expect(labelled).toMatchObject({ metadata: { labels: { a: 'b' }, generation: 1 }, status: { podName: 'p' } })
    // The one change that Tekton allows once a run has begun.
    const cancelled = { ...labelled.spec, status: 'TaskRunCancelled' as const }
    const respecced = await cluster.replace('TaskRun', changed(labelled, { spec: cancelled }))
    expect(respecced).toMatchObject({
      metadata: { generation: 2 },
      spec: { taskRef: { name: 'build' }, status: 'TaskRunCancelled' },
      status: { podName: 'p' },
    })
    expect(await cluster.get('TaskRun', at('x'))).toEqual(respecced)
  })

  test(`${name}: replaceStatus writes only the status`, async () => {
    const made = await cluster.create('TaskRun', taskRun('x'))
    const change = { spec: { taskRef: { name: 'forged' } }, metadata: { ...made.metadata, labels: { forged: 'yes' } } }
    const run = await cluster.replaceStatus('TaskRun', changed(made, { ...change, status: { podName: 'p' } }))
    expect(run.status).toEqual({ podName: 'p' })
    expect(run.spec).toEqual(made.spec)
    expect(run.metadata).toEqual({ ...made.metadata, resourceVersion: run.metadata.resourceVersion })
    expect(await cluster.get('TaskRun', at('x'))).toEqual(run)
  })

  test(`${name}: uid, creation time and generation are the store's`, async () => {
    const made = await cluster.create('ConfigMap', configMap('x'))
    const forged = {
      ...made.metadata,
      creationTimestamp: '1999-01-01T00:00:00Z',
      generation: 99,
      annotations: { a: 'b' },
    }
    const next = await cluster.replace('ConfigMap', changed(made, { metadata: forged }))
    expect(next.metadata).toEqual({
      ...made.metadata,
      annotations: { a: 'b' },
      resourceVersion: next.metadata.resourceVersion,
    })
  })

  test(`${name}: every write gives another version, and a write that changes nothing is none`, async () => {
    const versions = new Set<string>()
    let run = await cluster.create('TaskRun', taskRun('x'))
    versions.add(run.metadata.resourceVersion)
    for (const podName of ['a', 'b', 'c']) {
      run = await cluster.replaceStatus('TaskRun', changed(run, { status: { podName } }))
      versions.add(run.metadata.resourceVersion)
    }
    expect(versions.size).toBe(4)

    const seen = watch('TaskRun')
    await seen.listed()
    // Keys in another order, an empty map and an undefined field are no change.
    const { spec, ...rest } = run
    const same = { spec, ...rest, metadata: { ...run.metadata, labels: {} }, extra: undefined } as typeof run
    expect(await cluster.replace('TaskRun', frozen(same))).toEqual(run)
    expect(await cluster.replaceStatus('TaskRun', changed(run, { status: { podName: 'c' } }))).toEqual(run)
    expect(await cluster.get('TaskRun', at('x'))).toEqual(run)
    await cluster.create('TaskRun', taskRun('y'))
    await vi.waitFor(() => expect(seen.words()).toContain('put y'), soon)
    expect(seen.words()).toEqual(['listed x', 'put y'])
  })

  test(`${name}: a stale replace is a Conflict and changes nothing`, async () => {
    const old = await cluster.create('TaskRun', taskRun('x'))
    const newest = await cluster.replaceStatus('TaskRun', changed(old, { status: { podName: 'p' } }))
    const cancelled = { ...old.spec, status: 'TaskRunCancelled' as const }
    await refused('Conflict', cluster.replace('TaskRun', changed(old, { spec: cancelled })))
    await refused('Conflict', cluster.replaceStatus('TaskRun', changed(old, { status: { podName: 'late' } })))
    expect(await cluster.get('TaskRun', at('x'))).toEqual(newest)
  })

  test(`${name}: of writers that started from the same version, one wins`, async () => {
    const made = await cluster.create('TaskRun', taskRun('x'))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) =>
        cluster.replaceStatus('TaskRun', changed(made, { status: { podName: `p${n}` } })),
      ),
    )
    const won = outcomes.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
    expect(won).toHaveLength(1)
    for (const one of outcomes) if (one.status === 'rejected') expect(isClusterError(one.reason, 'Conflict')).toBe(true)
    expect(await cluster.get('TaskRun', at('x'))).toEqual(won[0])
  })

  test(`${name}: replacing what is gone, or has another uid now, is NotFound`, async () => {
    const first = await cluster.create('ConfigMap', configMap('x'))
    await cluster.delete('ConfigMap', at('x'))
    await refused('NotFound', cluster.replace('ConfigMap', changed(first, { data: { a: 'b' } })))
    const second = await cluster.create('ConfigMap', configMap('x'))
    expect(second.metadata.uid).not.toBe(first.metadata.uid)
    await refused('NotFound', cluster.replace('ConfigMap', changed(first, { data: { a: 'b' } })))
    expect(await cluster.get('ConfigMap', at('x'))).toEqual(second)
  })

  test(`${name}: a replace that breaks the rules for labels is Invalid`, async () => {
    const made = await cluster.create('ConfigMap', configMap('x'))
    const metadata = { ...made.metadata, labels: { a: 'not valid' } }
    expect(await refused('Invalid', cluster.replace('ConfigMap', changed(made, { metadata })))).toContain('not valid')
    expect(await cluster.get('ConfigMap', at('x'))).toEqual(made)
  })

  test(`${name}: the data of an immutable ConfigMap cannot be changed`, async () => {
    const made = await cluster.create('ConfigMap', configMap('x', { immutable: true, data: { a: 'b' } }))
    await refused('Invalid', cluster.replace('ConfigMap', changed(made, { data: { a: 'c' } })))
    const labelled = await cluster.replace(
      'ConfigMap',
      changed(made, { metadata: { ...made.metadata, labels: { a: 'b' } } }),
    )
    expect(labelled.metadata.labels).toEqual({ a: 'b' })
  })

  // Deleting -----------------------------------------------------------------

  test(`${name}: delete removes, twice is once, and another uid is left alone`, async () => {
    const first = await cluster.create('ConfigMap', configMap('x'))
    await cluster.delete('ConfigMap', at('x'), { uid: 'another' }).catch(error => {
      // A real API server says so; what counts is that nothing happens.
      expect(isClusterError(error, 'Conflict')).toBe(true)
    })
    expect(await cluster.get('ConfigMap', at('x'))).toEqual(first)
    await cluster.delete('ConfigMap', at('x'), { uid: first.metadata.uid })
    expect(await cluster.get('ConfigMap', at('x'))).toBeUndefined()
    await cluster.delete('ConfigMap', at('x'))
  })

  test(`${name}: an object with finalizers is only marked, and goes with the last of them`, async () => {
    const made = await cluster.create(
      'ConfigMap',
      configMap('x', { metadata: { finalizers: ['a.dev/one', 'a.dev/two'] } }),
    )
    await cluster.delete('ConfigMap', at('x'))
    const marked = (await cluster.get('ConfigMap', at('x')))!
    expect(marked.metadata.uid).toBe(made.metadata.uid)
    expect(marked.metadata.deletionTimestamp).toMatch(/Z$/)

    const more = { ...marked.metadata, finalizers: ['a.dev/one', 'a.dev/two', 'a.dev/late'] }
    await refused('Invalid', cluster.replace('ConfigMap', changed(marked, { metadata: more })))
    const one = await cluster.replace(
      'ConfigMap',
      changed(marked, { metadata: { ...marked.metadata, finalizers: ['a.dev/two'] } }),
    )
    expect((await cluster.get('ConfigMap', at('x')))?.metadata.deletionTimestamp).toBe(
      marked.metadata.deletionTimestamp,
    )
    await cluster.replace('ConfigMap', changed(one, { metadata: { ...one.metadata, finalizers: [] } }))
    expect(await cluster.get('ConfigMap', at('x'))).toBeUndefined()
  })

  test(`${name}: a running Pod is only marked, and goes when the kubelet deletes it with graceSeconds 0`, async () => {
    const made = await cluster.create('Pod', pod('x'))
    await cluster.replaceStatus('Pod', changed(made, { status: { phase: 'Running' } }))
    await cluster.delete('Pod', at('x'), { graceSeconds: 20 })
    const marked = (await cluster.get('Pod', at('x')))!
    expect(marked.metadata).toMatchObject({ uid: made.metadata.uid, deletionGracePeriodSeconds: 20 })
    expect(marked.metadata.deletionTimestamp).toMatch(/Z$/)

    await cluster.delete('Pod', at('x'), { graceSeconds: 3600 })
    expect((await cluster.get('Pod', at('x')))!.metadata.deletionGracePeriodSeconds).toBe(20)
    await cluster.delete('Pod', at('x'), { graceSeconds: 5 })
    expect((await cluster.get('Pod', at('x')))!.metadata.deletionGracePeriodSeconds).toBe(5)

    await cluster.delete('Pod', at('x'), { graceSeconds: 0 })
    expect(await cluster.get('Pod', at('x'))).toBeUndefined()
  })

  test(`${name}: what an object owned goes in the background, down to the last generation`, async () => {
    const run = await cluster.create('TaskRun', taskRun('x'))
    const secret = await cluster.create(
      'Secret',
      newObject('Secret', 'child', { metadata: { ownerReferences: [ownedBy(run)] } }),
    )
    await cluster.create('ConfigMap', configMap('grandchild', { metadata: { ownerReferences: [ownedBy(secret)] } }))
    await cluster.create('ConfigMap', configMap('stranger'))
    await cluster.delete('TaskRun', at('x'))
    expect(await cluster.get('TaskRun', at('x'))).toBeUndefined()
    await gone('Secret', at('child'))
    await gone('ConfigMap', at('grandchild'))
    expect(await cluster.get('ConfigMap', at('stranger'))).toBeDefined()
  })

  test(`${name}: an owned Pod that runs is marked, not removed`, async () => {
    const run = await cluster.create('TaskRun', taskRun('x'))
    const made = await cluster.create('Pod', pod('x', { metadata: { ownerReferences: [ownedBy(run)] } }))
    await cluster.replaceStatus('Pod', changed(made, { status: { phase: 'Running' } }))
    await cluster.delete('TaskRun', at('x'))
    await vi.waitFor(
      async () => expect((await cluster.get('Pod', at('x')))?.metadata.deletionTimestamp).toBeDefined(),
      soon,
    )
    await cluster.delete('Pod', at('x'), { graceSeconds: 0 })
    expect(await cluster.get('Pod', at('x'))).toBeUndefined()
  })

  test(`${name}: a delete in the foreground waits for dependents that block it, and for no others`, async () => {
    const owner = await cluster.create('ConfigMap', configMap('x'))
    const held = { finalizers: ['a.dev/wait'] }
    const { blockOwnerDeletion: _, ...loose } = { ...ownedBy(owner), controller: false }
    await cluster.create('ConfigMap', configMap('loose', { metadata: { ...held, ownerReferences: [loose] } }))
    await cluster.create(
      'Secret',
      newObject('Secret', 'child', { metadata: { ...held, ownerReferences: [ownedBy(owner)] } }),
    )
    await cluster.delete('ConfigMap', at('x'), { propagationPolicy: 'Foreground' })
    const letGo = async (kind: 'ConfigMap' | 'Secret', key: Key) => {
      await vi.waitFor(
        async () => expect((await cluster.get(kind, key))?.metadata.deletionTimestamp).toMatch(/Z$/),
        soon,
      )
      const marked = (await cluster.get(kind, key))!
      await cluster.replace(
        kind,
        changed(marked, {
          metadata: { ...marked.metadata, finalizers: marked.metadata.finalizers!.filter(one => one !== 'a.dev/wait') },
        }),
      )
    }
    await vi.waitFor(
      async () => expect((await cluster.get('Secret', at('child')))?.metadata.deletionTimestamp).toBeDefined(),
      soon,
    )
    const waiting = await cluster.get('ConfigMap', at('x'))
    expect(waiting?.metadata.finalizers).toEqual(['foregroundDeletion'])
    expect(waiting?.metadata.deletionTimestamp).toMatch(/Z$/)
    await letGo('Secret', at('child'))
    await gone('Secret', at('child'))
    await gone('ConfigMap', at('x'))
    await letGo('ConfigMap', at('loose'))
    await gone('ConfigMap', at('loose'))
  })

  test(`${name}: a delete in the foreground goes down through every generation, the youngest first`, async () => {
    const owner = await cluster.create('ConfigMap', configMap('x'))
    const child = await cluster.create(
      'ConfigMap',
      configMap('child', { metadata: { ownerReferences: [ownedBy(owner)] } }),
    )
    const youngest = { finalizers: ['a.dev/wait'], ownerReferences: [ownedBy(child)] }
    await cluster.create('ConfigMap', configMap('youngest', { metadata: youngest }))
    await cluster.delete('ConfigMap', at('x'), { propagationPolicy: 'Foreground' })
    await vi.waitFor(
      async () => expect((await cluster.get('ConfigMap', at('youngest')))?.metadata.deletionTimestamp).toBeDefined(),
      soon,
    )
    expect((await cluster.get('ConfigMap', at('child')))?.metadata.finalizers).toEqual(['foregroundDeletion'])
    expect((await cluster.get('ConfigMap', at('x')))?.metadata.finalizers).toEqual(['foregroundDeletion'])
    const last = (await cluster.get('ConfigMap', at('youngest')))!
    await cluster.replace('ConfigMap', changed(last, { metadata: { ...last.metadata, finalizers: [] } }))
    await gone('ConfigMap', at('x'))
    expect(await cluster.list('ConfigMap', { namespace: NAMESPACE })).toEqual([])
  })

  test(`${name}: a delete that orphans leaves what the object owned, without the reference`, async () => {
    const owner = await cluster.create('ConfigMap', configMap('x'))
    const other = await cluster.create('ConfigMap', configMap('other'))
    const both = [{ ...ownedBy(owner), controller: false }, ownedBy(other)]
    await cluster.create('ConfigMap', configMap('a', { metadata: { ownerReferences: [ownedBy(owner)] } }))
    await cluster.create('ConfigMap', configMap('b', { metadata: { ownerReferences: both } }))
    await cluster.delete('ConfigMap', at('x'), { propagationPolicy: 'Orphan' })
    await gone('ConfigMap', at('x'))
    expect((await cluster.get('ConfigMap', at('a')))?.metadata.ownerReferences ?? []).toEqual([])
    expect((await cluster.get('ConfigMap', at('b')))?.metadata.ownerReferences).toEqual([both[1]])
  })

  test(`${name}: a delete of another version than the one stored is a Conflict`, async () => {
    const old = await cluster.create('ConfigMap', configMap('x'))
    const newest = await cluster.replace('ConfigMap', changed(old, { data: { a: 'b' } }))
    const { resourceVersion } = old.metadata
    await refused('Conflict', cluster.delete('ConfigMap', at('x'), { resourceVersion }))
    expect(await cluster.get('ConfigMap', at('x'))).toEqual(newest)
    await cluster.delete('ConfigMap', at('x'), { resourceVersion: newest.metadata.resourceVersion })
    expect(await cluster.get('ConfigMap', at('x'))).toBeUndefined()
  })

  test(`${name}: an object stays as long as one of its owners does`, async () => {
    const one = await cluster.create('ConfigMap', configMap('one'))
    const two = await cluster.create('ConfigMap', configMap('two'))
    const owners = [{ ...ownedBy(one), controller: false }, ownedBy(two)]
    await cluster.create('ConfigMap', configMap('child', { metadata: { ownerReferences: owners } }))
    await cluster.delete('ConfigMap', at('one'))
    await vi.waitFor(
      async () => expect((await cluster.get('ConfigMap', at('child')))?.metadata.ownerReferences).toEqual([owners[1]]),
      soon,
    )
    await cluster.delete('ConfigMap', at('two'))
    await gone('ConfigMap', at('child'))
  })

  test(`${name}: an object made for an owner that is already gone is collected, a namesake of the owner notwithstanding`, async () => {
    const run = await cluster.create('TaskRun', taskRun('x'))
    await cluster.delete('TaskRun', at('x'))
    await cluster.create('TaskRun', taskRun('x'))
    await cluster.create('ConfigMap', configMap('orphan', { metadata: { ownerReferences: [ownedBy(run)] } }))
    await gone('ConfigMap', at('orphan'))
    expect(await cluster.get('TaskRun', at('x'))).toBeDefined()
  })

  test(`${name}: deleting a Namespace deletes what is in it, and nothing else`, async () => {
    const inside = { metadata: { namespace: 'contract-gone' } }
    await cluster.create('Namespace', newObject('Namespace', 'contract-gone', { metadata: { namespace: '' } }))
    await cluster.create('ConfigMap', configMap('x', inside))
    await cluster.create('Secret', newObject('Secret', 'x', inside))
    await cluster.create('ConfigMap', configMap('x'))
    await cluster.delete('Namespace', at('contract-gone', ''))
    await gone('ConfigMap', at('x', 'contract-gone'))
    await gone('Secret', at('x', 'contract-gone'))
    await gone('Namespace', at('contract-gone', ''))
    expect(await cluster.get('ConfigMap', at('x'))).toBeDefined()
  })

  test(`${name}: a namespace that is being deleted takes nothing in, and waits for its last Pod`, async () => {
    const inside = { metadata: { namespace: 'contract-gone' } }
    await cluster.create('Namespace', newObject('Namespace', 'contract-gone', { metadata: { namespace: '' } }))
    const made = await cluster.create('Pod', pod('x', inside))
    await cluster.replaceStatus('Pod', changed(made, { status: { phase: 'Running' } }))
    await cluster.delete('Namespace', at('contract-gone', ''))
    await vi.waitFor(
      async () => expect((await cluster.get('Pod', keyOf(made)))?.metadata.deletionTimestamp).toBeDefined(),
      soon,
    )
    await refused('Forbidden', cluster.create('ConfigMap', configMap('x', inside)))
    expect(await cluster.get('Namespace', at('contract-gone', ''))).toBeDefined()
    await cluster.delete('Pod', keyOf(made), { graceSeconds: 0 })
    await gone('Namespace', at('contract-gone', ''))
  })

  // Watching -----------------------------------------------------------------

  test(`${name}: a watch yields the whole set first, then every change in order`, async () => {
    await cluster.create('ConfigMap', configMap('a'))
    const seen = watch('ConfigMap')
    await seen.listed()
    const b = await cluster.create('ConfigMap', configMap('b'))
    const b2 = await cluster.replace('ConfigMap', changed(b, { data: { x: '1' } }))
    await cluster.delete('ConfigMap', at('a'))
    await cluster.create('Secret', newObject('Secret', 'other-kind'))
    await cluster.create('ConfigMap', configMap('other', { metadata: { namespace: 'contract-b' } }))
    await cluster.create('ConfigMap', configMap('c'))
    await vi.waitFor(() => expect(seen.words()).toContain('put c'), soon)
    expect(seen.words()).toEqual(['listed a', 'put b', 'put b', 'removed a', 'put c'])
    expect(seen.changes[1]).toEqual({ type: 'put', item: b })
    expect(seen.changes[2]).toEqual({ type: 'put', item: b2 })
  })

  test(`${name}: an object that stops matching the selector is removed, and one that begins to is put`, async () => {
    const made = await cluster.create('ConfigMap', configMap('a', { metadata: { labels: { app: 'x' } } }))
    const seen = watch('ConfigMap', { namespace: NAMESPACE, labels: { app: 'x' } })
    await seen.listed()
    await cluster.create('ConfigMap', configMap('never', { metadata: { labels: { app: 'y' } } }))
    const out = await cluster.replace(
      'ConfigMap',
      changed(made, { metadata: { ...made.metadata, labels: { app: 'y' } } }),
    )
    const back = await cluster.replace(
      'ConfigMap',
      changed(out, { metadata: { ...out.metadata, labels: { app: 'x', more: 'z' } } }),
    )
    await cluster.delete('ConfigMap', at('a'))
    await vi.waitFor(() => expect(seen.changes).toHaveLength(4), soon)
    expect(seen.words()).toEqual(['listed a', 'removed a', 'put a', 'removed a'])
    expect(seen.changes[2]).toEqual({ type: 'put', item: back })
  })

  test(`${name}: a marked object is put, and removed when it goes`, async () => {
    const made = await cluster.create('Pod', pod('x'))
    await cluster.replaceStatus('Pod', changed(made, { status: { phase: 'Running' } }))
    const seen = watch('Pod')
    await seen.listed()
    await cluster.delete('Pod', at('x'), { graceSeconds: 9 })
    await vi.waitFor(() => expect(seen.words()).toContain('put x'), soon)
    expect(seen.changes.at(-1)).toMatchObject({ item: { metadata: { deletionGracePeriodSeconds: 9 } } })
    await cluster.delete('Pod', at('x'), { graceSeconds: 0 })
    await vi.waitFor(() => expect(seen.words().at(-1)).toBe('removed x'), soon)
  })

  test(`${name}: a watch ends without an error when its signal aborts, before or after it began`, async () => {
    const seen = watch('ConfigMap')
    await seen.listed()
    seen.stop()
    await expect(seen.ended).resolves.toBeUndefined()

    const changes: unknown[] = []
    for await (const change of cluster.watch('ConfigMap', {}, AbortSignal.abort())) changes.push(change)
    expect(changes.length).toBeLessThanOrEqual(1)
  })

  test(`${name}: a consumer that leaves off in the middle ends its watch`, async () => {
    await cluster.create('ConfigMap', configMap('a'))
    const types: string[] = []
    for await (const change of cluster.watch('ConfigMap', { namespace: NAMESPACE }, new AbortController().signal)) {
      types.push(change.type)
      break
    }
    expect(types).toEqual(['listed'])
    await cluster.create('ConfigMap', configMap('b'))
    expect(names(await cluster.list('ConfigMap', { namespace: NAMESPACE }))).toEqual(['a', 'b'])
  })

  test(`${name}: a consumer that was slow still ends up with what is stored`, { timeout: 90_000 }, async () => {
    const controller = new AbortController()
    watches.push(controller)
    const changes = cluster.watch('ConfigMap', { namespace: NAMESPACE }, controller.signal)[Symbol.asyncIterator]()
    expect((await changes.next()).value).toMatchObject({ type: 'listed' })
    const all = Array.from({ length: 1500 }, (_, n) => `n${n}`)
    await Promise.all(all.map(one => cluster.create('ConfigMap', configMap(one))))
    await Promise.all(all.slice(0, 700).map(one => cluster.delete('ConfigMap', at(one))))
    const held = new Set<string>()
    while (!(held.has('n1499') && held.size === 800)) {
      const change = (await changes.next()).value as Change<Resource>
      if (change.type === 'listed') held.clear()
      for (const item of change.type === 'listed' ? change.items : change.type === 'put' ? [change.item] : [])
        held.add(item.metadata.name)
      if (change.type === 'removed') held.delete(change.item.metadata.name)
    }
    expect([...held].sort()).toEqual(all.slice(700).sort())
    // More than any page of a list.
    expect(names(await cluster.list('ConfigMap', { namespace: NAMESPACE }))).toEqual(all.slice(700).sort())
    await changes.return?.()
  })

  // Durability ---------------------------------------------------------------

  test(`${name}: a resolved write is seen by every later read, of any kind of read`, async () => {
    for (let round = 0; round < 25; round++) {
      const one = await cluster.create('ConfigMap', configMap(`r${round}`))
      expect(await cluster.get('ConfigMap', keyOf(one))).toEqual(one)
      expect(await cluster.list('ConfigMap', { namespace: NAMESPACE })).toContainEqual(one)
      const two = await cluster.replace('ConfigMap', changed(one, { data: { a: `${round}` } }))
      expect(await cluster.get('ConfigMap', keyOf(one))).toEqual(two)
    }
  })
}

/** The contract, and what holds besides where the data is the adapter's own. */
export function reopenableClusterContract(name: string, open: () => Promise<ReopenableCluster>): void {
  clusterContract(name, open)

  test(`${name}: everything is there after closing and opening, and versions go on growing`, async () => {
    const underTest = await open()
    onTestFinished(() => underTest.close())
    let { cluster } = underTest
    const kept = await cluster.create('ConfigMap', configMap('kept', { data: { a: 'b' } }))
    await cluster.create('ConfigMap', configMap('gone'))
    await cluster.delete('ConfigMap', at('gone'))
    cluster = await underTest.reopen()
    expect(await cluster.get('ConfigMap', at('kept'))).toEqual(kept)
    expect(names(await cluster.list('ConfigMap', { namespace: NAMESPACE }))).toEqual(['kept'])
    const next = await cluster.replace('ConfigMap', changed(kept, { data: { a: 'c' } }))
    expect(next.metadata.resourceVersion).not.toBe(kept.metadata.resourceVersion)
    await refused('Conflict', cluster.replace('ConfigMap', changed(kept, { data: { a: 'd' } })))
  })
}

async function refused(reason: string, call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ name: 'ClusterError', reason })
  return (error as Error).message
}

/**
 * As much of a Cluster as a kubelet needs, in memory: versions, conflicts, a Pod's graceful deletion, watches. Small
 * enough to be read whole; the embedded store has the real contract suite.
 */
import { type Change, type Cluster, ClusterError, type Selector } from '../../src/cluster/cluster.js'
import { apiVersionOf, type Kind, type Kinds } from '../../src/resources/kinds.js'
import type { Resource } from '../../src/resources/meta.js'

export interface MemoryCluster extends Cluster {
  /** Every status written, oldest first. */
  readonly statuses: readonly unknown[]
}

export function createMemoryCluster(): MemoryCluster {
  const objects = new Map<string, Resource>()
  const listeners = new Set<(kind: Kind, change: Change<Resource>) => void>()
  const statuses: unknown[] = []
  let version = 0
  const idOf = (kind: Kind, key: { namespace: string; name: string }): string => `${kind}/${key.namespace}/${key.name}`
  const tell = (kind: Kind, change: Change<Resource>): void => {
    for (const listener of listeners) listener(kind, change)
  }
  const store = <T extends Resource>(kind: Kind, object: T): T => {
    version += 1
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
    objects.set(idOf(kind, stored.metadata), stored)
    tell(kind, { type: 'put', item: stored })
    return stored
  }
  const current = (kind: Kind, object: Resource): Resource => {
    const found = objects.get(idOf(kind, object.metadata))
    if (found?.metadata.uid !== object.metadata.uid)
      throw new ClusterError('NotFound', `${kind} "${object.metadata.name}" not found`)
    if (found.metadata.resourceVersion !== object.metadata.resourceVersion) {
      throw new ClusterError('Conflict', `${kind} "${object.metadata.name}" was written meanwhile`)
    }
    return found
  }
  const matches = (kind: Kind, selector: Selector = {}): Resource[] =>
    [...objects].flatMap(([id, object]) =>
      id.startsWith(`${kind}/`) &&
      (selector.namespace === undefined || selector.namespace === object.metadata.namespace)
        ? [object]
        : [],
    )

  return {
    statuses,
    async get<K extends Kind>(kind: K, key: { namespace: string; name: string }) {
      return objects.get(idOf(kind, key)) as Kinds[K] | undefined
    },
    async list<K extends Kind>(kind: K, selector?: Selector) {
      return matches(kind, selector) as unknown as Kinds[K][]
    },
    async create<K extends Kind>(kind: K, object: { metadata: { namespace: string; name?: string } }) {
      const name = object.metadata.name ?? ''
      if (objects.has(idOf(kind, { ...object.metadata, name }))) throw new ClusterError('AlreadyExists', name)
      const metadata = {
        ...object.metadata,
        name,
        uid: `uid-${name}-${version + 1}`,
        resourceVersion: '',
        creationTimestamp: '2026-01-01T00:00:00Z',
      }
      return store(kind, {
        apiVersion: apiVersionOf(kind),
        kind,
        ...object,
        metadata,
      } as Resource) as unknown as Kinds[K]
    },
    async replace<K extends Kind>(kind: K, object: Kinds[K]) {
      const { status } = current(kind, object) as { status?: unknown }
      return store(kind, { ...object, ...(status === undefined ? {} : { status }) } as Kinds[K])
    },
    async replaceStatus<K extends Kind>(kind: K, object: Kinds[K]) {
      const { status } = object as { status?: unknown }
      statuses.push(status)
      return store(kind, { ...current(kind, object), status } as unknown as Kinds[K])
    },
    async delete(kind, key, { uid, graceSeconds } = {}) {
      const found = objects.get(idOf(kind, key))
      if (found === undefined || (uid !== undefined && uid !== found.metadata.uid)) return
      if (kind === 'Pod' && graceSeconds !== 0) {
        const marks = { deletionTimestamp: '2026-01-01T00:00:01Z', deletionGracePeriodSeconds: graceSeconds ?? 30 }
        store(kind, { ...found, metadata: { ...found.metadata, ...marks } })
        return
      }
      objects.delete(idOf(kind, key))
      tell(kind, { type: 'removed', item: found })
    },
    async *watch<K extends Kind>(kind: K, selector: Selector, signal: AbortSignal): AsyncGenerator<Change<Kinds[K]>> {
      const waiting: Change<Resource>[] = [{ type: 'listed', items: matches(kind, selector) }]
      let wake: (() => void) | undefined
      const listener = (of: Kind, change: Change<Resource>): void => {
        if (of === kind) waiting.push(change)
        wake?.()
      }
      const end = (): void => wake?.()
      listeners.add(listener)
      signal.addEventListener('abort', end)
      try {
        while (!signal.aborted) {
          const next = waiting.shift()
          if (next !== undefined) yield next as unknown as Change<Kinds[K]>
          else await new Promise<void>(resolve => (wake = resolve))
        }
      } finally {
        listeners.delete(listener)
        signal.removeEventListener('abort', end)
      }
    },
  }
}

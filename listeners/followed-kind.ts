/** A copy in memory of every object of one kind, kept current by a watch. */
import type { Cluster } from '../src/cluster/cluster.js'
import type { Kind, Kinds } from '../src/resources/kinds.js'
import type { Key } from '../src/resources/meta.js'

export interface FollowedKind<K extends Kind> {
  /** Whether the copy can be relied on: false before the first list, and after the watch has ended. */
  isCurrent(): boolean
  get(key: Key): Kinds[K] | undefined
  /** Sorted by namespace, then name, as a cluster lists. */
  list(namespace?: string): readonly Kinds[K][]
  /** Resolves when the watch has ended. Never rejects. */
  readonly ended: Promise<void>
}

/** Told of what may read differently now; 'all' when it could be anything of the kind. */
export type OnChange<K extends Kind> = (kind: K, changed: Key | 'all') => void

/**
 * Changes are taken over as they are yielded, without waiting for anything in between. So in the process of an embedded
 * cluster, whatever an API client was told is written is in the copy before that client's next request is looked at.
 */
export function followKind<K extends Kind>(
  cluster: Pick<Cluster, 'watch'>,
  kind: K,
  signal: AbortSignal,
  onChange: OnChange<K>,
): FollowedKind<K> {
  /** By namespace, then name. */
  let objects = new Map<string, Map<string, Kinds[K]>>()
  let sorted: readonly Kinds[K][] | undefined
  let current = false

  function put(item: Kinds[K]): void {
    const { namespace, name } = item.metadata
    const named = objects.get(namespace) ?? new Map<string, Kinds[K]>()
    objects.set(namespace, named.set(name, item))
  }

  async function follow(): Promise<void> {
    for await (const change of cluster.watch(kind, {}, signal)) {
      sorted = undefined
      if (change.type === 'listed') {
        objects = new Map()
        change.items.forEach(put)
        current = true
        onChange(kind, 'all')
        continue
      }
      const { namespace, name } = change.item.metadata
      if (change.type === 'put') put(change.item)
      else objects.get(namespace)?.delete(name)
      onChange(kind, { namespace, name })
    }
  }

  const ended = follow()
    .catch(() => {
      // A watch ends by its signal only. Should one fail all the same, the cluster itself is asked from now on.
    })
    .finally(() => {
      current = false
      onChange(kind, 'all')
    })

  return {
    isCurrent: () => current,
    get: ({ namespace, name }) => objects.get(namespace)?.get(name),
    list(namespace) {
      if (namespace !== undefined) return inOrder([...(objects.get(namespace)?.values() ?? [])])
      sorted ??= inOrder([...objects.values()].flatMap(named => [...named.values()]))
      return sorted
    },
    ended,
  }
}

function inOrder<T extends { readonly metadata: Key }>(items: readonly T[]): readonly T[] {
  const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b))
  return [...items].sort(
    ({ metadata: a }, { metadata: b }) => compare(a.namespace, b.namespace) || compare(a.name, b.name),
  )
}

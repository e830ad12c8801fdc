/** The LimitRanges of all namespaces, as the watch says: each new Pod is made by them, and they hardly ever change. */
import type { Cluster } from '../src/cluster/cluster.js'
import type { LimitRange } from '../src/resources/core.js'

export interface FollowedLimitRanges {
  /** Sorted by name; undefined as long as they have not been read. */
  of(namespace: string): readonly LimitRange[] | undefined
  close(): Promise<void>
}

export function followLimitRanges(cluster: Cluster): FollowedLimitRanges {
  const stop = new AbortController()
  let known: Map<string, LimitRange> | undefined

  async function follow(): Promise<void> {
    for await (const change of cluster.watch('LimitRange', {}, stop.signal)) {
      if (change.type === 'listed') known = new Map(change.items.map(item => [item.metadata.uid, item]))
      else if (change.type === 'put') known?.set(change.item.metadata.uid, change.item)
      else known?.delete(change.item.metadata.uid)
    }
  }

  const following = follow()
  return {
    of(namespace) {
      const found = known && [...known.values()].filter(({ metadata }) => metadata.namespace === namespace)
      return found?.sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))
    },
    async close() {
      stop.abort()
      await following
    },
  }
}

/** What a watch follows, until there is nothing left to watch. */
import type { EmbeddedCluster, EventOptions, FollowedEvent } from '../../cluster/embedded/store.js'
import type { KindEntry } from '../../resources/kind-table.js'

/**
 * As `cluster.events`; for a custom kind it ends when the definition changes or is gone, behind all that happened to the
 * kind's objects until then: whoever comes back is shown what the kind is now, or that there is none.
 */
export async function* eventsOfKind(
  cluster: EmbeddedCluster,
  info: KindEntry,
  since: string,
  signal: AbortSignal,
  options: EventOptions,
): AsyncGenerator<FollowedEvent> {
  if (info.definition === undefined) {
    yield* cluster.events(info.id, since, signal, options)
    return
  }
  const ended = new AbortController()
  const end = () => ended.abort()
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  void definitionChanged(cluster, info, ended.signal).then(end)
  let place = since
  try {
    for await (const event of cluster.events(info.id, place, ended.signal, options)) {
      if (event.type !== 'expired') place = `${event.version}`
      yield event
      if (event.type === 'expired') return
    }
    if (signal.aborted) return
    for await (const event of cluster.events(info.id, place, signal, options)) {
      if (event.type === 'bookmark') return
      yield event
    }
  } finally {
    end()
    signal.removeEventListener('abort', end)
  }
}

/** Resolves when the definition is gone, or another one than it was. */
async function definitionChanged(cluster: EmbeddedCluster, { id, definition }: KindEntry, signal: AbortSignal) {
  const then = definition?.metadata
  for await (const _ of cluster.events('CustomResourceDefinition', cluster.version(), signal)) {
    const now = cluster.kinds().of(id)?.definition?.metadata
    if (now?.uid !== then?.uid) return
    // While it goes, its objects go: that is still to be told.
    if (now?.generation !== then?.generation && now?.deletionTimestamp === undefined) return
  }
}

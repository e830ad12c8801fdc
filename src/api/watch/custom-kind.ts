/** What a watch follows, until there is nothing left to watch. */
import type { EmbeddedCluster, EventOptions, FollowedEvent } from '../../cluster/embedded/store.js'
import type { KindEntry } from '../../resources/kind-table.js'

/** As `cluster.events`; for a custom kind it ends with the definition, behind all that happened to the kind's objects. */
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
  void definitionGone(cluster, info, ended.signal).then(end)
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

/** Resolves when the definition is gone, or another one has its name. */
async function definitionGone(cluster: EmbeddedCluster, { id, definition }: KindEntry, signal: AbortSignal) {
  for await (const _ of cluster.events('CustomResourceDefinition', cluster.version(), signal)) {
    if (cluster.kinds().of(id)?.definition?.metadata.uid !== definition?.metadata.uid) return
  }
}

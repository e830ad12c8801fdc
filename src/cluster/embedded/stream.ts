/** The versioned stream of events, for clients that resume where they left off. */
import type { AnyKind } from '../../resources/kinds.js'
import type { EventPage, StoreEvent } from './change-log.js'
import type { Objects } from './objects.js'
import type { Feed } from './watch.js'

export type FollowedEvent =
  | StoreEvent
  /** Everything up to this version has been yielded. First when the backlog is done, then every `bookmarkMs`. */
  | { readonly type: 'bookmark'; readonly version: number }
  /** The version to start behind is compacted away, or was never given out. The last thing yielded. */
  | { readonly type: 'expired' }

export interface EventOptions {
  /** Also while nothing happens, which tells the reader that the stream is still there. A minute, as Kubernetes. */
  readonly bookmarkMs?: number
}

/** Rows read from the log at once. */
const PAGE = 256

/** Recent events come from memory; a reader that is behind those reads the log, and buffers nothing. */
export async function* followEvents(
  { feed, objects }: { readonly feed: Feed; readonly objects: Objects },
  kind: AnyKind | 'all',
  since: number,
  signal: AbortSignal,
  { bookmarkMs = 60_000 }: EventOptions = {},
): AsyncGenerator<FollowedEvent> {
  if (!(Number.isSafeInteger(since) && since >= 0 && since <= objects.log.version())) {
    yield { type: 'expired' }
    return
  }
  let place = since
  let bookmarkDue = 0
  while (!signal.aborted && !feed.isClosed()) {
    const page = nextPage(feed, objects, kind, place)
    if (page === undefined) {
      yield { type: 'expired' }
      return
    }
    for (const event of page.events) {
      if (signal.aborted) return
      yield event
    }
    place = page.upTo
    // While the reader took these, others may have come, and nobody tells of them again.
    if (!page.isLast || page.events.length > 0) continue
    const now = performance.now()
    if (now >= bookmarkDue) {
      yield { type: 'bookmark', version: place }
      bookmarkDue = now + bookmarkMs
      continue
    }
    await feed.next(kind, signal, bookmarkDue - now)
  }
}

function nextPage(feed: Feed, objects: Objects, kind: AnyKind | 'all', place: number): EventPage | undefined {
  const recent = kind === 'all' ? undefined : feed.after(kind, place)
  // Ahead of what is published when the list it continues was: there is nothing in between.
  if (recent !== undefined) return { events: recent, upTo: Math.max(place, feed.published()), isLast: true }
  return objects.log.after(place, kind, PAGE)
}

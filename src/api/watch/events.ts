/** A watch, event by event, as it goes over the wire. */
import type { EmbeddedCluster } from '../../cluster/embedded/store.js'
import type { Form } from '../form.js'
import type { ListOptions } from '../lists/options.js'
import { checkNotAhead, type ListRow, readList } from '../lists/read-list.js'
import { shownBookmark } from '../present.js'
import type { Selection } from '../selectors/selection.js'
import { ApiError, statusOf } from '../status.js'
import { changeFor } from './changes.js'
import { eventsOfKind } from './custom-kind.js'
import { encodedChange, encodedEvent, encodedRow } from './encode.js'

export interface Watched {
  readonly cluster: EmbeddedCluster
  readonly form: Form
  readonly selection: Selection
  readonly options: ListOptions
  /** The longest that a watch with bookmarks says nothing. */
  readonly bookmarkMs: number
}

/** Read at once of what is there at the start: all that a client which reads slowly makes us hold. */
const PAGE = 500

/**
 * Until `signal` aborts or the store is closed. What the client is to be told about, such as a version that is forgotten,
 * is the last event.
 * @throws Error for anything else, after an event that says no more than that
 */
export async function* watchEvents(watched: Watched, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { cluster, form, selection, options, bookmarkMs } = watched
  const withBookmarks = options.allowWatchBookmarks
  const isHeaderDue = firstOnly(form.as === 'Table')
  let place = options.resourceVersion
  try {
    if (sendsInitialEvents(options)) {
      checkNotAhead(cluster, options.resourceVersion)
      for await (const { version, row } of initialRows(watched)) {
        if (signal.aborted) return
        place = version
        if (row !== undefined) yield encodedRow(form, row, isHeaderDue())
      }
      if (withBookmarks) yield bookmark(form, place, true)
    } else if (place === '' || place === '0') place = cluster.version()
    for await (const event of eventsOfKind(cluster, form.info, place, signal, { bookmarkMs })) {
      if (event.type === 'expired') throw tooOld(place, cluster.version())
      place = `${event.version}`
      if (event.type === 'bookmark') {
        if (withBookmarks) yield bookmark(form, place)
        continue
      }
      const change = changeFor(event, selection)
      if (change !== undefined) yield encodedChange(form, change, isHeaderDue())
    }
    // So that whoever comes back has the least to read.
    if (withBookmarks) yield bookmark(form, place)
  } catch (error) {
    yield encodedEvent('ERROR', statusOf(error))
    if (!(error instanceof ApiError)) throw error
  }
}

/** What is there, all at one version; without a row at least once. */
async function* initialRows({ cluster, form, selection }: Watched): AsyncGenerator<{ version: string; row?: ListRow }> {
  let place = ''
  let page = await readList(cluster, form.info, selection, { limit: PAGE })
  for (;;) {
    if (page === undefined) throw tooOld(place, cluster.version())
    const { version, rows, next } = page
    place = version
    for (const row of rows) yield { version, row }
    yield { version }
    if (next === undefined) return
    page = await readList(cluster, form.info, selection, { limit: PAGE, after: next, version })
  }
}

function sendsInitialEvents({ sendInitialEvents, resourceVersion }: ListOptions): boolean {
  return sendInitialEvents ?? (resourceVersion === '' || resourceVersion === '0')
}

/** True the first time, if at all. */
function firstOnly(isDue: boolean): () => boolean {
  let due = isDue
  return () => {
    const was = due
    due = false
    return was
  }
}

function bookmark(form: Form, version: string, isEndOfInitialEvents = false): Buffer {
  return encodedEvent('BOOKMARK', shownBookmark(form, version, isEndOfInitialEvents))
}

function tooOld(asked: string, current: string): ApiError {
  return new ApiError(410, 'Expired', `too old resource version: ${asked} (${current})`)
}

import type { EmbeddedCluster } from '../../cluster/embedded/store.js'
import type { StreamAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { type Form, formOf } from '../form.js'
import type { ListOptions } from '../lists/options.js'
import { checkNotAhead, readList } from '../lists/read-list.js'
import { notAcceptable, shownBookmark } from '../present.js'
import type { ResourceRequest } from '../request.js'
import { type Selection, selectionOf } from '../selectors/selection.js'
import { ApiError, statusOf } from '../status.js'
import { changeFor } from '../watch/changes.js'
import { encodedChange, encodedEvent, encodedRow } from '../watch/encode.js'
import { createSink } from '../watch/sink.js'

/** As the API server's `--min-request-timeout`: a watch that names no end is ended after one to two times this. */
const MIN_SECONDS = 1_800
/** A client whose network is still there reads something within a minute. */
const STALLED_MS = 60_000
const BOOKMARK_MS = 60_000

/** @throws ApiError for what is wrong with the question; what is wrong later comes as an event */
export async function watch(deps: ApiDeps, request: ResourceRequest, options: ListOptions): Promise<StreamAnswer> {
  const form = formOf(request)
  if (form.as === 'PartialObjectMetadataList') throw notAcceptable(form.as, 'not a list')
  const selection = selectionOf(request)
  const { stalledMs = STALLED_MS, bookmarkMs = BOOKMARK_MS } = deps.watchLimits ?? {}
  return async response => {
    const ended = new AbortController()
    const end = () => ended.abort()
    request.signal.addEventListener('abort', end)
    const timer = setTimeout(end, lengthMs(options))
    if (request.signal.aborted) end()
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
    response.flushHeaders()
    const sink = createSink(response, stalledMs)
    const watched = { cluster: deps.cluster, form, selection, options, bookmarkMs }
    try {
      for await (const bytes of eventsOf(watched, ended.signal)) {
        if (!(await sink.write(bytes))) break
      }
    } finally {
      clearTimeout(timer)
      request.signal.removeEventListener('abort', end)
      if (sink.isCutOff()) {
        deps.log.warn('watch cut off: the client read nothing', { path: request.path, seconds: stalledMs / 1000 })
      }
      response.end()
    }
  }
}

/** At most what a timer takes. */
function lengthMs({ timeoutSeconds }: ListOptions): number {
  const seconds = timeoutSeconds > 0 ? timeoutSeconds : MIN_SECONDS * (1 + Math.random())
  return Math.min(seconds * 1000, 2 ** 31 - 1)
}

interface Watched {
  readonly cluster: EmbeddedCluster
  readonly form: Form
  readonly selection: Selection
  readonly options: ListOptions
  readonly bookmarkMs: number
}

async function* eventsOf(watched: Watched, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { cluster, form, selection, options, bookmarkMs } = watched
  const withBookmarks = options.allowWatchBookmarks
  let place = options.resourceVersion
  let isFirst = form.as === 'Table'
  const withHeaders = () => {
    const wasFirst = isFirst
    isFirst = false
    return wasFirst
  }
  try {
    if (sendsInitialEvents(options)) {
      checkNotAhead(cluster, options.resourceVersion)
      const { version, rows } = (await readList(cluster, form.info, selection))!
      for (const row of rows) {
        if (signal.aborted) return
        yield encodedRow(form, row, withHeaders())
      }
      place = version
      if (withBookmarks) yield bookmark(form, place, true)
    } else if (place === '' || place === '0') place = cluster.version()
    for await (const event of cluster.events(form.info.id, place, signal, { bookmarkMs })) {
      if (event.type === 'expired') throw tooOld(place, cluster.version())
      place = `${event.version}`
      if (event.type === 'bookmark') {
        if (withBookmarks) yield bookmark(form, place)
        continue
      }
      const change = changeFor(event, selection)
      if (change !== undefined) yield encodedChange(form, change, withHeaders())
    }
    // So that whoever comes back has the least to read.
    if (withBookmarks) yield bookmark(form, place)
  } catch (error) {
    yield encodedEvent('ERROR', statusOf(error))
  }
}

function sendsInitialEvents({ sendInitialEvents, resourceVersion }: ListOptions): boolean {
  return sendInitialEvents ?? (resourceVersion === '' || resourceVersion === '0')
}

function bookmark(form: Form, version: string, isEndOfInitialEvents = false): Buffer {
  return encodedEvent('BOOKMARK', shownBookmark(form, version, isEndOfInitialEvents))
}

function tooOld(asked: string, current: string): ApiError {
  return new ApiError(410, 'Expired', `too old resource version: ${asked} (${current})`)
}

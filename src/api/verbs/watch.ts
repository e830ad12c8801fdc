import type { StreamAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { formOf } from '../form.js'
import type { ListOptions } from '../lists/options.js'
import { notAcceptable } from '../present.js'
import type { ResourceRequest } from '../request.js'
import { selectionOf } from '../selectors/selection.js'
import { createSink, STALLED_MS } from '../sink.js'
import { watchEvents } from '../watch/events.js'

/** As the API server's `--min-request-timeout`: a watch that names no end is ended after one to two times this. */
const MIN_SECONDS = 1_800
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
      for await (const bytes of watchEvents(watched, ended.signal)) {
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

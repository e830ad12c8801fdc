import type { EmbeddedCluster } from '../../cluster/embedded/store.js'
import type { Key } from '../../resources/meta.js'
import { type Answer, sendJson } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { formOf } from '../form.js'
import { type ContinuePlace, continueToken, parseContinueToken } from '../lists/continue-token.js'
import { type ListOptions, listOptionsOf } from '../lists/options.js'
import { checkNotAhead, type ListPage, readList } from '../lists/read-list.js'
import { listText } from '../present.js'
import type { ResourceRequest } from '../request.js'
import { isFiltered, type Selection, selectionOf } from '../selectors/selection.js'
import { STALLED_MS } from '../sink.js'
import { ApiError, badRequest } from '../status.js'
import { watch } from './watch.js'

/** A list, or with `watch=true` what becomes of it. */
export async function list(deps: ApiDeps, request: ResourceRequest): Promise<Answer> {
  const options = listOptionsOf(request.query)
  if (options.watch) return watch(deps, request, options)
  const form = formOf(request)
  const selection = selectionOf(request)
  const { cluster } = deps
  const { info } = request
  const question = questionOf(request)
  const place = placeOf(options, question)
  checkNotAhead(cluster, place?.version ?? options.resourceVersion)
  const wanted = { limit: options.limit, ...(place ?? { version: exactVersion(options) }) }
  const page = await readList(cluster, info, selection, wanted)
  if (page === undefined) throw expired(place, question)
  const metadata = { resourceVersion: page.version, ...(await rest(cluster, request, selection, { page, place })) }
  const text = listText(form, metadata, page.rows)
  return async response => {
    // Who reads nothing of it for so long is hung up on: it may be all that there is.
    response.setTimeout(STALLED_MS)
    sendJson(response, 200, text)
  }
}

/** What is equal in all pages of a list. */
function questionOf({ info, namespace, query }: ResourceRequest): string {
  return JSON.stringify([info.id, namespace, query.get('labelSelector') ?? '', query.get('fieldSelector') ?? ''])
}

/** @throws ApiError 400 */
function placeOf({ continue: token, resourceVersion }: ListOptions, question: string): ContinuePlace | undefined {
  if (token === '') return undefined
  const place = parseContinueToken(question, token)
  if (resourceVersion !== '' && resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  return place
}

/** Undefined when what is there now will do, which is never older than any version that was given out. */
function exactVersion({ resourceVersion, resourceVersionMatch, limit }: ListOptions): string | undefined {
  if (resourceVersionMatch === 'Exact') return resourceVersion
  // As the API server has it since before it could be asked for a match.
  const isExact = resourceVersionMatch === '' && limit > 0 && Number(resourceVersion) > 0
  return isExact ? resourceVersion : undefined
}

async function rest(
  cluster: EmbeddedCluster,
  request: ResourceRequest,
  selection: Selection,
  { page: { rows, next, version }, place }: { readonly page: ListPage; readonly place: ContinuePlace | undefined },
): Promise<{ readonly continue?: string; readonly remainingItemCount?: number }> {
  if (next === undefined) return {}
  const question = questionOf(request)
  if (isFiltered(selection)) return { continue: continueToken(question, { version, after: next }) }
  const left =
    place?.left === undefined
      ? await countOf(cluster, request, selection, { after: next, version })
      : Math.max(place.left - rows.length, 1)
  return { continue: continueToken(question, { version, after: next, left }), remainingItemCount: left }
}

async function countOf(
  cluster: EmbeddedCluster,
  { info }: ResourceRequest,
  selection: Selection,
  wanted: { readonly after: Key; readonly version: string },
): Promise<number> {
  const page = await readList(cluster, info, selection, wanted)
  return page?.rows.length ?? 0
}

function expired(place: ContinuePlace | undefined, question: string): ApiError {
  if (place === undefined) return new ApiError(410, 'Expired', 'The resourceVersion for the provided list is too old.')
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
    'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
    'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
    'deleted between the time the first chunk was returned and now may show up in the list.'
  const token = continueToken(question, { version: undefined, after: place.after })
  return new ApiError(410, 'Expired', message, undefined, { continue: token })
}

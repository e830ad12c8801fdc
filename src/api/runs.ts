/** `runs` of `tektite.dev/v1alpha1`: every run there is or was, for the dashboard, the command line and `kubectl get runs`. */
import type { KindEntry } from '../resources/kind-table.js'
import type { Resource } from '../resources/meta.js'
import type { RunRecord } from '../resources/run-record.js'
import type { RunSummary } from '../resources/run-summary.js'
import type { StatusCounts } from '../run-index/run-filter.js'
import type { RunEvent, RunIndex } from '../run-index/run-index.js'
import type { StreamAnswer } from './answer.js'
import { type Form, formOf } from './form.js'
import { RUN_KIND } from './openapi/documented-kinds.js'
import {
  OWN_GROUP,
  OWN_VERSION,
  type OwnAnswer,
  type OwnHandler,
  type OwnRequest,
  type OwnResource,
} from './own-resources.js'
import { shownBookmark, shownList, shownObject } from './present.js'
import { limitOf, placeOf, questionOf, runFilterOf, runToken, versionOf } from './run-options.js'
import { createSink, STALLED_MS } from './sink.js'
import { ApiError, statusOf } from './status.js'

export const RUN_RESOURCES: readonly OwnResource[] = [
  { name: 'runs', singularName: 'run', kind: 'Run', verbs: ['get', 'list', 'watch'] },
]

const RUN: KindEntry = { ...RUN_KIND, id: `Run.${OWN_GROUP}` }

export interface RunList {
  readonly apiVersion: string
  readonly kind: 'RunList'
  readonly metadata: {
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  /** Newest first. */
  readonly items: readonly RunSummary[]
  /** Of all that the filter selects, whatever their status and on whichever page. */
  readonly counts: StatusCounts
}

/** One run, whole. */
export interface RunObject extends RunRecord {
  readonly apiVersion: string
  readonly kind: 'Run'
  readonly metadata: RunMetadata
  readonly summary: RunSummary
  readonly archived: boolean
}

type RunMetadata = Pick<Resource['metadata'], 'name' | 'namespace' | 'uid' | 'creationTimestamp' | 'labels'>

export interface RunsDeps {
  readonly index: Pick<RunIndex, 'list' | 'follow' | 'find'>
  /** Undefined when it went meanwhile. */
  readonly record: (run: RunSummary) => Promise<RunRecord | undefined>
  /** Milliseconds: how long a client that reads nothing is kept, and the longest that a watch with bookmarks is silent. */
  readonly limits?: { readonly stalledMs?: number; readonly bookmarkMs?: number } | undefined
}

const BOOKMARK_MS = 60_000
const LONGEST_WATCH_MS = 60 * 60_000

export function runsHandler(deps: RunsDeps): OwnHandler {
  return async request => {
    const { resource, name, subresource, method, query, path } = request
    if (resource !== 'runs' || subresource !== undefined) return undefined
    if (method !== 'GET')
      throw new ApiError(405, 'MethodNotAllowed', `${method} of ${path} is not supported: runs are read`)
    if (name !== undefined) return show(deps, request, name)
    if (['true', '1'].includes(query.get('watch') ?? '')) return watch(deps, request)
    return list(deps, request)
  }
}

async function list({ index }: RunsDeps, request: OwnRequest): Promise<OwnAnswer> {
  const { query } = request
  const filter = runFilterOf(request)
  const question = questionOf(request)
  const token = query.get('continue') || undefined
  const after = token === undefined ? {} : { after: placeOf(question, token) }
  const page = await index.list(filter, { limit: limitOf(query), ...after })
  const metadata = {
    resourceVersion: `${page.version}`,
    ...(page.next && { continue: runToken(question, page.next), remainingItemCount: page.remaining }),
  }
  const form = formOfRuns(request)
  if (form.as !== 'Object') return { code: 200, body: shownList(form, metadata, page.items.map(asObject)) }
  const { items, counts } = page
  const body: RunList = { apiVersion: `${OWN_GROUP}/${OWN_VERSION}`, kind: 'RunList', metadata, items, counts }
  return { code: 200, body }
}

async function show({ index, record }: RunsDeps, request: OwnRequest, name: string): Promise<OwnAnswer> {
  const { namespace } = request
  const summary = await index.find(namespace, name)
  if (summary === undefined) throw notFound(request, name)
  const form = formOfRuns(request)
  if (form.as !== 'Object') return { code: 200, body: shownObject(form, asObject(summary)) }
  const found = await record(summary)
  if (found === undefined) throw notFound(request, name)
  const { apiVersion, kind, metadata } = asObject(summary)
  return { code: 200, body: { ...found, apiVersion, kind, metadata, summary, archived: summary.archived } }
}

function notFound({ namespace }: OwnRequest, name: string): ApiError {
  const message = `run ${JSON.stringify(name)} not found in namespace ${JSON.stringify(namespace)}: no run has this name or uid, and none in the archive`
  return new ApiError(404, 'NotFound', message, { name, group: OWN_GROUP, kind: 'runs' })
}

function watch({ index, limits = {} }: RunsDeps, request: OwnRequest): StreamAnswer {
  const { query } = request
  const { stalledMs = STALLED_MS, bookmarkMs = BOOKMARK_MS } = limits
  const filter = runFilterOf(request)
  const since = versionOf(query)
  const form = formOfRuns(request)
  const withBookmarks = ['true', '1'].includes(query.get('allowWatchBookmarks') ?? '')
  return async response => {
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
    response.flushHeaders()
    const sink = createSink(response, stalledMs)
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(lengthMs(query))])
    let isFirst = true
    for await (const event of index.follow(filter, since, signal, { bookmarkMs })) {
      if (event.type === 'BOOKMARK' && !withBookmarks) continue
      if (!(await sink.write(`${JSON.stringify(shownEvent(form, event, isFirst))}\n`))) break
      if (event.type !== 'BOOKMARK') isFirst = false
    }
    response.end()
  }
}

function lengthMs(query: URLSearchParams): number {
  const asked = Number(query.get('timeoutSeconds') ?? 0) * 1000
  return asked > 0 ? Math.min(asked, LONGEST_WATCH_MS) : LONGEST_WATCH_MS
}

function shownEvent(form: Form, event: RunEvent, withHeaders: boolean): unknown {
  const { type, version } = event
  switch (type) {
    case 'EXPIRED': {
      const message = `too old resource version: the newest is ${version}; list again`
      return { type: 'ERROR', object: statusOf(new ApiError(410, 'Expired', message)) }
    }
    case 'BOOKMARK':
      return { type, object: shownBookmark(form, `${version}`, false) }
    default: {
      const object = form.as === 'Object' ? event.run : shownObject(form, asObject(event.run), withHeaders)
      return { type, object }
    }
  }
}

/** @throws ApiError 406 */
function formOfRuns({ query, headers }: OwnRequest): Form {
  return formOf({ info: RUN, version: OWN_VERSION, query, headers })
}

/** As Kubernetes' clients need it for tables. */
function asObject(run: RunSummary): Resource & RunSummary & { readonly metadata: RunMetadata } {
  const { name, namespace, uid, createdAt, labels } = run
  const metadata = { name, namespace, uid, creationTimestamp: createdAt, labels }
  return { ...run, apiVersion: `${OWN_GROUP}/${OWN_VERSION}`, kind: 'Run', metadata } as never
}

/** What a list or a watch of runs is asked with. Pure. */
import { fnv128a } from '../lib/fnv.js'
import { RUN_STATUSES, type RunStatus, type SummarizedKind } from '../resources/run-summary.js'
import { asRecord } from '../resources/shape.js'
import { type RunFilter, searchWords } from '../run-index/run-filter.js'
import type { RunPlace } from '../run-index/run-order.js'
import type { OwnRequest } from './own-resources.js'
import { matchesLabels, parseLabelSelector } from './selectors/labels.js'
import { badRequest } from './status.js'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 500
/** Each is looked for in every run. */
const MAX_SEARCH_CHARS = 200
const KINDS: readonly SummarizedKind[] = ['PipelineRun', 'TaskRun']
const FILTERS = ['search', 'status', 'pipeline', 'task', 'trigger', 'kind', 'archived', 'labelSelector'] as const

/** @throws ApiError 400 */
export function runFilterOf({ namespace, query }: Pick<OwnRequest, 'namespace' | 'query'>): RunFilter {
  const text = (name: (typeof FILTERS)[number]) => query.get(name) || undefined
  const [pipeline, task, trigger, archived] = [text('pipeline'), text('task'), text('trigger'), text('archived')]
  const search = query.get('search') ?? ''
  if (search.length > MAX_SEARCH_CHARS) {
    throw badRequest(`search has ${search.length} characters; it may have ${MAX_SEARCH_CHARS}`)
  }
  if (archived !== undefined && archived !== 'true' && archived !== 'false')
    throw mustBe('archived', archived, BOOLEANS)
  const statuses = text('status')?.split(',').map(statusOf)
  const kind = kindOf(text('kind'))
  const words = searchWords(search)
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  return {
    ...(namespace !== '' && { namespace }),
    ...(statuses && { statuses }),
    ...(pipeline !== undefined && { pipeline }),
    ...(task !== undefined && { task }),
    ...(trigger !== undefined && { trigger }),
    ...(kind !== undefined && { kind }),
    ...(archived !== undefined && { archived: archived === 'true' }),
    ...(labels.length > 0 && { matchesLabels: (own: Readonly<Record<string, string>>) => matchesLabels(labels, own) }),
    ...(words.length > 0 && { words }),
  }
}

const BOOLEANS = ['true', 'false']

function statusOf(word: string): RunStatus {
  const status = RUN_STATUSES.find(each => each === word)
  if (status === undefined) throw mustBe('status', word, RUN_STATUSES)
  return status
}

function kindOf(word: string | undefined): SummarizedKind | undefined {
  const kind = KINDS.find(each => each === word)
  if (kind === undefined && word !== undefined) throw mustBe('kind', word, KINDS)
  return kind
}

function mustBe(name: string, given: string, allowed: readonly string[]) {
  return badRequest(`${name} is ${JSON.stringify(given.slice(0, 100))}; it must be one of ${allowed.join(', ')}`)
}

/** @throws ApiError 400 */
export function limitOf(query: URLSearchParams): number {
  const text = query.get('limit')
  // 0 is what kubectl says for "all": as many as one page may have.
  if (text === null || text === '') return DEFAULT_LIMIT
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`limit is ${JSON.stringify(text)}; it must be a whole number`)
  return text === '0' ? MAX_LIMIT : Math.min(Number(text), MAX_LIMIT)
}

/** What all pages of a list have in common. */
export function questionOf({ namespace, query }: Pick<OwnRequest, 'namespace' | 'query'>): string {
  return fnv128a(JSON.stringify([namespace, ...FILTERS.map(name => query.get(name) ?? '')]))
}

export function runToken(question: string, { createdAt, uid }: RunPlace): string {
  return Buffer.from(JSON.stringify({ v: 1, at: createdAt, uid, of: question })).toString('base64url')
}

/** @throws ApiError 400 */
export function placeOf(question: string, token: string): RunPlace {
  const { v, at, uid, of } = asRecord(parsed(token))
  if (v !== 1 || typeof at !== 'string' || typeof uid !== 'string') {
    throw badRequest('continue is no token: give what metadata.continue of the page before says')
  }
  if (of !== question) throw badRequest('continue was given for another list: ask with the same path and filters')
  return { createdAt: at, uid }
}

function parsed(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** Undefined to begin with what there is. @throws ApiError 400 */
export function versionOf(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? ''
  if (text === '' || text === '0') return undefined
  if (/^\d{1,16}$/.test(text)) return Number(text)
  throw badRequest(`resourceVersion is ${JSON.stringify(text.slice(0, 100))}: give what metadata of a list says`)
}

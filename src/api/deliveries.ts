/** `deliveries` of `tektite.dev/v1alpha1`: the history of the inbox, for the CLI, the dashboard and `curl`. */
import type { BriefState, DeliverySummary, Inbox, ListedTarget } from '../inbox/inbox.js'
import type { DeliveryObject } from '../resources/deliveries.js'
import { listedDelivery, shownDelivery } from './delivery-object.js'
import { OWN_GROUP, OWN_VERSION, type OwnHandler, type OwnRequest, type OwnResource } from './own-resources.js'
import { ApiError } from './status.js'

export type History = Pick<Inbox, 'find' | 'get' | 'list' | 'replay'>

export interface DeliveryList {
  readonly apiVersion: string
  readonly kind: 'DeliveryList'
  readonly metadata: { readonly resourceVersion: ''; readonly continue?: string }
  readonly items: readonly DeliveryObject[]
}

export const DELIVERY_RESOURCES: readonly OwnResource[] = [
  { name: 'deliveries', singularName: 'delivery', kind: 'Delivery', verbs: ['get', 'list'] },
  { name: 'deliveries/replay', singularName: '', kind: 'Delivery', verbs: ['create'] },
]

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 500
const VERDICTS = ['fired', 'filtered', 'failed', 'rejected', 'pending'] as const
type ListedVerdict = (typeof VERDICTS)[number]
/** Looked through for one request that filters: a page may hold fewer than asked for, and a way to go on. */
const SCANNED = 2_000
const SCANNED_AT_ONCE = 200

export function deliveriesHandler(history: History): OwnHandler {
  return async request => {
    const { resource, name, subresource, method } = request
    if (resource !== 'deliveries') return undefined
    if (method === 'GET' && name === undefined) return { code: 200, body: await list(history, request) }
    if (method === 'GET' && name !== undefined && subresource === undefined) {
      return { code: 200, body: await show(history, request, name) }
    }
    if (method === 'POST' && name !== undefined && subresource === 'replay') {
      return { code: 201, body: await replay(history, request, name) }
    }
    const what = 'deliveries can be listed, got, and replayed with POST .../deliveries/NAME/replay'
    throw new ApiError(405, 'MethodNotAllowed', `${method} of ${request.path} is not supported: ${what}`)
  }
}

async function show(history: History, request: OwnRequest, name: string): Promise<DeliveryObject> {
  const summary = await existing(history, request, name)
  const body = request.query.get('body') === 'true'
  const record = await history.get(summary.delivery.id)
  if (record === undefined) throw notFound(request, name)
  return shownDelivery(summary, record, { body })
}

async function replay(history: History, request: OwnRequest, name: string): Promise<DeliveryObject> {
  const { delivery, state } = await existing(history, request, name)
  if (state.is === 'rejected') {
    const wayOut = 'mend the Secret or the sender, then let the sender deliver it again'
    throw new ApiError(409, 'Conflict', `delivery "${name}" was rejected, so its body was not kept: ${wayOut}`)
  }
  if (state.is === 'pending') {
    throw new ApiError(409, 'Conflict', `delivery "${name}" is still to be dispatched: replay it when it is`)
  }
  if ((await history.replay(delivery.id)) === undefined) throw notFound(request, name)
  return show(history, request, name)
}

async function existing(history: History, request: OwnRequest, name: string): Promise<DeliverySummary> {
  const found = await history.find(name)
  const one = found.find(({ delivery }) => delivery.eventId === name && delivery.to.namespace === request.namespace)
  if (one === undefined) throw notFound(request, name)
  return one
}

function notFound({ namespace }: OwnRequest, name: string): ApiError {
  const message = `delivery "${name}" not found in namespace "${namespace}": it never came, or was forgotten (72 h)`
  return new ApiError(404, 'NotFound', message)
}

async function list(history: History, request: OwnRequest): Promise<DeliveryList> {
  const { query } = request
  if (query.get('watch') === 'true') {
    throw new ApiError(405, 'MethodNotAllowed', 'watch of deliveries is not supported: list again instead')
  }
  const limit = numberOf(query, 'limit', { fallback: DEFAULT_LIMIT, most: MAX_LIMIT })
  const after = query.get('continue') || undefined
  if (after !== undefined && !/^\d{1,16}$/.test(after)) {
    throw new ApiError(400, 'BadRequest', `continue is "${after}": give what metadata.continue of the page before says`)
  }
  const prefix = query.get('prefix')
  if (prefix !== null) {
    const found = await history.find(prefix)
    return listOf(found.filter(({ delivery: { to } }) => ['', to.namespace].includes(request.namespace)))
  }
  const { to, filter } = wantedOf(request)
  const items: DeliverySummary[] = []
  let next = after
  for (let scanned = 0; scanned < SCANNED; scanned += SCANNED_AT_ONCE) {
    const size = filter === undefined ? limit : SCANNED_AT_ONCE
    const page = await history.list({ limit: size, ...(next && { after: next }), ...(to && { to }) })
    next = page.next
    const matching = filter === undefined ? page.items : page.items.filter(filter)
    const room = limit - items.length
    items.push(...matching.slice(0, room))
    // On behind the last one shown, not behind the last one looked at.
    if (matching.length > room) next = items.at(-1)?.place
    if (filter === undefined || items.length === limit || next === undefined) break
  }
  return listOf(items, next)
}

function listOf(items: readonly DeliverySummary[], next?: string): DeliveryList {
  return {
    apiVersion: `${OWN_GROUP}/${OWN_VERSION}`,
    kind: 'DeliveryList',
    metadata: { resourceVersion: '', ...(next !== undefined && { continue: next }) },
    items: items.map(listedDelivery),
  }
}

/** What the store can look up, and what has to be looked through. */
function wantedOf({ query, namespace }: OwnRequest): {
  readonly to?: ListedTarget
  readonly filter?: (summary: DeliverySummary) => boolean
} {
  const [listener, schedule, id] = [query.get('listener'), query.get('schedule'), query.get('id')]
  const words = (query.get('search') ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '')
  const verdict = verdictOf(query.get('verdict'))
  const of =
    listener !== null
      ? { kind: 'EventListener' as const, name: listener }
      : schedule !== null
        ? { kind: 'Schedule' as const, name: schedule }
        : undefined
  const filters: ((summary: DeliverySummary) => boolean)[] = []
  if (verdict !== undefined) filters.push(({ state }) => hasVerdict(state, verdict))
  if (id !== null) filters.push(({ delivery }) => delivery.id.endsWith(id) || delivery.eventId.endsWith(id))
  if (words.length > 0) filters.push(summary => words.every(word => searchedText(summary).includes(word)))
  // In one namespace the store knows whose they are.
  if (of !== undefined && namespace === '') {
    filters.push(({ delivery: { to } }) => to.kind === of.kind && to.name === of.name)
  }
  return {
    ...(namespace !== '' && { to: { namespace, ...(of && { of }) } }),
    ...(filters.length > 0 && { filter: summary => filters.every(matches => matches(summary)) }),
  }
}

/** What a list shows of one. */
function searchedText(summary: DeliverySummary): string {
  const { spec, metadata, status } = listedDelivery(summary)
  const created = (status.created ?? []).map(({ name }) => name)
  const texts = [metadata.name, spec.id, spec.source, spec.event, spec.subject, status.message ?? '', ...created]
  return texts.join('\n').toLowerCase()
}

function verdictOf(text: string | null): ListedVerdict | undefined {
  if (text === null) return undefined
  const verdict = VERDICTS.find(each => each === text)
  if (verdict !== undefined) return verdict
  throw new ApiError(400, 'BadRequest', `verdict is "${text}"; it must be one of ${VERDICTS.join(', ')}`)
}

function hasVerdict(state: BriefState, verdict: ListedVerdict): boolean {
  switch (state.is) {
    case 'done': {
      const { fired, failed } = state.counts
      if (verdict === 'filtered') return fired === 0 && failed === 0
      return (verdict === 'fired' && fired > 0) || (verdict === 'failed' && failed > 0)
    }
    case 'poisoned':
      return verdict === 'failed'
    default:
      return verdict === state.is
  }
}

function numberOf(
  query: URLSearchParams,
  name: string,
  { fallback, most }: { readonly fallback: number; readonly most: number },
): number {
  const text = query.get(name)
  if (text === null) return fallback
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    throw new ApiError(400, 'BadRequest', `${name} is "${text}"; it must be a whole number from 1 to ${most}`)
  }
  return Math.min(Number(text), most)
}

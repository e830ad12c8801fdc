/** The deliveries of an engine, as commands ask for them. */
import type { DeliveryList } from '../api/deliveries.js'
import { OWN_GROUP, OWN_VERSION } from '../api/own-resources.js'
import type { DeliveryObject } from '../resources/deliveries.js'
import { pause } from '../timers.js'
import { type Client, ClientError } from './client/client.js'

const BASE = `/apis/${OWN_GROUP}/${OWN_VERSION}`
/** What one request gives at most. */
const PAGE = 500
/** Looked through for an id that no delivery's name begins with: each page is some thousand deliveries. */
const PAGES = 20
const FIRST_POLL_MS = 20
const LONGEST_POLL_MS = 500

export interface DeliveryFilter {
  /** Default: all. */
  readonly namespace?: string
  readonly listener?: string
  readonly verdict?: string
}

/** Newest first, until there are `limit` of them or no more. */
export async function listDeliveries(
  engine: Client,
  filter: DeliveryFilter & { readonly id?: string },
  limit: number,
  pages = Number.POSITIVE_INFINITY,
): Promise<readonly DeliveryObject[]> {
  const { namespace, ...rest } = filter
  const found: DeliveryObject[] = []
  let next: string | undefined
  for (let page = 0; page < pages && found.length < limit; page++) {
    const query = new URLSearchParams({ ...defined(rest), limit: `${Math.min(PAGE, limit - found.length)}` })
    if (next !== undefined) query.set('continue', next)
    const list = await engine.read<DeliveryList>(`${collection(namespace)}?${query}`)
    found.push(...list.items)
    next = list.metadata.continue
    if (next === undefined) break
  }
  return found
}

/** By its name or the sender's id, or how one of them begins or ends. @throws ClientError unless there is exactly one */
export async function findDelivery(engine: Client, id: string, namespace: string | undefined): Promise<DeliveryObject> {
  const byPrefix = await engine.read<DeliveryList>(`${collection(namespace)}?${new URLSearchParams({ prefix: id })}`)
  const exact = byPrefix.items.find(each => each.metadata.name === id)
  const filter = { id, ...(namespace !== undefined && { namespace }) }
  const found = byPrefix.items.length > 0 ? byPrefix.items : await listDeliveries(engine, filter, 10, PAGES)
  const [only, ...others] = exact ? [exact] : found
  if (only === undefined) {
    const where = namespace === undefined ? '' : ` in namespace "${namespace}"`
    throw new ClientError(404, `no delivery "${id}"${where}: see "tektite deliveries list"; they are kept for 72 hours`)
  }
  if (others.length > 0) {
    const names = found.map(each => each.metadata.name).join(', ')
    throw new ClientError(404, `"${id}" may be ${found.length} deliveries (${names}): give more of the id`)
  }
  return only
}

export function getDelivery(
  engine: Client,
  { namespace, name }: DeliveryObject['metadata'],
  options: { readonly body: boolean },
): Promise<DeliveryObject> {
  return engine.read<DeliveryObject>(`${pathOf(namespace, name)}${options.body ? '?body=true' : ''}`)
}

export function replayDelivery(
  engine: Client,
  { namespace, name }: DeliveryObject['metadata'],
): Promise<DeliveryObject> {
  return engine.post<DeliveryObject>(`${pathOf(namespace, name)}/replay`)
}

/** Looks until it is dispatched, or until the signal says so: then as it is, or undefined when it never came. */
export async function dispatched(
  engine: Client,
  { namespace, name }: Pick<DeliveryObject['metadata'], 'namespace' | 'name'>,
  signal: AbortSignal,
): Promise<DeliveryObject | undefined> {
  for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 1.5, LONGEST_POLL_MS)) {
    const delivery = await engine.read<DeliveryObject>(pathOf(namespace, name)).catch((error: unknown) => {
      // What was rejected is written down a moment after it was answered.
      if (error instanceof ClientError && error.code === 404) return undefined
      throw error
    })
    if (signal.aborted || (delivery !== undefined && delivery.status.phase !== 'Pending')) return delivery
    await pause(wait, signal)
  }
}

function collection(namespace: string | undefined): string {
  return namespace === undefined
    ? `${BASE}/deliveries`
    : `${BASE}/namespaces/${encodeURIComponent(namespace)}/deliveries`
}

function pathOf(namespace: string, name: string): string {
  return `${collection(namespace)}/${encodeURIComponent(name)}`
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
}

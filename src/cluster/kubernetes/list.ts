/** Lists in pages, so that neither side ever holds all of a large collection as one text. */
import { ClusterError, type Selector } from '../cluster.js'
import { type Calls, TooLargeError } from './calls.js'
import { errorFrom, isLostVersion, statusIn } from './errors.js'
import {
  collectionPath,
  isPassedOver,
  labelSelectorText,
  queryText,
  received,
  type ServedKind,
  type WireObject,
} from './resources.js'

export interface Listed {
  readonly items: readonly WireObject[]
  /** What a watch goes on from. */
  readonly version: string
}

interface Page {
  readonly items: readonly WireObject[]
  readonly version: string
  /** '' on the last page. */
  readonly continue: string
}

/** Some megabytes of runs: read and parsed in a few tens of milliseconds, in which this process does nothing else. */
const PAGE_OBJECTS = 250
const MAX_PAGE_BYTES = 64 * 1024 * 1024
/** The versions of pages live five minutes in etcd; a list that takes that long three times will not get shorter. */
const MAX_RESTARTS = 3

/**
 * All that match, sorted by namespace, then name. Always as of now: `resourceVersion=0` would be cheaper for the API
 * server, but may show less than a write that is already answered, or than was seen before. What the selector passes over is dropped page by page.
 */
export async function listAll(calls: Calls, served: ServedKind, selector: Selector): Promise<Listed> {
  const { namespace } = selector
  for (let restarts = 0; restarts <= MAX_RESTARTS; restarts++) {
    const kept: WireObject[] = []
    let token: string | undefined = ''
    let limit = PAGE_OBJECTS
    let version = ''
    do {
      const query = queryText({ limit, continue: token, labelSelector: labelSelectorText(selector) })
      const path = collectionPath(served, namespace) + query
      const page: Page | 'expired' | 'too large' = await readPage(calls, served, path, limit)
      if (page === 'too large') limit = Math.max(1, Math.floor(limit / 8))
      else if (page === 'expired') token = undefined
      else {
        for (const item of page.items) if (!isPassedOver(item, selector)) kept.push(item)
        ;({ version, continue: token } = page)
        if (token === '') return { items: kept.sort(byKey), version }
      }
    } while (token !== undefined)
  }
  throw new ClusterError('Unavailable', `list of ${served.plural}: its pages expired ${MAX_RESTARTS + 1} times over`)
}

async function readPage(
  calls: Calls,
  served: ServedKind,
  path: string,
  limit: number,
): Promise<Page | 'expired' | 'too large'> {
  try {
    const reply = await calls.send({ verb: 'list', resource: served.plural, path, maxBytes: MAX_PAGE_BYTES })
    if (reply.code === 200) return pageIn(reply.body, served, path)
    if (isLostVersion(reply.code, statusIn(reply.body))) return 'expired'
    throw errorFrom(reply, `list ${path}`)
  } catch (error) {
    if (error instanceof TooLargeError && limit > 1) return 'too large'
    throw error
  }
}

function pageIn(body: Buffer, served: ServedKind, path: string): Page {
  const { metadata, items } = listIn(body, path)
  return {
    // Go has no empty list that is not null.
    items: (items ?? []).map(item => received(served, item)),
    version: metadata.resourceVersion ?? '',
    continue: metadata.continue ?? '',
  }
}

interface ListBody {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly WireObject[] | null
}

function listIn(body: Buffer, path: string): ListBody {
  try {
    const list = JSON.parse(body.toString('utf8')) as Partial<ListBody> | null
    if (list?.metadata && (list.items == null || Array.isArray(list.items))) return list as ListBody
  } catch (cause) {
    throw new ClusterError('Unavailable', `list ${path}: the answer is no JSON`, { cause })
  }
  throw new ClusterError('Unavailable', `list ${path}: the answer is no list`)
}

/** An API server sorts by "namespace/name", in which `a-b` comes before `a`. */
function byKey(one: WireObject, other: WireObject): number {
  return compare(text(one, 'namespace'), text(other, 'namespace')) || compare(text(one, 'name'), text(other, 'name'))
}

function text({ metadata }: WireObject, field: string): string {
  return `${metadata?.[field] ?? ''}`
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

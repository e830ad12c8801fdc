/** The Events of some objects of a namespace, out of very many. */
import type { Cluster } from '../cluster/cluster.js'
import type { CoreEvent } from '../resources/core.js'
import type { Key } from '../resources/meta.js'

/** What Events are looked for by. */
export interface EventSubject {
  readonly name: string
  readonly uid: string
}

export type EventsOf = (namespace: string, subjects: readonly EventSubject[]) => Promise<readonly CoreEvent[]>

/** Reads all of the namespace; what was read so short a time ago is good enough for the next run (ms). */
export function listedEvents(
  cluster: Pick<Cluster, 'list'>,
  { keptMs = 0, now = Date.now }: { readonly keptMs?: number; readonly now?: () => number } = {},
): EventsOf {
  let kept:
    | { readonly namespace: string; readonly at: number; readonly events: Promise<readonly CoreEvent[]> }
    | undefined
  return async (namespace, subjects) => {
    if (kept?.namespace !== namespace || now() - kept.at >= keptMs) {
      kept = { namespace, at: now(), events: cluster.list('Event', { namespace }) }
      kept.events.catch(() => {
        kept = undefined
      })
    }
    const uids = new Set(subjects.map(({ uid }) => uid))
    return (await kept.events).filter(({ involvedObject }) => uids.has(involvedObject.uid ?? ''))
  }
}

/** A store that can be read by name: an Event's begins with that of its object. */
export interface PagedEvents {
  page(
    kind: 'Event',
    options: { readonly namespace: string; readonly after: Key; readonly limit: number },
  ): { readonly rows: readonly { readonly key: Key; readonly object: CoreEvent }[]; readonly next?: Key } | undefined
}

const PAGE = 100
/** Of one object: who writes more is no controller. */
const MOST = 1_000

export function namedEvents(store: PagedEvents): EventsOf {
  return async (namespace, subjects) => subjects.flatMap(subject => eventsOfOne(store, namespace, subject))
}

function eventsOfOne(store: PagedEvents, namespace: string, { name, uid }: EventSubject): readonly CoreEvent[] {
  const prefix = `${name}.`
  const found: CoreEvent[] = []
  for (let after: Key | undefined = { namespace, name: prefix }; after !== undefined && found.length < MOST; ) {
    const page = store.page('Event', { namespace, after, limit: PAGE })
    const rows = page?.rows ?? []
    const own = rows.filter(({ key }) => key.name.startsWith(prefix))
    found.push(...own.map(({ object }) => object).filter(({ involvedObject }) => involvedObject.uid === uid))
    after = own.length === rows.length ? page?.next : undefined
  }
  return found
}

/** Committed events, handed to whoever follows. In memory, newest only; the log in the database has the older ones. */
import { setMaxListeners } from 'node:events'
import type { AnyKind } from '../../resources/kinds.js'
import type { Change, Selector } from '../cluster.js'
import type { StoreEvent } from './change-log.js'
import { hasEnded } from './ended.js'
import type { Stored } from './keys.js'

/** Events of a kind that are kept in memory; who falls further behind relists, or reads the log. */
export const RECENT_EVENTS = 512
/** The same in characters of their texts: large objects must not fill the memory. */
const RECENT_CHARS = 4 * 1024 ** 2

export interface Feed {
  /** Everything up to this version can be had with `after`. */
  published(): number
  publish(event: StoreEvent): void
  /** Events of a kind after a version, oldest first; undefined when older ones than we have would be among them. */
  after(kind: AnyKind, version: number): readonly StoreEvent[] | undefined
  /** Resolves at the next event of the kind, on abort, at `close`, or after `maxMs`. Never rejects. */
  next(kind: AnyKind | 'all', signal: AbortSignal, maxMs?: number): Promise<void>
  isClosed(): boolean
  close(): void
}

interface Recent {
  events: StoreEvent[]
  chars: number
  /** Events of the kind up to here are not in `events`. */
  forgotten: number
}

export function createFeed(version: number): Feed {
  const recent = new Map<AnyKind, Recent>()
  const waiting = new Map<AnyKind | 'all', Set<() => void>>()
  let published = version
  let closed = false

  function recentOf(kind: AnyKind): Recent {
    const known = recent.get(kind)
    if (known) return known
    const fresh = { events: [], chars: 0, forgotten: version }
    recent.set(kind, fresh)
    return fresh
  }

  function wake(kind: AnyKind | 'all'): void {
    const waiters = waiting.get(kind)
    waiting.delete(kind)
    for (const waiter of waiters ?? []) waiter()
  }

  return {
    published: () => published,
    publish(event) {
      published = event.version
      const ring = recentOf(event.kind)
      ring.events.push(event)
      ring.chars += event.json.length
      // Twice the length, then cut in half: a push costs the same however many are kept.
      const isFull = ring.events.length >= 2 * RECENT_EVENTS || ring.chars > RECENT_CHARS
      if (isFull) forgetHalf(ring)
      wake(event.kind)
      wake('all')
    },
    after(kind, since) {
      const { events, forgotten } = recentOf(kind)
      return since < forgotten ? undefined : events.slice(firstAfter(events, since))
    },
    next(kind, signal, maxMs) {
      if (closed || signal.aborted) return Promise.resolve()
      return new Promise(resolve => {
        const waiters = waiting.get(kind) ?? new Set()
        waiting.set(kind, waiters)
        const timer = maxMs === undefined ? undefined : setTimeout(done, maxMs)
        function done(): void {
          waiters.delete(done)
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
        waiters.add(done)
        // One signal may end any number of watches; Node would take that for a leak and warn.
        setMaxListeners(0, signal)
        signal.addEventListener('abort', done)
      })
    },
    isClosed: () => closed,
    close() {
      closed = true
      for (const kind of [...waiting.keys()]) wake(kind)
    },
  }
}

/** The older half, in number and in size. The newest event stays. */
function forgetHalf(ring: Recent): void {
  let count = 0
  const { length } = ring.events
  while (count < length - 1 && (count < length / 2 || ring.chars > RECENT_CHARS / 2)) {
    ring.chars -= ring.events[count++]!.json.length
  }
  const dropped = ring.events.splice(0, count)
  ring.forgotten = dropped.at(-1)?.version ?? ring.forgotten
}

function firstAfter(events: readonly StoreEvent[], version: number): number {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (events[middle]!.version > version) high = middle
    else low = middle + 1
  }
  return low
}

export interface Snapshot {
  readonly version: number
  readonly items: readonly Stored[]
}

/**
 * Follows a kind for a consumer inside the process. Nothing is kept per consumer but its place in the feed: one that is
 * too slow loses its place, and is given the whole set again.
 */
export async function* watchFeed(
  feed: Feed,
  kind: AnyKind,
  selector: Selector,
  signal: AbortSignal,
  list: () => Snapshot,
): AsyncGenerator<Change<Stored>> {
  let place: number | undefined
  while (!signal.aborted && !feed.isClosed()) {
    const events = place === undefined ? undefined : feed.after(kind, place)
    if (events === undefined) {
      // May be ahead of what is published: the events up to this version are then passed over when they come.
      const { version, items } = list()
      place = version
      yield { type: 'listed', items }
      continue
    }
    for (const event of events) {
      place = event.version
      const change = changeFor(event, selector)
      if (change !== undefined) yield change
      if (signal.aborted) return
    }
    if (events.length === 0) await feed.next(kind, signal)
  }
}

function changeFor({ type, object, previous }: StoreEvent, selector: Selector): Change<Stored> | undefined {
  if (type === 'deleted') return isSelected(object, selector) ? { type: 'removed', item: object } : undefined
  if (isSelected(object, selector)) return { type: 'put', item: object }
  return previous !== undefined && isSelected(previous, selector) ? { type: 'removed', item: previous } : undefined
}

export function isSelected(object: Stored, { namespace, labels, hasLabel, unfinished }: Selector): boolean {
  const { metadata } = object
  if (unfinished && hasEnded(object)) return false
  // '' as in the paths of the API server: all namespaces.
  if (namespace !== undefined && namespace !== '' && metadata.namespace !== namespace) return false
  const own = metadata.labels ?? {}
  if (hasLabel !== undefined && !Object.hasOwn(own, hasLabel)) return false
  if (labels === undefined) return true
  return Object.entries(labels).every(([key, value]) => Object.hasOwn(own, key) && own[key] === value)
}

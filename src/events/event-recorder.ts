/**
 * Writes Kubernetes Events. They are for people: writing one is never waited for, its failure fails nothing, and when
 * too many come for one object the surplus is dropped, as the Kubernetes clients do. Where the store is an API server that
 * others need too, the ones that tell of progress are dropped first: ends and warnings are always told.
 */
import { createHash } from 'node:crypto'
import type { Cluster } from '../cluster/cluster.js'
import { isClusterError } from '../cluster/cluster.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { toTimestamp } from '../lib/time.js'
import type { CoreEvent } from '../resources/core.js'
import type { Key, New, Resource } from '../resources/meta.js'
import type { EventText } from './run-events.js'

export interface EventRecorder {
  /** Soon, and once: the same words about the same object are one Event that counts. */
  record(about: Resource, text: EventText): void
  /** Resolves when everything recorded so far is written. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface EventRecorderOptions {
  readonly cluster: Cluster
  readonly now: () => number
  readonly log: Log
  /** Who reports, when it is not the engine's word on a run: those are reported as Tekton's controllers do. */
  readonly component?: string
  /** Events of runs that go on their way, for all of them together. Without it there is no such limit. */
  readonly progress?: { readonly perSecond: number; readonly burst: number } | undefined
  /** Told of each Event written, with the time of its last happening: who lets them expire must know them. */
  readonly written?: (key: Key, at: number) => void
}

interface Waiting {
  readonly about: Resource
  readonly text: EventText
  readonly at: number
  readonly count: number
}

const FLUSH_AFTER_MS = 50
/** At most this many wait to be written; what comes on top is dropped. */
const MAX_WAITING = 2_000
/** As client-go's spam filter: so many at once for one object, then one in five minutes. */
const BURST = 25
const REFILL_MS = 5 * 60_000
const MAX_KNOWN_OBJECTS = 4_096
const MAX_NAME_CHARS = 253
/** As the API server's limit on an Event's message. */
const MAX_MESSAGE_CHARS = 1_024

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { cluster, now, log, component } = options
  const budget = createBudget(now)
  const progress = createProgressBudget(now, options.progress)
  let waiting = new Map<string, Waiting>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  let closed = false

  function record(about: Resource, text: EventText): void {
    if (closed || !budget.allows(about.metadata.uid, isEnd(text))) return
    if (isProgress(text) && !progress.allows()) return
    const name = eventName(about, text)
    const before = waiting.get(name)
    if (before === undefined && waiting.size >= MAX_WAITING) return
    waiting.set(name, { about, text, at: now(), count: (before?.count ?? 0) + 1 })
    timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS).unref()
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const batch = waiting
    waiting = new Map()
    writing = writing.then(() => writeAll(batch))
    return writing
  }

  async function writeAll(batch: ReadonlyMap<string, Waiting>): Promise<void> {
    const results = await Promise.allSettled([...batch].map(([name, one]) => write(name, one)))
    const failed = results.filter(result => result.status === 'rejected')
    if (failed.length > 0) {
      log.warn('events could not be written', { count: failed.length, error: describeError(failed[0]?.reason) })
    }
  }

  async function write(name: string, { about, text, at, count }: Waiting): Promise<void> {
    // Events about objects without a namespace live in `default`, as Kubernetes puts them.
    const key = { namespace: about.metadata.namespace || 'default', name }
    try {
      await cluster.create('Event', eventOf(key, about, text, { at, count, component: component ?? about.kind }))
    } catch (error) {
      // Its namespace is going or gone: nobody will read it.
      if (isClusterError(error, 'Forbidden') || isClusterError(error, 'NotFound')) return
      if (!isClusterError(error, 'AlreadyExists')) throw error
      await countUp(key, at, count)
    }
    options.written?.(key, at)
  }

  async function countUp(key: Key, at: number, count: number): Promise<void> {
    const stored = await cluster.get('Event', key)
    if (stored === undefined) return
    try {
      await cluster.replace('Event', { ...stored, count: stored.count + count, lastTimestamp: toTimestamp(at) })
    } catch (error) {
      // Somebody else counted at the same moment; one more or less is not worth another try.
      if (!isClusterError(error, 'Conflict') && !isClusterError(error, 'NotFound')) throw error
    }
  }

  return {
    record,
    flush,
    async close() {
      closed = true
      await flush()
    },
  }
}

/** The end of a run is always worth an Event. */
function isEnd({ reason }: EventText): boolean {
  return reason === 'Succeeded' || reason === 'Failed'
}

function isProgress(text: EventText): boolean {
  return text.type === 'Normal' && !isEnd(text)
}

function createProgressBudget(now: () => number, limit: EventRecorderOptions['progress']): { allows(): boolean } {
  if (limit === undefined) return { allows: () => true }
  const { perSecond, burst } = limit
  let left = burst
  let at = now()
  return {
    allows() {
      const passed = Math.max(0, now() - at)
      left = Math.min(burst, left + (passed * perSecond) / 1_000)
      at = now()
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}

/** Derived, so that after a crash the same Event is found, not doubled. */
function eventName({ metadata, kind }: Resource, { type, reason, message }: EventText): string {
  const words = JSON.stringify([kind, metadata.uid, type, reason, message])
  const hash = createHash('sha256').update(words).digest('hex').slice(0, 16)
  return `${metadata.name.slice(0, MAX_NAME_CHARS - 17)}.${hash}`
}

function eventOf(
  key: Key,
  about: Resource,
  { type, reason, message }: EventText,
  seen: { readonly at: number; readonly count: number; readonly component: string },
): New<CoreEvent> {
  const { namespace, name, uid, resourceVersion } = about.metadata
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: key,
    involvedObject: { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion },
    type,
    reason,
    message: message.length > MAX_MESSAGE_CHARS ? `${message.slice(0, MAX_MESSAGE_CHARS - 1)}…` : message,
    source: { component: seen.component },
    reportingComponent: seen.component,
    firstTimestamp: toTimestamp(seen.at),
    lastTimestamp: toTimestamp(seen.at),
    count: seen.count,
  }
}

/** How many Events an object may still have: a run whose message changes with each of 1000 tasks needs not 1000 of them. */
function createBudget(now: () => number): { allows(uid: string, always: boolean): boolean } {
  const known = new Map<string, { left: number; at: number }>()
  return {
    allows(uid, always) {
      const entry = known.get(uid) ?? { left: BURST, at: now() }
      const refilled = Math.floor((now() - entry.at) / REFILL_MS)
      if (refilled > 0) {
        entry.left = Math.min(BURST, entry.left + refilled)
        entry.at += refilled * REFILL_MS
      }
      // Last used comes last, so that the first is the one to forget.
      known.delete(uid)
      known.set(uid, entry)
      if (known.size > MAX_KNOWN_OBJECTS) known.delete(known.keys().next().value ?? '')
      if (always) return true
      if (entry.left === 0) return false
      entry.left -= 1
      return true
    },
  }
}

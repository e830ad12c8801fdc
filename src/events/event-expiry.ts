/** Lets Events go after a while, as a Kubernetes API server does (`--event-ttl`, one hour). */
import type { Cluster } from '../cluster/cluster.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { fromTimestamp } from '../lib/time.js'
import type { Key } from '../resources/meta.js'

const TTL_MS = 60 * 60_000
const LOOK_EVERY_MS = 60_000
/** Of Events that others write nothing is told here. */
const LIST_EVERY_MS = 15 * 60_000
/** Deleted together: enough to share a commit, few enough to let others in between. */
const BATCH = 100

export interface EventExpiry {
  /** An Event was written or counted up at this time, epoch ms. */
  written(key: Key, at: number): void
  /** Deletes what has had its time. Called every minute; tests call it themselves. */
  sweep(): Promise<void>
  close(): Promise<void>
}

/** Events of an earlier process are read once, at the first sweep; after that, a sweep costs what it deletes. Those of
 * other processes are read again now and then. */
export function startEventExpiry(options: {
  readonly cluster: Cluster
  readonly now: () => number
  readonly log: Log
  /** Not only this process, which tells of what it writes. */
  readonly othersWrite?: boolean
}): EventExpiry {
  const { cluster, now, log, othersWrite = false } = options
  /** When each was last written, oldest first. */
  const known = new Map<string, { readonly key: Key; readonly at: number }>()
  let sweeping: Promise<void> = Promise.resolve()
  /** When the Events were read (epoch ms). */
  let listedAt: number | undefined

  function written(key: Key, at: number): void {
    const id = `${key.namespace}/${key.name}`
    known.delete(id)
    known.set(id, { key, at })
  }

  async function list(): Promise<void> {
    const stored = await cluster.list('Event')
    listedAt = now()
    const sorted = stored
      .map(event => ({
        key: event.metadata,
        at: fromTimestamp(event.lastTimestamp ?? event.metadata.creationTimestamp) || 0,
      }))
      .sort((a, b) => a.at - b.at)
    const since = [...known.values()]
    known.clear()
    for (const { key, at } of [...sorted, ...since]) written({ namespace: key.namespace, name: key.name }, at)
  }

  async function sweepOnce(): Promise<void> {
    if (listedAt === undefined || (othersWrite && now() - listedAt >= LIST_EVERY_MS)) await list()
    const limit = now() - TTL_MS
    for (;;) {
      const due: Key[] = []
      for (const { key, at } of known.values()) {
        if (at > limit || due.length === BATCH) break
        due.push(key)
      }
      if (due.length === 0) return
      await Promise.all(due.map(key => cluster.delete('Event', key)))
      for (const { namespace, name } of due) known.delete(`${namespace}/${name}`)
    }
  }

  function sweep(): Promise<void> {
    sweeping = sweeping
      .then(sweepOnce)
      .catch((error: unknown) => log.warn('expired events could not be deleted', { error: describeError(error) }))
    return sweeping
  }

  const timer = setInterval(() => void sweep(), LOOK_EVERY_MS).unref()
  return {
    written,
    sweep,
    async close() {
      clearInterval(timer)
      await sweeping
    },
  }
}

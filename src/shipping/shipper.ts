/**
 * Workers bring the output of runs into the log store: each Pod by one of them, chosen by its uid among those that live.
 * Whoever is frozen and thaws, or has not heard yet that another has come, may do it at the same time for a moment; the
 * store makes one log of it.
 */
import { setMaxListeners } from 'node:events'
import type { Change, Cluster } from '../cluster/cluster.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import type { MarkedLogStore } from '../logs/log-store.js'
import type { Pod } from '../resources/core.js'
import { keyOf } from '../resources/meta.js'
import { containerNames, isPodOver } from './containers.js'
import { createSeenPod, type SeenPodWriter } from './seen-pod.js'
import { ownerOf } from './share.js'
import { type OpenLog, type ShipDeps, type ShipTimes, shipContainer } from './ship-container.js'

export interface Shipper {
  /** What the watch of Pods says. */
  watched(change: Change<Pod>): void
  /** Who lives has been heard. */
  shared(): void
  /** Pods whose output is on its way. */
  count(): number
  close(): Promise<void>
}

export interface ShipperDeps {
  readonly cluster: Pick<Cluster, 'get' | 'list' | 'delete'>
  readonly store: MarkedLogStore
  readonly openLog: OpenLog
  readonly maskerFor: ShipDeps['maskerFor']
  readonly members: () => { readonly self: string; readonly all: readonly string[] }
  /** A Pod that was stopped and not deleted, so that its output could be read: whether it may go now. */
  readonly mayGo: (pod: Pod) => boolean
  readonly log: Log
  readonly times?: Partial<ShipTimes>
}

export const SHIPPED_LABEL = 'tekton.dev/taskRun'

/** What a worker can afford: of connections that stay open, and of output that waits to be stored. */
const MOST_FOLLOWERS = 400
const WAITING_BYTES = 32 * 1024 * 1024
const FLUSH_BYTES = { least: 64 * 1024, most: 1024 * 1024 }
/** How long Pods of others are remembered after their end, should those die before they are done. */
const REMEMBERED_MS = 30 * 60_000

interface Known {
  readonly seen: SeenPodWriter
  /** Since when it is over, as `performance.now` counts. */
  overAt: number | undefined
  /** Set while it is ours. */
  stop: AbortController | undefined
  work: Promise<void>
}

export function startShipper(deps: ShipperDeps): Shipper {
  const { cluster, store, openLog, maskerFor, members, mayGo, log, times } = deps
  const closing = new AbortController()
  /** By uid. */
  const pods = new Map<string, Known>()
  let followers = 0
  let reading = 0

  const shipDeps: ShipDeps = {
    store,
    openLog,
    maskerFor,
    log,
    ...(times && { times }),
    flushBytes: () => Math.min(FLUSH_BYTES.most, Math.max(FLUSH_BYTES.least, WAITING_BYTES / Math.max(1, reading))),
    takeFollower() {
      if (followers >= MOST_FOLLOWERS) return undefined
      followers += 1
      return () => {
        followers -= 1
      }
    },
  }

  function put(pod: Pod): void {
    const { uid, labels } = pod.metadata
    if (labels?.[SHIPPED_LABEL] === undefined) return
    const known = pods.get(uid)
    if (known) known.seen.set(pod)
    else pods.set(uid, { seen: createSeenPod(pod), overAt: undefined, stop: undefined, work: Promise.resolve() })
    const current = pods.get(uid)!
    if (isPodOver(pod)) current.overAt ??= performance.now()
    share(uid, current)
  }

  /** It has ended, or is gone: the watch does not say which. */
  async function look(pod: Pod): Promise<void> {
    const known = pods.get(pod.metadata.uid)
    if (known === undefined) return
    known.overAt ??= performance.now()
    try {
      const now = await cluster.get('Pod', keyOf(pod))
      known.seen.set(now?.metadata.uid === pod.metadata.uid ? now : undefined)
    } catch (error) {
      log.debug('a Pod cannot be looked at', { pod: pod.metadata.name, error: describeError(error) })
      // Reading its output will tell.
      known.seen.set(pod)
    }
  }

  function share(uid: string, known: Known): void {
    const { self, all } = members()
    const isOurs = ownerOf(uid, all) === self
    if (!isOurs) {
      known.stop?.abort()
      known.stop = undefined
    } else if (known.stop === undefined && !closing.signal.aborted) {
      const stop = new AbortController()
      // Each container of the Pod listens to it, and more than once.
      setMaxListeners(0, stop.signal)
      known.stop = stop
      known.work = known.work.then(() => ship(uid, known, stop.signal))
    }
  }

  async function ship(uid: string, known: Known, signal: AbortSignal): Promise<void> {
    const first = known.seen.now()
    if (first === undefined || signal.aborted) return forget(uid, signal)
    reading += 1
    const { namespace, name } = first.metadata
    log.debug('brings the output of a Pod to the log store', { namespace, name })
    try {
      const all = containerNames(first).map(each => shipContainer(shipDeps, known.seen, each, signal))
      await Promise.all(all)
      const last = known.seen.now()
      if (!signal.aborted && last && isPodOver(last) && mayGo(last)) {
        await cluster.delete('Pod', keyOf(last), { uid })
      }
    } catch (error) {
      log.warn('a Pod cannot be deleted', { namespace, name, error: describeError(error) })
    } finally {
      reading -= 1
    }
    forget(uid, signal)
  }

  function forget(uid: string, signal: AbortSignal): void {
    if (!signal.aborted) pods.delete(uid)
  }

  function shareAll(): void {
    for (const [uid, known] of pods) {
      const isOld = known.overAt !== undefined && performance.now() - known.overAt > REMEMBERED_MS
      if (isOld && known.stop === undefined) pods.delete(uid)
      else share(uid, known)
    }
  }

  /** What ended while nobody looked. */
  async function lookForEnded(): Promise<void> {
    try {
      for (const pod of await cluster.list('Pod', { hasLabel: SHIPPED_LABEL })) if (isPodOver(pod)) put(pod)
    } catch (error) {
      log.warn('Pods that have ended cannot be listed', { error: describeError(error) })
    }
  }

  const looking = lookForEnded()
  return {
    watched(change) {
      if (change.type === 'put') put(change.item)
      else if (change.type === 'removed') void look(change.item)
      else {
        const listed = new Set(change.items.map(({ metadata }) => metadata.uid))
        for (const pod of change.items) put(pod)
        for (const [uid, { seen, overAt }] of pods) {
          const pod = seen.now()
          if (!listed.has(uid) && pod && overAt === undefined) void look(pod)
        }
      }
    },
    shared: shareAll,
    count: () => reading,
    async close() {
      closing.abort()
      for (const { stop } of pods.values()) stop?.abort()
      await looking
      await Promise.all([...pods.values()].map(({ work }) => work))
    },
  }
}

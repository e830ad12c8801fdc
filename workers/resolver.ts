/**
 * Answers ResolutionRequests: our five types ourselves, and for those that other processes answer it keeps the
 * conditions and the clock.
 *
 * All state is in the requests. Killed at any point, it finds the unfinished ones in the first list of its next life
 * and fetches again; two of them at once fetch twice, and the write that comes second is refused.
 */
import { type Change, type Cluster, isClusterError } from '../src/cluster/cluster.js'
import { growingPauseMs } from '../src/lib/backoff.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import { createSlots } from '../src/lib/slots.js'
import { failedStatus, foundStatus, requestState } from '../src/resolve/request-status.js'
import type { Resolution } from '../src/resolve/resolve.js'
import { keyOf } from '../src/resources/meta.js'
import {
  RESOLVER_TYPE_LABEL,
  type ResolutionRequest,
  type ResolutionRequestStatus,
} from '../src/resources/resolution.js'
import type { Settings } from '../src/run/settings.js'
import { isDone } from '../src/status/conditions.js'
import { RESOLUTION_REASONS } from '../src/status/reasons.js'
import { pause } from '../src/timers.js'

/** After a fault, or a fetch that took too long. */
const RETRY_PAUSE = { firstMs: 500, maxMs: 10_000 }

export interface ResolverDeps {
  readonly cluster: Cluster
  readonly settings: () => Settings
  readonly now: () => number
  readonly log: Log
  /** Called when the first request is there: what resolvers need is not loaded for runs that need no resolver. */
  readonly load: () => Promise<Resolution>
}

export interface ResolverLoop {
  /** Stops fetching; unfinished requests stay as they are. */
  close(): Promise<void>
}

export function startResolver(deps: ResolverDeps, options: { readonly concurrency: number }): ResolverLoop {
  const { cluster, settings, now, log } = deps
  const stop = new AbortController()
  /** By uid: the requests that are being seen to. */
  const attended = new Map<string, Attended>()
  const slots = createSlots(options.concurrency)
  const running = new Set<Promise<void>>()
  let resolution: Promise<Resolution> | undefined

  function load(): Promise<Resolution> {
    resolution ??= deps.load().catch((error: unknown) => {
      resolution = undefined
      throw error
    })
    return resolution
  }

  function see(request: ResolutionRequest): void {
    const { uid } = request.metadata
    if (isDone(request) || request.metadata.deletionTimestamp !== undefined) {
      leave(uid)
      return
    }
    const known = attended.get(uid)
    if (known) {
      known.latest = request
      known.changed.abort()
      return
    }
    const one: Attended = { latest: request, changed: new AbortController(), left: new AbortController() }
    attended.set(uid, one)
    const attending = attend(one).finally(async () => {
      one.left.abort()
      await one.answering
      if (attended.get(uid) === one) attended.delete(uid)
      running.delete(attending)
    })
    running.add(attending)
  }

  function leave(uid: string): void {
    attended.get(uid)?.left.abort()
    attended.delete(uid)
  }

  /** Until the request is done. Never rejects. */
  async function attend(one: Attended): Promise<void> {
    const signal = AbortSignal.any([stop.signal, one.left.signal])
    for (let failures = 0; !signal.aborted; ) {
      one.changed = new AbortController()
      const wake = AbortSignal.any([signal, one.changed.signal])
      try {
        const state = requestState(one.latest, now(), settings().maximumResolutionTimeoutMs)
        if (state.is === 'done') return
        if (state.is === 'next') {
          one.latest = await write(one.latest, state.status)
          continue
        }
        one.answering ??= answer(one, signal).finally(() => one.changed.abort())
        await pause(state.untilMs - now(), wake)
        failures = 0
      } catch (error) {
        if (isClusterError(error, 'NotFound')) return
        const latest = await cluster.get('ResolutionRequest', keyOf(one.latest)).catch(() => 'unknown' as const)
        if (latest !== 'unknown') {
          // Another one of that name is another one's to attend.
          if (latest?.metadata.uid !== one.latest.metadata.uid) return
          one.latest = latest
          if (isClusterError(error, 'Conflict')) continue
        }
        failures += 1
        log.warn('a resolution request could not be written, tried again', fieldsOf(one.latest, error))
        await pause(growingPauseMs(failures, RETRY_PAUSE, Math.random()), wake)
      }
    }
  }

  /** Fetches, and again after faults, as long as somebody waits for it. Never rejects. */
  async function answer(one: Attended, signal: AbortSignal): Promise<void> {
    const type = one.latest.metadata.labels?.[RESOLVER_TYPE_LABEL] ?? ''
    for (let failures = 0; !signal.aborted; ) {
      try {
        const { serves, resolve } = await load()
        if (!serves(type)) return
        const outcome = await slots.run(() => resolve(one.latest, signal), signal)
        const { status = {} } = one.latest
        const next =
          outcome.is === 'found'
            ? foundStatus(status, outcome.found, now())
            : failedStatus(status, RESOLUTION_REASONS.ResolutionFailed, outcome.message, now())
        one.latest = await write(one.latest, next)
        return
      } catch (error) {
        if (signal.aborted || isClusterError(error, 'NotFound')) return
        failures += 1
        log.warn('a fetch failed, tried again', fieldsOf(one.latest, error))
        await pause(growingPauseMs(failures, RETRY_PAUSE, Math.random()), signal)
      }
    }
  }

  /** Again when somebody wrote in between, unless they finished it. */
  async function write(request: ResolutionRequest, status: ResolutionRequestStatus): Promise<ResolutionRequest> {
    for (let current = request; ; ) {
      try {
        return await cluster.replaceStatus('ResolutionRequest', { ...current, status })
      } catch (error) {
        if (!isClusterError(error, 'Conflict')) throw error
        const latest = await cluster.get('ResolutionRequest', keyOf(request))
        if (latest === undefined || latest.metadata.uid !== request.metadata.uid || isDone(latest)) throw error
        // What others wrote into the status counts; a label that changed is no reason to fetch again.
        if (JSON.stringify(latest.status) !== JSON.stringify(request.status)) throw error
        current = latest
      }
    }
  }

  const following = follow()
  async function follow(): Promise<void> {
    const watch = cluster.watch('ResolutionRequest', {}, stop.signal) as AsyncIterable<Change<ResolutionRequest>>
    for await (const change of watch) {
      switch (change.type) {
        case 'listed': {
          const there = new Set(change.items.map(item => item.metadata.uid))
          for (const uid of [...attended.keys()]) if (!there.has(uid)) leave(uid)
          for (const item of change.items) see(item)
          break
        }
        case 'put':
          see(change.item)
          break
        case 'removed':
          leave(change.item.metadata.uid)
          break
        default:
          throw new Error(`unknown change ${JSON.stringify(change satisfies never)}`)
      }
    }
  }

  return {
    async close() {
      stop.abort()
      await following
      await Promise.all(running)
    },
  }
}

interface Attended {
  /** As it was last seen or written. */
  latest: ResolutionRequest
  /** Aborted when there is something new to look at. */
  changed: AbortController
  /** Aborted when nobody waits for an answer any more. */
  readonly left: AbortController
  answering?: Promise<void>
}

function fieldsOf(request: ResolutionRequest, error: unknown) {
  return { request: `${request.metadata.namespace}/${request.metadata.name}`, cause: describeError(error) }
}

/**
 * Sees what changes in the cluster and wakes the runs it concerns.
 *
 * No leader election: a wake is idempotent and coalesced by the queue, so two watchers cost a little traffic and break
 * nothing. A fresh list wakes every unfinished run, which is also how a lost queue heals.
 */
import type { Change, Cluster } from '../src/cluster/cluster.js'
import { growingPauseMs } from '../src/lib/backoff.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import type { RunKey, RunQueue } from '../src/queue/queue.js'
import { type FinishedChildren, NO_FINISHED_CHILDREN } from '../src/reconcile/observe/finished-children.js'
import { NOBODY, type RunObserver } from '../src/reconcile/run-observer.js'
import { createUnfinished, type Unfinished, WATCHED, WATCHED_KINDS } from '../src/reconcile/wake/unfinished.js'
import type { Watched } from '../src/reconcile/wake/wakes.js'
import { createPace, type Pace } from './pace.js'

const WAKE_PAUSE = { firstMs: 50, maxMs: 5_000 }

export interface Watcher {
  /** Resolves when no more wakes will be made. */
  close(): Promise<void>
}

export function startWatcher(deps: {
  readonly cluster: Cluster
  readonly queue: RunQueue
  readonly log: Log
  readonly observer?: RunObserver
  readonly finished?: FinishedChildren
}): Watcher {
  const stop = new AbortController()
  const unfinished = createUnfinished()
  const waker = createWaker(deps.queue, deps.log, stop.signal)
  const pace = createPace(waker.wake, stop.signal)
  deps.queue.onLoss(() => {
    for (const key of unfinished.all()) waker.wake(key)
  })
  const loops = WATCHED_KINDS.map(kind => follow(deps, kind, unfinished, pace, stop.signal))
  return {
    async close() {
      stop.abort()
      await Promise.all(loops)
    },
  }
}

async function follow(
  { cluster, observer = NOBODY, finished = NO_FINISHED_CHILDREN }: Parameters<typeof startWatcher>[0],
  kind: Watched['kind'],
  unfinished: Unfinished,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  for await (const change of cluster.watch(kind, WATCHED[kind], signal) as AsyncIterable<Change<Watched>>) {
    finished.heard(change)
    observer.watched?.(kind, change)
    for (const { key, windowMs, isPatient } of unfinished.wakesOf(kind, change)) {
      if (isPatient) pace.wakeWithin(key, windowMs)
      else pace.wake(key, windowMs)
    }
    if (change.type === 'put' && change.item.kind === 'CustomRun') observer.customRunSeen?.(change.item)
  }
}

/** Wakes, and tries again while the queue cannot be reached: the watch will not say it a second time. */
function createWaker(queue: RunQueue, log: Log, signal: AbortSignal): { wake(key: RunKey): void } {
  const waiting = new Set<RunKey>()
  let failures = 0
  let timer: NodeJS.Timeout | undefined

  async function attempt(key: RunKey): Promise<void> {
    try {
      await queue.wake(key)
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      if (waiting.size === 0)
        log.warn('queue unreachable, wakes are kept and tried again', { error: describeError(error) })
      waiting.add(key)
      failures += 1
      timer ??= setTimeout(retry, growingPauseMs(failures, WAKE_PAUSE, Math.random()))
    }
  }

  function retry(): void {
    timer = undefined
    if (signal.aborted) return
    const keys = [...waiting]
    waiting.clear()
    for (const key of keys) void attempt(key)
  }

  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  return { wake: key => void attempt(key) }
}

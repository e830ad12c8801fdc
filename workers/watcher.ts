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
import {
  type Digest,
  digestOf,
  type Watched,
  wakesAfterList,
  wakesAfterPut,
  wakesAfterRemoval,
} from '../src/reconcile/wakes.js'

const WAKE_PAUSE = { firstMs: 50, maxMs: 5_000 }
const KINDS = ['PipelineRun', 'TaskRun', 'CustomRun', 'Pod'] as const

export interface Watcher {
  /** Resolves when no more wakes will be made. */
  close(): Promise<void>
}

export function startWatcher(deps: {
  readonly cluster: Cluster
  readonly queue: RunQueue
  readonly log: Log
}): Watcher {
  const stop = new AbortController()
  const loops = KINDS.map(kind => follow(deps, kind, stop.signal))
  return {
    async close() {
      stop.abort()
      await Promise.all(loops)
    },
  }
}

async function follow(
  { cluster, queue, log }: Parameters<typeof startWatcher>[0],
  kind: (typeof KINDS)[number],
  signal: AbortSignal,
): Promise<void> {
  const known = new Map<string, Digest>()
  const waker = createWaker(queue, log, signal)
  for await (const change of cluster.watch(kind, {}, signal) as AsyncIterable<Change<Watched>>) {
    for (const key of wakesOf(change, known)) waker.wake(key)
  }
}

/** Remembers only what is unfinished, so that memory does not grow with finished runs. */
function wakesOf(change: Change<Watched>, known: Map<string, Digest>): readonly RunKey[] {
  switch (change.type) {
    case 'listed':
      known.clear()
      return change.items.flatMap(item => {
        remember(known, item)
        return wakesAfterList(item)
      })
    case 'put': {
      const keys = wakesAfterPut(change.item, known.get(change.item.metadata.uid))
      remember(known, change.item)
      return keys
    }
    case 'removed':
      known.delete(change.item.metadata.uid)
      return wakesAfterRemoval(change.item)
    default:
      throw new Error(`unknown change ${JSON.stringify(change satisfies never)}`)
  }
}

function remember(known: Map<string, Digest>, item: Watched): void {
  const digest = digestOf(item)
  // Pods need no digest: every change of theirs counts.
  if (digest.done || item.kind === 'Pod') known.delete(item.metadata.uid)
  else known.set(item.metadata.uid, digest)
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

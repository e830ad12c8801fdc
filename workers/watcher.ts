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
  ownersAfterList,
  selfKeys,
  type Watched,
  wakesAfterList,
  wakesAfterPut,
  wakesAfterRemoval,
} from '../src/reconcile/wakes.js'

const WAKE_PAUSE = { firstMs: 50, maxMs: 5_000 }
const KINDS = ['PipelineRun', 'TaskRun', 'CustomRun', 'Pod'] as const

/** What is unfinished, by uid. Shared by the watches of all kinds: a gap in one concerns the runs that another follows. */
type Unfinished = Readonly<Record<(typeof KINDS)[number], Map<string, Known>>>

interface Known {
  readonly digest: Digest
  readonly keys: readonly RunKey[]
}

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
  const unfinished: Unfinished = { PipelineRun: new Map(), TaskRun: new Map(), CustomRun: new Map(), Pod: new Map() }
  const loops = KINDS.map(kind => follow(deps, kind, unfinished, stop.signal))
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
  unfinished: Unfinished,
  signal: AbortSignal,
): Promise<void> {
  const waker = createWaker(queue, log, signal)
  for await (const change of cluster.watch(kind, {}, signal) as AsyncIterable<Change<Watched>>) {
    for (const key of wakesOf(change, kind, unfinished)) waker.wake(key)
  }
}

function wakesOf(change: Change<Watched>, kind: (typeof KINDS)[number], unfinished: Unfinished): readonly RunKey[] {
  const known = unfinished[kind]
  switch (change.type) {
    case 'listed': {
      known.clear()
      for (const item of change.items) remember(known, item)
      const owners = [...unfinished[ownersAfterList(kind)].values()].flatMap(({ keys }) => keys)
      return [...new Set([...change.items.flatMap(wakesAfterList), ...owners])]
    }
    case 'put': {
      const keys = wakesAfterPut(change.item, known.get(change.item.metadata.uid)?.digest)
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

/** Only what is unfinished, so that memory does not grow with finished runs. Pods need none: every change of theirs counts. */
function remember(known: Map<string, Known>, item: Watched): void {
  const digest = digestOf(item)
  if (digest.done || item.kind === 'Pod') known.delete(item.metadata.uid)
  else known.set(item.metadata.uid, { digest, keys: selfKeys(item) })
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

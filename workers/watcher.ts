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
import { NOBODY, type RunObserver } from '../src/reconcile/run-observer.js'
import { createSiblings, type Siblings } from '../src/reconcile/siblings.js'
import {
  type Digest,
  digestOf,
  ownerKeys,
  ownersAfterList,
  selfKeys,
  type Watched,
  wakesAfterList,
  wakesAfterPut,
  wakesAfterRemoval,
} from '../src/reconcile/wakes.js'
import { createPace, type Pace } from './pace.js'

const WAKE_PAUSE = { firstMs: 50, maxMs: 5_000 }
const KINDS = ['PipelineRun', 'TaskRun', 'CustomRun', 'Pod'] as const

/** What is unfinished. Shared by the watches of all kinds: a gap in one concerns the runs that another follows. */
interface Unfinished {
  /** By uid. */
  readonly runs: Readonly<Record<(typeof KINDS)[number], Map<string, Known>>>
  readonly siblings: Siblings
}

interface Known {
  readonly digest: Digest
  readonly keys: readonly RunKey[]
  readonly owners: readonly RunKey[]
}

export interface Watcher {
  /** Resolves when no more wakes will be made. */
  close(): Promise<void>
}

export function startWatcher(deps: {
  readonly cluster: Cluster
  readonly queue: RunQueue
  readonly log: Log
  readonly observer?: RunObserver
}): Watcher {
  const stop = new AbortController()
  const unfinished: Unfinished = {
    runs: { PipelineRun: new Map(), TaskRun: new Map(), CustomRun: new Map(), Pod: new Map() },
    siblings: createSiblings(),
  }
  const waker = createWaker(deps.queue, deps.log, stop.signal)
  const pace = createPace(waker.wake, stop.signal)
  const loops = KINDS.map(kind => follow(deps, kind, unfinished, pace, stop.signal))
  return {
    async close() {
      stop.abort()
      await Promise.all(loops)
    },
  }
}

async function follow(
  { cluster, observer = NOBODY }: Parameters<typeof startWatcher>[0],
  kind: (typeof KINDS)[number],
  unfinished: Unfinished,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  for await (const change of cluster.watch(kind, {}, signal) as AsyncIterable<Change<Watched>>) {
    // What was asked of a run itself, or is found after a gap, waits for nothing.
    const own = change.type === 'put' && change.item.kind !== 'Pod' ? selfKeys(change.item) : []
    for (const key of wakesOf(change, kind, unfinished)) {
      const waits = change.type !== 'listed' && !own.includes(key)
      pace.wake(key, waits ? unfinished.siblings.windowMs(key) : 0)
    }
    if (change.type === 'put' && change.item.kind === 'CustomRun') observer.customRunSeen?.(change.item)
  }
}

function wakesOf(change: Change<Watched>, kind: (typeof KINDS)[number], unfinished: Unfinished): readonly RunKey[] {
  const known = unfinished.runs[kind]
  switch (change.type) {
    case 'listed': {
      for (const uid of [...known.keys()]) forget(unfinished, kind, uid)
      for (const item of change.items) remember(unfinished, kind, item)
      const owners = [...unfinished.runs[ownersAfterList(kind)].values()].flatMap(({ keys }) => keys)
      return [...new Set([...change.items.flatMap(wakesAfterList), ...owners])]
    }
    case 'put': {
      const keys = wakesAfterPut(change.item, known.get(change.item.metadata.uid)?.digest)
      remember(unfinished, kind, change.item)
      return keys
    }
    case 'removed':
      forget(unfinished, kind, change.item.metadata.uid)
      return wakesAfterRemoval(change.item)
    default:
      throw new Error(`unknown change ${JSON.stringify(change satisfies never)}`)
  }
}

/** Only what is unfinished, so that memory does not grow with finished runs. Pods need none: every change of theirs counts. */
function remember(unfinished: Unfinished, kind: (typeof KINDS)[number], item: Watched): void {
  const { uid } = item.metadata
  const digest = digestOf(item)
  if (digest.done || item.kind === 'Pod') {
    forget(unfinished, kind, uid)
    return
  }
  const owners = ownerKeys(item.metadata)
  unfinished.runs[kind].set(uid, { digest, keys: selfKeys(item), owners })
  for (const owner of owners) unfinished.siblings.add(owner, uid)
}

function forget({ runs, siblings }: Unfinished, kind: (typeof KINDS)[number], uid: string): void {
  for (const owner of runs[kind].get(uid)?.owners ?? []) siblings.remove(owner, uid)
  runs[kind].delete(uid)
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

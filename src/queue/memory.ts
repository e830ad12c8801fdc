import { growingPauseMs, type PauseLimits } from '../lib/backoff.js'
import { describeError } from '../lib/fault.js'
import { type Log, SILENT } from '../lib/log.js'
import type { QueueCounts } from '../resources/queue-report.js'
import type { RunHandler, RunKey, RunQueue, RunWorker } from './queue.js'

/** Node fires a longer timer at once; looking early is harmless, a busy loop is not. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

interface Entry {
  /** Waiting is in the line; pausing has a timer; running may have been woken meanwhile. */
  state: 'waiting' | 'running' | 'woken while running' | 'pausing'
  failures: number
  timer: NodeJS.Timeout | undefined
}

export interface MemoryQueue extends RunQueue {
  counts(): QueueCounts
}

interface Worker {
  readonly handler: RunHandler
  readonly concurrency: number
  calls: number
  /** Set by close(): told when the last call has ended. */
  onIdle: (() => void) | undefined
}

export interface MemoryQueueOptions {
  readonly log?: Log
  readonly pauses?: PauseLimits
  readonly random?: () => number
}

/**
 * The queue of the embedded mode: one process, state in the closure. First come, first served; a run woken again goes
 * to the back of the line, so a busy run cannot starve the others.
 *
 * A run's entry: (none) -wake-> waiting -> running -settled-> (none)
 *                running -wake-> woken while running -call ends, however-> waiting
 *                running -again or throw-> pausing -time is up, or a wake-> waiting
 */
export function createMemoryQueue(options: MemoryQueueOptions = {}): MemoryQueue {
  const { log = SILENT, pauses = { firstMs: 100, maxMs: 30_000 }, random = Math.random } = options
  const entries = new Map<RunKey, Entry>()
  const workers: Worker[] = []
  let line: RunKey[] = []
  let lineStart = 0
  let pumpQueued = false
  let closed = false

  function enqueue(key: RunKey, entry: Entry): void {
    clearTimeout(entry.timer)
    entry.timer = undefined
    entry.state = 'waiting'
    line.push(key)
    pumpSoon()
  }

  function pumpSoon(): void {
    if (pumpQueued) return
    pumpQueued = true
    // Not at once: a handler must never start inside someone else's wake().
    queueMicrotask(() => {
      pumpQueued = false
      pump()
    })
  }

  function pump(): void {
    while (lineStart < line.length) {
      const worker = leastBusy(workers)
      if (worker === undefined) return
      const key = line[lineStart++]!
      if (lineStart > 1024 && lineStart * 2 > line.length) {
        line = line.slice(lineStart)
        lineStart = 0
      }
      void call(worker, key, entries.get(key)!)
    }
    line = []
    lineStart = 0
  }

  async function call(worker: Worker, key: RunKey, entry: Entry): Promise<void> {
    entry.state = 'running'
    worker.calls++
    let afterMs: number | undefined
    try {
      const outcome = await worker.handler(key)
      entry.failures = 0
      if (outcome.kind === 'again') afterMs = outcome.afterMs
    } catch (error) {
      entry.failures++
      afterMs = growingPauseMs(entry.failures, pauses, random())
      const failed = { run: key, failures: entry.failures, pauseMs: afterMs, cause: describeError(error) }
      log.warn('a call failed and will be repeated', failed)
    }
    worker.calls--
    settle(key, entry, afterMs)
    if (worker.calls === 0) worker.onIdle?.()
    pumpSoon()
  }

  function settle(key: RunKey, entry: Entry, afterMs: number | undefined): void {
    if (closed) entries.delete(key)
    else if (entry.state === 'woken while running') enqueue(key, entry)
    else if (afterMs === undefined) entries.delete(key)
    else {
      entry.state = 'pausing'
      entry.timer = setTimeout(() => enqueue(key, entry), Math.min(Math.max(afterMs, 0), LONGEST_TIMER_MS))
      // A pending look keeps the process alive only while someone is there to do it.
      if (workers.length === 0) entry.timer.unref()
    }
  }

  async function wake(key: RunKey): Promise<void> {
    if (closed) throw new Error(`waking ${key}: the run queue is closed`)
    const entry = entries.get(key)
    if (entry === undefined) {
      const fresh: Entry = { state: 'waiting', failures: 0, timer: undefined }
      entries.set(key, fresh)
      enqueue(key, fresh)
    } else if (entry.state === 'running') entry.state = 'woken while running'
    else if (entry.state === 'pausing') enqueue(key, entry)
  }

  function work(handler: RunHandler, { concurrency }: { readonly concurrency: number }): RunWorker {
    if (closed) throw new Error('the run queue is closed and takes no worker')
    const worker: Worker = { handler, concurrency, calls: 0, onIdle: undefined }
    workers.push(worker)
    for (const entry of entries.values()) entry.timer?.ref()
    pumpSoon()
    let ended: Promise<void> | undefined
    return {
      close() {
        ended ??= new Promise(resolve => {
          workers.splice(workers.indexOf(worker), 1)
          if (workers.length === 0) for (const entry of entries.values()) entry.timer?.unref()
          worker.onIdle = resolve
          if (worker.calls === 0) resolve()
        })
        return ended
      },
    }
  }

  async function close(): Promise<void> {
    closed = true
    for (const entry of entries.values()) clearTimeout(entry.timer)
    entries.clear()
    line = []
    lineStart = 0
  }

  function counts(): QueueCounts {
    const all = [...entries.values()]
    const number = (is: (entry: Entry) => boolean): number => all.filter(is).length
    return {
      name: 'runs',
      waiting: number(({ state }) => state === 'waiting'),
      active: number(({ state }) => state === 'running' || state === 'woken while running'),
      delayed: number(({ state, failures }) => state === 'pausing' && failures === 0),
      failed: number(({ state, failures }) => state === 'pausing' && failures > 0),
    }
  }

  return { wake, work, onLoss: () => {}, close, counts }
}

function leastBusy(workers: readonly Worker[]): Worker | undefined {
  let best: Worker | undefined
  for (const worker of workers) {
    if (worker.calls < worker.concurrency && (best === undefined || worker.calls < best.calls)) best = worker
  }
  return best
}

/** The summaries of all runs that are in the cluster, kept by one watch for each kind, and how they changed last. */
import { setMaxListeners } from 'node:events'
import type { Change, Cluster } from '../cluster/cluster.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { sameJson } from '../lib/same-json.js'
import { type RunSummary, type SummarizedKind, summarize } from '../resources/run-summary.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { searchText } from './run-filter.js'
import { byPlace, indexOfPlace } from './run-order.js'

/** What became of one run. Both are set unless it came or went. */
export interface RunChange {
  /** Grows with every change, over restarts too. */
  readonly version: number
  readonly before?: RunSummary
  readonly after?: RunSummary
}

export interface LiveRunsDeps {
  readonly cluster: Pick<Cluster, 'watch'>
  readonly log: Log
  /** Epoch ms. */
  readonly now: () => number
  /** What a run that is gone is listed as from now on; undefined for one that is listed no more. */
  readonly afterwards?: (run: RunSummary) => Promise<RunSummary | undefined>
}

export interface LiveRuns {
  /** Resolves when everything was seen once. Begins to follow when it is first called: nobody may ever ask. */
  ready(): Promise<void>
  /** Newest first. */
  all(): readonly RunSummary[]
  get(uid: string): RunSummary | undefined
  /** Made when it is first asked for. */
  textOf(run: RunSummary): string
  version(): number
  /** Undefined when older changes than those that are kept would be among them, or the version was never given out. */
  after(version: number): readonly RunChange[] | undefined
  /** Resolves with the next change, on abort, at `close`, or after `maxMs`. */
  next(signal: AbortSignal, maxMs: number): Promise<void>
  close(): Promise<void>
}

const KINDS: readonly SummarizedKind[] = ['PipelineRun', 'TaskRun']
/** A client that is further behind lists again. */
const KEPT_CHANGES = 2_000

export function createLiveRuns({ cluster, log, now, afterwards }: LiveRunsDeps): LiveRuns {
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  const byUid = new Map<string, RunSummary>()
  const sorted: RunSummary[] = []
  const listed = new Set<SummarizedKind>()
  const texts = new WeakMap<RunSummary, string>()
  // So many changes a millisecond no store makes: a version of an earlier process is never one of this one.
  let version = now() * 1_000
  let changes: RunChange[] = []
  let forgotten = version
  let waiters = new Set<() => void>()
  let following: Promise<void>[] = []
  let listing: Promise<void> | undefined

  function note(change: Omit<RunChange, 'version'>): void {
    version += 1
    changes.push({ version, ...change })
    if (changes.length >= 2 * KEPT_CHANGES) {
      changes = changes.slice(KEPT_CHANGES)
      forgotten = changes[0]!.version - 1
    }
    const woken = waiters
    waiters = new Set()
    for (const wake of woken) wake()
  }

  function put(after: RunSummary): void {
    const before = byUid.get(after.uid)
    if (before !== undefined && sameJson(before, after)) return
    byUid.set(after.uid, after)
    const place = indexOfPlace(sorted, after)
    sorted.splice(place, before === undefined ? 0 : 1, after)
    note(before === undefined ? { after } : { before, after })
  }

  /** The first time nobody has seen anything yet, and it may be a hundred thousand. */
  function load(items: readonly (PipelineRun | TaskRun)[]): void {
    for (const item of items) {
      const run = summarize(item)
      byUid.set(run.uid, run)
      sorted.push(run)
    }
    sorted.sort(byPlace)
  }

  function remove(uid: string): void {
    const before = byUid.get(uid)
    if (before === undefined) return
    byUid.delete(uid)
    sorted.splice(indexOfPlace(sorted, before), 1)
    const later = afterwards?.(before) ?? Promise.resolve(undefined)
    later.then(
      after => note(after === undefined ? { before } : { before, after }),
      (error: unknown) => {
        log.warn('looking for an archived run', { run: before.name, error: describeError(error) })
        note({ before })
      },
    )
  }

  async function follow(kind: SummarizedKind, onListed: () => void): Promise<void> {
    const all = cluster.watch(kind, {}, stop.signal) as AsyncIterable<Change<PipelineRun | TaskRun>>
    for await (const change of all) {
      if (change.type === 'put') put(summarize(change.item))
      else if (change.type === 'removed') remove(change.item.metadata.uid)
      else {
        const there = new Set(change.items.map(({ metadata }) => metadata.uid))
        for (const run of [...byUid.values()]) if (run.kind === kind && !there.has(run.uid)) remove(run.uid)
        const isFirst = !listed.has(kind)
        if (isFirst) load(change.items)
        else for (const item of change.items) put(summarize(item))
        listed.add(kind)
        onListed()
      }
    }
  }

  function begin(): Promise<void> {
    const listed = KINDS.map(
      kind =>
        new Promise<void>((resolve, reject) => {
          const followed = follow(kind, resolve)
          following.push(followed.catch(() => undefined))
          followed.then(resolve, reject)
        }),
    )
    return Promise.all(listed).then(() => undefined)
  }

  return {
    ready: () => (listing ??= begin()),
    all: () => sorted,
    get: uid => byUid.get(uid),
    textOf(run) {
      const known = texts.get(run)
      if (known !== undefined) return known
      const text = searchText(run)
      texts.set(run, text)
      return text
    },
    version: () => version,
    after(since) {
      if (!(since >= forgotten && since <= version)) return undefined
      // Versions have no gaps.
      return changes.slice(changes.length - (version - since))
    },
    next(signal, maxMs) {
      return new Promise(resolve => {
        const done = () => {
          clearTimeout(timer)
          for (const each of [signal, stop.signal]) each.removeEventListener('abort', done)
          waiters.delete(done)
          resolve()
        }
        const timer = setTimeout(done, maxMs)
        waiters.add(done)
        for (const each of [signal, stop.signal]) each.addEventListener('abort', done)
        if (signal.aborted || stop.signal.aborted) done()
      })
    },
    async close() {
      stop.abort()
      await Promise.all(following)
      following = []
    },
  }
}

/** Lists, searches and follows runs, as the API does it: here, and on a cluster. */
import { RUN_STATUSES, type RunStatus, type RunSummary } from '../resources/run-summary.js'
import type { LiveRuns } from './live-runs.js'
import { hasStatus, isSelected, matches, NO_COUNTS, type RunFilter, type StatusCounts } from './run-filter.js'
import { byPlace, type RunPlace } from './run-order.js'

/** Runs whose objects are gone: `src/archive`. */
export interface ArchivedRuns {
  /** `isLive`: whose objects are still there, and who are listed as such. */
  list(
    filter: RunFilter,
    options: { readonly limit: number; readonly after?: RunPlace; readonly isLive: (uid: string) => boolean },
  ): Promise<ArchivePage>
  /** By uid, or else the newest of a name. */
  find(namespace: string, uidOrName: string): Promise<RunSummary | undefined>
}

export interface ArchivePage {
  /** Newest first. */
  readonly items: readonly RunSummary[]
  /** How many are behind `items`. */
  readonly remaining: number
  /** Whatever their status, before `after`, too. */
  readonly counts: StatusCounts
}

export interface RunPageOptions {
  readonly limit: number
  /** Behind this one. */
  readonly after?: RunPlace
}

export interface RunPage {
  readonly items: readonly RunSummary[]
  /** Set when there are more. */
  readonly next?: RunPlace
  /** How many are behind `items`. */
  readonly remaining: number
  /** Whatever their status, on all pages. */
  readonly counts: StatusCounts
  /** What `follow` goes on from without a gap. */
  readonly version: number
}

export type RunEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly version: number; readonly run: RunSummary }
  /** Everything up to this version was told. */
  | { readonly type: 'BOOKMARK'; readonly version: number }
  /** The version to go on from is forgotten, or was never given out. The last one. */
  | { readonly type: 'EXPIRED'; readonly version: number }

export interface RunIndex {
  list(filter: RunFilter, options: RunPageOptions): Promise<RunPage>
  /**
   * What becomes of the runs that the filter selects, until `signal` aborts. Without a version the live ones come first,
   * as added. What is selected no longer is told as deleted.
   */
  follow(
    filter: RunFilter,
    since: number | undefined,
    signal: AbortSignal,
    options: { readonly bookmarkMs: number },
  ): AsyncIterable<RunEvent>
  /** By uid, or else the newest of this name. */
  find(namespace: string, uidOrName: string): Promise<RunSummary | undefined>
  close(): Promise<void>
}

/** @param archive of runs whose objects are gone */
export function createRunIndex(live: LiveRuns, archive?: ArchivedRuns): RunIndex {
  return {
    async list(filter, { limit, after }) {
      await live.ready()
      const version = live.version()
      const own = listLive(live, filter, after)
      const isLive = (uid: string) => live.get(uid) !== undefined
      const old = await archive?.list(filter, { limit, isLive, ...(after && { after }) })
      const counts = { ...own.counts }
      for (const status of RUN_STATUSES) counts[status] += old?.counts[status] ?? 0
      const found = [...own.items.slice(0, limit), ...(old?.items ?? [])]
      const items = (old === undefined ? found : found.sort(byPlace)).slice(0, limit)
      const remaining = own.items.length + (old ? old.items.length + old.remaining : 0) - items.length
      const last = items.at(-1)
      return { items, remaining, counts, version, ...(remaining > 0 && last && { next: last }) }
    },
    async *follow(filter, since, signal, { bookmarkMs }) {
      await live.ready()
      let place = since ?? live.version()
      if (since === undefined) {
        for (const run of [...live.all()]) {
          if (isSelected(filter, run)) yield { type: 'ADDED', version: place, run }
        }
        yield { type: 'BOOKMARK', version: place }
      }
      let bookmarkDue = performance.now() + bookmarkMs
      while (!signal.aborted) {
        const changes = live.after(place)
        if (changes === undefined) {
          yield { type: 'EXPIRED', version: live.version() }
          return
        }
        for (const { version, before, after } of changes) {
          place = version
          const isNow = after !== undefined && isSelected(filter, after)
          const wasBefore = before !== undefined && isSelected(filter, before)
          if (isNow) yield { type: wasBefore ? 'MODIFIED' : 'ADDED', version, run: after }
          else if (wasBefore) yield { type: 'DELETED', version, run: before }
          if (signal.aborted) return
        }
        if (changes.length > 0) continue
        const now = performance.now()
        if (now >= bookmarkDue) {
          yield { type: 'BOOKMARK', version: place }
          bookmarkDue = now + bookmarkMs
        } else await live.next(signal, bookmarkDue - now)
      }
    },
    async find(namespace, uidOrName) {
      await live.ready()
      const byUid = live.get(uidOrName)
      if (byUid !== undefined) return byUid.namespace === namespace ? byUid : undefined
      const named = live.all().find(run => run.namespace === namespace && run.name === uidOrName)
      return named ?? archive?.find(namespace, uidOrName)
    },
    close: () => live.close(),
  }
}

/** All of them behind `after`, and counts of all. */
function listLive(
  live: LiveRuns,
  filter: RunFilter,
  after: RunPlace | undefined,
): { readonly items: readonly RunSummary[]; readonly counts: Record<RunStatus, number> } {
  const counts: Record<RunStatus, number> = { ...NO_COUNTS }
  const items: RunSummary[] = []
  for (const run of live.all()) {
    if (!matches(filter, run, live.textOf)) continue
    counts[run.status] += 1
    if (hasStatus(filter, run) && (after === undefined || byPlace(after, run) < 0)) items.push(run)
  }
  return { items, counts }
}

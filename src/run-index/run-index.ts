/** Lists, searches and follows runs, as the API does it: here, and on a cluster. */
import type { RunSummary } from '../resources/run-summary.js'
import type { LiveRuns } from './live-runs.js'
import { hasStatus, isSelected, matches, NO_COUNTS, type RunFilter, type StatusCounts } from './run-filter.js'
import { indexOfPlace, type RunPlace } from './run-order.js'

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

export function createRunIndex(live: LiveRuns): RunIndex {
  return {
    async list(filter, { limit, after }) {
      await live.ready()
      const counts = { ...NO_COUNTS }
      const all = live.all()
      const start = after === undefined ? 0 : indexOfPlace(all, after)
      const items: RunSummary[] = []
      let remaining = 0
      for (const [index, run] of all.entries()) {
        if (!matches(filter, run, live.textOf)) continue
        counts[run.status] += 1
        if (index < start || !hasStatus(filter, run) || run.uid === after?.uid) continue
        if (items.length < limit) items.push(run)
        else remaining += 1
      }
      const last = items.at(-1)
      return { items, remaining, counts, version: live.version(), ...(remaining > 0 && last && { next: last }) }
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
      return live.all().find(run => run.namespace === namespace && run.name === uidOrName)
    },
    close: () => live.close(),
  }
}

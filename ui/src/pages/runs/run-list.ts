/** The part of a long list of runs that is loaded, and what changes do to it. Pure. */
import type { RunList, RunStatus, RunSummary } from '../../api/runs.js'
import type { WatchEvent } from '../../api/watch.js'

export interface LoadedRuns {
  /** Newest first, without gaps from the newest one on. */
  readonly items: readonly RunSummary[]
  /** Behind `items`. */
  readonly remaining: number
  readonly next: string | undefined
  readonly counts: RunList['counts']
}

export function firstPage({ items, metadata, counts }: RunList): LoadedRuns {
  const { remainingItemCount = 0 } = metadata
  return { items, remaining: remainingItemCount, next: metadata.continue, counts }
}

export function withNextPage(loaded: LoadedRuns, page: RunList): LoadedRuns {
  const known = new Set(loaded.items.map(({ uid }) => uid))
  const items = [...loaded.items, ...page.items.filter(({ uid }) => !known.has(uid))]
  return { ...firstPage(page), items }
}

/** `statuses`: what is listed; empty for all. Events may be of runs with another one. */
export function withChanges(
  loaded: LoadedRuns,
  events: readonly WatchEvent<RunSummary>[],
  statuses: readonly RunStatus[],
): LoadedRuns {
  const items = [...loaded.items]
  for (const { type, object: run } of events) {
    const at = items.findIndex(({ uid }) => uid === run.uid)
    const belongs = type !== 'DELETED' && (statuses.length === 0 || statuses.includes(run.status))
    if (at !== -1) items.splice(at, 1, ...(belongs ? [run] : []))
    else if (belongs) {
      const place = items.findIndex(other => isNewer(run, other))
      if (place !== -1) items.splice(place, 0, run)
      // Older than all that is loaded: it comes with its page, when there is one to come.
      else if (loaded.next === undefined) items.push(run)
    }
  }
  return { ...loaded, items }
}

/** As the server sorts them. */
function isNewer(a: RunSummary, b: RunSummary): boolean {
  return a.createdAt === b.createdAt ? a.uid > b.uid : a.createdAt > b.createdAt
}

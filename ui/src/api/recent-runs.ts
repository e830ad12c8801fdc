/** The newest runs of something, kept up to date. */
import { useEffect, useState } from 'react'
import type { RunSummary } from '../../../src/resources/run-summary.js'
import { ownPath, type Query, withQuery } from './paths.js'
import { keepWatching } from './watch.js'

export interface RecentRuns {
  /** Newest first, at most `limit`. Undefined: not listed yet. */
  readonly items: readonly RunSummary[] | undefined
  readonly error: unknown
  /** Runs there are besides. */
  readonly older: number
}

interface State {
  readonly key: string
  readonly items?: readonly RunSummary[]
  readonly older?: number
  readonly error?: unknown
}

const LIMIT = 50

export function useRecentRuns(namespace: string, query: Query, limit = LIMIT): RecentRuns {
  const path = ownPath('runs', namespace)
  const key = withQuery(path, { ...query, limit })
  const [state, setState] = useState<State>({ key })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` is path, query and limit in one
  useEffect(() => {
    const left = new AbortController()
    void keepWatching<RunSummary>(
      path,
      { ...query, limit },
      {
        listed: ({ items, metadata }) => setState({ key, items, older: metadata.remainingItemCount ?? 0 }),
        changed: events =>
          setState(before => {
            const gone = new Set(events.map(({ object }) => object.uid))
            const kept = (before.items ?? []).filter(({ uid }) => !gone.has(uid))
            // Of one run the last thing that was said counts.
            const last = new Map(events.map(({ type, object }) => [object.uid, { type, object }]))
            const fresh = [...last.values()].filter(({ type }) => type !== 'DELETED').map(({ object }) => object)
            const items = [...fresh, ...kept].sort((a, b) => b.createdAt.localeCompare(a.createdAt))
            return {
              ...before,
              items: items.slice(0, limit),
              older: (before.older ?? 0) + Math.max(0, items.length - limit),
            }
          }),
        failed: error => setState(before => ({ ...(before.key === key ? before : { key }), error })),
      },
      left.signal,
    )
    return () => left.abort()
  }, [key])
  const current: State = state.key === key ? state : { key }
  return { items: current.items, error: current.error, older: current.older ?? 0 }
}

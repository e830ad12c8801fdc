import { useCallback, useEffect, useRef, useState } from 'react'
import { request } from '../../api/client.js'
import { type Query, withQuery } from '../../api/paths.js'
import { type RunList, type RunStatus, type RunSummary, runsPath } from '../../api/runs.js'
import { keepWatching } from '../../api/watch.js'
import { complain } from '../../components/toast.js'
import { firstPage, type LoadedRuns, withChanges, withNextPage } from './run-list.js'

export interface Runs {
  /** Of an earlier question until the answer to this one is there. Undefined before the first. */
  readonly loaded: LoadedRuns | undefined
  readonly isStale: boolean
  readonly error: unknown
  readonly loadMore: () => void
}

const PAGE = 50
/** Counts are of all runs, and only the server can count those: asked again at most this often. */
const COUNT_MS = 1_000

/** @param filter but for the status: what else the server is asked for */
export function useRuns(namespace: string, filter: Query, statuses: readonly RunStatus[]): Runs {
  const path = runsPath(namespace)
  const query: Query = { ...filter, status: statuses.join(',') }
  const key = withQuery(path, query)
  const [state, setState] = useState<{ key: string; loaded?: LoadedRuns; error?: unknown }>({ key })
  const loading = useRef('')

  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` is path, filter and statuses in one
  useEffect(() => {
    const left = new AbortController()
    let counting: ReturnType<typeof setTimeout> | undefined
    async function count() {
      counting = undefined
      const list = await request<RunList>(withQuery(path, { ...query, limit: 1 }), { signal: left.signal })
      setState(before => (before.loaded ? { ...before, loaded: { ...before.loaded, counts: list.counts } } : before))
    }
    void keepWatching<RunSummary>(
      path,
      { ...query, limit: PAGE },
      {
        listed: list => {
          loading.current = ''
          setState({ key, loaded: firstPage(list as RunList) })
        },
        changed: events => {
          setState(before =>
            before.loaded ? { ...before, loaded: withChanges(before.loaded, events, statuses) } : before,
          )
          // Lost counts are no news: the next change asks again.
          counting ??= setTimeout(() => void count().catch(() => undefined), COUNT_MS)
        },
        failed: error => setState(before => ({ ...before, error })),
      },
      left.signal,
      // Of every status: one that is listed no more is told of, and the counts are seen to change.
      filter,
    )
    return () => {
      left.abort()
      clearTimeout(counting)
    }
  }, [key])

  const next = state.loaded?.next
  const isStale = state.key !== key
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  const loadMore = useCallback(() => {
    if (next === undefined || isStale || loading.current === next) return
    loading.current = next
    request<RunList>(withQuery(path, { ...query, limit: PAGE * 2, continue: next })).then(
      page =>
        setState(before =>
          before.key === key && before.loaded?.next === next
            ? { ...before, loaded: withNextPage(before.loaded, page) }
            : before,
        ),
      error => {
        loading.current = ''
        complain(error)
      },
    )
  }, [key, next, isStale])

  return { loaded: state.loaded, isStale, error: state.error, loadMore }
}

/** A list that cannot be watched: its first page is read again and again while somebody looks. */
import { useCallback, useEffect, useState } from 'react'
import { request } from './client.js'
import { type Query, withQuery } from './paths.js'
import type { ApiList } from './watch.js'

export interface Polled<T> {
  /** Undefined: not there yet. */
  readonly items: readonly T[] | undefined
  readonly error: unknown
  readonly hasMore: boolean
  readonly loadMore: () => void
  readonly reload: () => void
}

interface Named {
  readonly metadata: { readonly uid: string }
}

interface State<T> {
  readonly key: string
  readonly first: readonly T[]
  readonly older: readonly T[]
  readonly next: string | undefined
  readonly error?: unknown
}

const POLL_MS = 2_000

export function usePolled<T extends Named>(path: string, query: Query): Polled<T> {
  const key = withQuery(path, query)
  const [state, setState] = useState<State<T>>()
  const [count, setCount] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` is path and query, `count` asks again
  useEffect(() => {
    const left = new AbortController()
    const look = () => {
      if (document.visibilityState === 'hidden') return
      request<ApiList<T>>(key, { signal: left.signal }).then(
        ({ items, metadata }) =>
          setState(before => withFirst(before?.key === key ? before : undefined, key, items, metadata.continue)),
        error => left.signal.aborted || setState(before => ({ ...(before?.key === key ? before : empty(key)), error })),
      )
    }
    look()
    const timer = setInterval(look, POLL_MS)
    return () => {
      clearInterval(timer)
      left.abort()
    }
  }, [key, count])
  const current = state?.key === key ? state : undefined
  const next = current?.next
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  const loadMore = useCallback(() => {
    if (next === undefined) return
    request<ApiList<T>>(withQuery(path, { ...query, continue: next })).then(
      ({ items, metadata }) =>
        setState(before =>
          before?.key === key && before.next === next
            ? { ...before, older: [...before.older, ...items], next: metadata.continue }
            : before,
        ),
      error => setState(before => before && { ...before, error }),
    )
  }, [key, next])
  const reload = useCallback(() => setCount(before => before + 1), [])
  const isRead = current !== undefined && (current.error === undefined || current.first.length > 0)
  return {
    items: isRead ? [...current.first, ...current.older] : undefined,
    error: current?.error,
    hasMore: next !== undefined,
    loadMore,
    reload,
  }
}

function empty<T>(key: string): State<T> {
  return { key, first: [], older: [], next: undefined }
}

/** What is on the first page no more stays, as an older one. */
function withFirst<T extends Named>(
  before: State<T> | undefined,
  key: string,
  items: readonly T[],
  next: string | undefined,
): State<T> {
  if (before === undefined || before.first.length === 0) return { key, first: items, older: [], next }
  const uids = new Set(items.map(({ metadata }) => metadata.uid))
  const older = [...before.first, ...before.older].filter(({ metadata }) => !uids.has(metadata.uid))
  // Before more was asked for the first page says where to go on: nothing behind it is at hand.
  return before.older.length === 0 && older.length === 0
    ? { key, first: items, older, next }
    : { key, first: items, older, next: before.next }
}

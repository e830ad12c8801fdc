/** What a page shows, from the server: read once, or kept up to date. */
import { useCallback, useEffect, useState } from 'react'
import { request } from './client.js'
import { type Query, withQuery } from './paths.js'
import { type ApiList, type ApiObject, keepWatching } from './watch.js'

export interface Loaded<T> {
  /** Undefined: not there yet, or never came; stays when a later attempt fails. */
  readonly data: T | undefined
  readonly error: unknown
  /** Reads it again. */
  readonly reload: () => void
}

/** @param path undefined: nothing is read */
export function useGet<T>(path: string | undefined): Loaded<T> {
  const [state, setState] = useState<{ path?: string | undefined; data?: T; error?: unknown }>({})
  const [count, setCount] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `count` is how `reload` asks for it again
  useEffect(() => {
    if (path === undefined) return
    const left = new AbortController()
    request<T>(path, { signal: left.signal }).then(
      data => setState({ path, data }),
      error => {
        if (!left.signal.aborted) setState(before => ({ ...(before.path === path ? before : {}), path, error }))
      },
    )
    return () => left.abort()
  }, [path, count])
  const reload = useCallback(() => setCount(before => before + 1), [])
  // What belongs to another path is nothing here.
  const current = state.path === path ? state : {}
  return { data: current.data, error: current.error, reload }
}

export interface Watched<T> {
  /** Undefined: not listed yet. In the order of the list; what is new comes last. */
  readonly items: readonly T[] | undefined
  /** Why it could not be listed. */
  readonly error: unknown
}

/** Objects of a kind, kept up to date. @param path undefined: nothing is watched */
export function useWatch<T extends ApiObject>(path: string | undefined, query: Query = {}): Watched<T> {
  const asked = path === undefined ? undefined : withQuery(path, query)
  const [state, setState] = useState<{ asked?: string | undefined; items?: ReadonlyMap<string, T>; error?: unknown }>(
    {},
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` is path and query in one
  useEffect(() => {
    if (path === undefined) return
    const left = new AbortController()
    void keepWatching<T>(
      path,
      query,
      {
        listed: (list: ApiList<T>) =>
          setState({ asked, items: new Map(list.items.map(item => [item.metadata.uid, item])) }),
        changed: events =>
          setState(before => {
            const items = new Map(before.items)
            for (const { type, object } of events) {
              if (type === 'DELETED') items.delete(object.metadata.uid)
              else items.set(object.metadata.uid, object)
            }
            return { asked, items }
          }),
        failed: error => setState(before => ({ ...(before.asked === asked ? before : {}), asked, error })),
      },
      left.signal,
    )
    return () => left.abort()
  }, [asked])
  const current = state.asked === asked ? state : {}
  return { items: current.items && [...current.items.values()], error: current.error }
}

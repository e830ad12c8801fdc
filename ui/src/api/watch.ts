/** A list that is kept up to date: listed once, then told of every change. Knows nothing of React. */
import { ApiError, request, send } from './client.js'
import { connectionIs } from './connection.js'
import { type Query, withQuery } from './paths.js'

export interface ApiObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid: string
    readonly resourceVersion: string
    readonly creationTimestamp: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[]
  }
}

export interface ApiList<T> {
  readonly metadata: {
    readonly resourceVersion?: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly items: readonly T[]
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

export interface Watcher<T> {
  /** A list in place of all that was known before. Again after each loss of what happened meanwhile. */
  readonly listed: (list: ApiList<T>) => void
  /** One or more changes, in their order. */
  readonly changed: (events: readonly WatchEvent<T>[]) => void
  /** The list could not be had; it is tried again. */
  readonly failed: (error: unknown) => void
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 8_000

/**
 * Until `signal` is aborted: lists, watches from there, and watches again from where it was when the stream ends. A tab
 * that nobody sees watches nothing, so that many tabs do not use up the few connections of a browser.
 * `watched`: asked for in place of `query` by the watch.
 */
export async function keepWatching<T>(
  path: string,
  query: Query,
  watcher: Watcher<T>,
  signal: AbortSignal,
  watched: Query = query,
): Promise<void> {
  const self = {}
  let pause = FIRST_PAUSE_MS
  let from: string | undefined
  while (!signal.aborted) {
    try {
      await untilSeen(signal)
      if (from === undefined) {
        const list = await request<ApiList<T>>(withQuery(path, query), { signal })
        from = list.metadata.resourceVersion ?? ''
        watcher.listed(list)
      }
      connectionIs('live', self)
      for await (const { events, resourceVersion } of changes<T>(path, watched, from, signal)) {
        pause = FIRST_PAUSE_MS
        from = resourceVersion ?? from
        if (events.length > 0) watcher.changed(events)
      }
    } catch (error) {
      if (signal.aborted) break
      const code = error instanceof ApiError ? error.code : 0
      // Too long ago: everything is listed anew.
      if (code === 410) from = undefined
      else if (!hidden()) {
        connectionIs('lost', self)
        if (from === undefined) watcher.failed(error)
        // What is forbidden or not there stays so until somebody changes it: asked seldom.
        await rest(code >= 400 && code < 500 ? LONGEST_PAUSE_MS : pause, signal)
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
      }
    }
  }
  connectionIs('live', self)
}

interface Chunk<T> {
  readonly events: readonly WatchEvent<T>[]
  readonly resourceVersion: string | undefined
}

/** What came at once is given at once: a burst of changes is drawn once. */
async function* changes<T>(path: string, query: Query, from: string, signal: AbortSignal): AsyncGenerator<Chunk<T>> {
  const gone = new AbortController()
  const leave = () => hidden() && gone.abort()
  document.addEventListener('visibilitychange', leave)
  try {
    const watched = withQuery(path, {
      ...query,
      limit: undefined,
      watch: true,
      resourceVersion: from,
      allowWatchBookmarks: true,
    })
    const answer = await send(watched, { signal: AbortSignal.any([signal, gone.signal]) })
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const lines = (rest + value).split('\n')
      rest = lines.pop() ?? ''
      const events = lines.filter(line => line !== '').map(line => JSON.parse(line) as RawEvent)
      const failure = events.find(({ type }) => type === 'ERROR')?.object as
        | { code?: number; message?: string }
        | undefined
      if (failure !== undefined) throw new ApiError(failure.code ?? 0, '', failure.message ?? 'The watch ended.')
      const last = events.at(-1)?.object as Partial<ApiObject> | undefined
      yield {
        events: events.filter(({ type }) => type !== 'BOOKMARK') as readonly WatchEvent<T>[],
        resourceVersion: last?.metadata?.resourceVersion ?? (last as { resourceVersion?: string })?.resourceVersion,
      }
    }
  } finally {
    document.removeEventListener('visibilitychange', leave)
    gone.abort()
  }
}

interface RawEvent {
  readonly type: WatchEvent<unknown>['type'] | 'BOOKMARK' | 'ERROR'
  readonly object: unknown
}

function hidden(): boolean {
  return document.visibilityState === 'hidden'
}

function untilSeen(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const look = () => {
      if (hidden() && !signal.aborted) return
      document.removeEventListener('visibilitychange', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', look, { once: true })
    look()
  })
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

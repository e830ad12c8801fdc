/** A client as it should be: lists, watches, goes on from where it was, and lists again when it is told to. */
import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import type { SeenEvent } from './ledger.js'
import type { WatchEvent } from './watch-client.js'
import { TOKEN } from './world.js'

/** Between one list and the next. */
export interface Segment {
  readonly since: number
  readonly events: readonly SeenEvent[]
}

export interface Follower {
  /** What it selects. */
  readonly app: string | undefined
  /** Everything up to this version is known. */
  place(): number
  segments(): readonly Segment[]
  /** Names and versions, as the client believes them to be. */
  state(): ReadonlyMap<string, number>
  isConnected(): boolean
  /** Reads nothing more from the watch that is open. */
  pause(): void
  /** Hangs up, until it returns. */
  leave(): void
  return(): void
  close(): Promise<void>
}

export function createFollower(port: () => number, collection: string, app: string | undefined): Follower {
  const selector = app === undefined ? '' : `&labelSelector=app%3D${app}`
  const segments: { since: number; events: SeenEvent[] }[] = []
  const state = new Map<string, number>()
  let [place, isAway, isClosed, isConnected] = [-1, false, false, false]
  let open: { readonly request: ClientRequest; readonly response: IncomingMessage } | undefined

  function ask(query: string): Promise<{ request: ClientRequest; response: IncomingMessage }> {
    return new Promise((resolve, reject) => {
      const path = `${collection}?${query}${selector}`
      const headers = { authorization: `Bearer ${TOKEN}` }
      const request = get({ host: '127.0.0.1', port: port(), path, headers, agent: false })
      request.on('response', response => resolve({ request, response })).on('error', reject)
    })
  }

  async function list(): Promise<void> {
    const { response } = await ask('limit=0')
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    const { metadata, items } = JSON.parse(text) as {
      metadata: WatchEvent['object']['metadata']
      items: WatchEvent['object'][]
    }
    place = Number(metadata.resourceVersion)
    segments.push({ since: place, events: [] })
    state.clear()
    for (const item of items) state.set(item.metadata.name, Number(item.metadata.resourceVersion))
  }

  function take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') {
      place = -1
      return
    }
    const { name, resourceVersion } = object.metadata
    place = Number(resourceVersion)
    if (type === 'BOOKMARK') return
    segments.at(-1)!.events.push({ type, name, version: place })
    if (type === 'DELETED') state.delete(name)
    else state.set(name, place)
  }

  async function watch(): Promise<void> {
    const opened = await ask(`watch=true&allowWatchBookmarks=true&resourceVersion=${place}`)
    const { response } = opened
    open = opened
    // It may have been told to leave while it was asking.
    if (isAway || isClosed) hangUp()
    else isConnected = true
    let rest = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) take(JSON.parse(line) as WatchEvent)
    })
    // How it ended is of no interest: it goes on from where it was.
    await new Promise<void>(resolve => response.on('error', () => {}).once('close', resolve))
  }

  async function follow(): Promise<void> {
    while (!isClosed) {
      try {
        if (isAway) await new Promise(resolve => setTimeout(resolve, 1))
        else if (place < 0) await list()
        else await watch()
      } catch {
        // The server is away, or hung up: that is what this is about. Whether all came over is asked at the end.
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      isConnected = false
    }
  }

  function hangUp(): void {
    open?.request.destroy()
  }

  const followed = follow()
  return {
    app,
    place: () => place,
    segments: () => segments,
    state: () => state,
    isConnected: () => isConnected,
    pause: () => void open?.response.pause(),
    leave() {
      isAway = true
      hangUp()
    },
    return() {
      isAway = false
      open?.response.resume()
    },
    close() {
      isClosed = true
      hangUp()
      return followed
    },
  }
}

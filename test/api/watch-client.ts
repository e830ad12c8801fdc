/** Who watches: one request, and the events that have come so far. */
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { expect, onTestFinished } from 'vitest'
import { until } from '../kubelet/until.js'
import { TOKEN } from './world.js'

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: {
    readonly kind: string
    readonly apiVersion: string
    readonly metadata: {
      readonly name: string
      readonly resourceVersion: string
      readonly annotations?: Readonly<Record<string, string>>
    }
    readonly [field: string]: unknown
  }
}

export interface Watching {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly events: readonly WatchEvent[]
  /** `ADDED name`; without bookmarks. */
  texts(): readonly string[]
  /**  Resolves when these and nothing else have come. Bookmarks do not count. */
  seen(...texts: readonly string[]): Promise<void>
  readonly ended: Promise<'whole' | 'broken'>
  isOver(): boolean
  /** Reads nothing more until `resume`. */
  pause(): void
  resume(): void
  stop(): void
}

export async function openWatch(port: number, path: string, accept?: string): Promise<Watching> {
  const headers = { authorization: `Bearer ${TOKEN}`, ...(accept !== undefined && { accept }) }
  const sending = request({ host: '127.0.0.1', port, path, headers, agent: false })
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sending.on('response', resolve).on('error', reject).end()
  })
  onTestFinished(() => {
    sending.destroy()
  })
  const events: WatchEvent[] = []
  let [rest, over] = ['', false]
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) events.push(JSON.parse(line) as WatchEvent)
  })
  const ended = new Promise<'whole' | 'broken'>(resolve => {
    response.once('end', () => resolve('whole')).once('error', () => resolve('broken'))
    response.once('close', () => {
      over = true
    })
  })
  const texts = () =>
    events.filter(each => each.type !== 'BOOKMARK').map(({ type, object }) => `${type} ${nameOf(object)}`.trim())
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    texts,
    async seen(...wanted) {
      await until(`${wanted.length} events`, () => texts().length >= wanted.length).catch(() => {})
      expect(texts()).toEqual(wanted)
    },
    ended,
    isOver: () => over,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    stop: () => void sending.destroy(),
  }
}

/** Of an object, or of the one row of a table. */
function nameOf({ metadata, rows }: WatchEvent['object']): string {
  const [row] = (rows ?? []) as readonly { readonly object: WatchEvent['object'] }[]
  return row?.object.metadata.name ?? metadata?.name ?? ''
}

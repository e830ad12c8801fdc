/**
 * Sends CloudEvents over HTTP in binary mode. Nobody waits for a receiver: events are queued in memory, tried a bounded
 * number of times, and lost with the process, as Tekton's are.
 */
import type { Log } from '../lib/log.js'
import { pause } from '../timers.js'

export interface OutgoingCloudEvent {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly subject: string
  /** RFC 3339. */
  readonly time: string
  /** JSON. Made when it is sent: what waits costs no memory for it. */
  readonly data: () => string
  /** An absolute URL, as it is when the event is sent. */
  readonly sink: () => string
  /** Told how it fared: what went wrong, or undefined. Never when the queue was closed meanwhile. */
  readonly ended: (problem: string | undefined) => void
}

/** What went wrong; undefined when the receiver has it. Never rejects. */
export type PostCloudEvent = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
) => Promise<string | undefined>

export interface CloudEventQueue {
  add(event: OutgoingCloudEvent): void
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  /** Takes nothing more, lets what is under way arrive for a few seconds, then gives it up. */
  close(): Promise<void>
}

export interface CloudEventQueueOptions {
  readonly post: PostCloudEvent
  readonly log: Log
  /** Tests make it short. */
  readonly firstPauseMs?: number
}

/** As Tekton: ten retries, 10 ms before the first, doubling. */
const RETRIES = 10
const FIRST_PAUSE_MS = 10
const CLOSE_MS = 3_000
const CONCURRENCY = 16
/** What waits for a slow receiver; beyond it the oldest are given up. */
const MAX_WAITING = 5_000

export function createCloudEventQueue(options: CloudEventQueueOptions): CloudEventQueue {
  const { post, log, firstPauseMs = FIRST_PAUSE_MS } = options
  const waiting: OutgoingCloudEvent[] = []
  const stop = new AbortController()
  let busy = 0
  let closed = false
  let idle: (() => void)[] = []

  async function work(): Promise<void> {
    busy += 1
    for (let next = waiting.shift(); next !== undefined && !stop.signal.aborted; next = waiting.shift()) {
      await deliver(next)
    }
    busy -= 1
    if (busy > 0) return
    for (const resolve of idle) resolve()
    idle = []
  }

  async function deliver({ id, type, source, subject, time, data, sink, ended }: OutgoingCloudEvent): Promise<void> {
    const url = sink()
    const body = data()
    const headers = {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-type': type,
      'ce-source': source,
      'ce-subject': subject,
      'ce-time': time,
    }
    for (let attempt = 0; ; attempt += 1) {
      const problem = await post(url, headers, body, stop.signal)
      if (problem === undefined) return ended(undefined)
      if (stop.signal.aborted) return
      if (attempt === RETRIES) {
        log.warn('a CloudEvent could not be delivered', { type, source, error: problem })
        return ended(problem)
      }
      await pause(firstPauseMs * 2 ** attempt, stop.signal)
    }
  }

  function whenIdle(): Promise<void> {
    return busy === 0 ? Promise.resolve() : new Promise(resolve => idle.push(resolve))
  }

  return {
    add(event) {
      if (closed) return
      if (waiting.length >= MAX_WAITING) waiting.shift()?.ended('the sink is too slow')
      waiting.push(event)
      if (busy < CONCURRENCY) void work()
    },
    idle: whenIdle,
    async close() {
      closed = true
      const giveUp = setTimeout(() => stop.abort(), CLOSE_MS)
      await whenIdle()
      clearTimeout(giveUp)
    },
  }
}

/**
 * Sends CloudEvents over HTTP in binary mode. Runs never wait for a receiver: events are queued in memory, tried a
 * bounded number of times, and lost with the process, as Tekton's are.
 */

import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { toTimestamp } from '../lib/time.js'
import { partLogin } from '../lib/url-login.js'
import type { Condition, Resource } from '../resources/meta.js'
import { pause } from '../timers.js'
import { type CloudEventKind, cloudEventOf, cloudEventType } from './cloud-event.js'
import type { EventText } from './run-events.js'

export interface CloudEventSender {
  /** Sends what has not been sent yet about this run; nothing when there is no sink. */
  send(run: Resource, condition: Condition | undefined): void
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  /** Takes nothing more, lets what is under way arrive for a few seconds, then gives it up. */
  close(): Promise<void>
}

export interface CloudEventSenderOptions {
  /** An absolute URL; '' for none. Read at each event: an installation may change it. */
  readonly sink: () => string
  readonly newId: () => string
  readonly now: () => number
  readonly log: Log
  /** Told how each event fared. */
  readonly outcome: (run: Resource, text: EventText) => void
  /** Tests make it short. */
  readonly firstPauseMs?: number
}

/** As Tekton: ten retries, 10 ms before the first, doubling. */
const RETRIES = 10
const FIRST_PAUSE_MS = 10
const TIMEOUT_MS = 10_000
const CLOSE_MS = 3_000
const CONCURRENCY = 16
/** What waits for a slow receiver; beyond it the oldest are given up. */
const MAX_WAITING = 5_000
const MAX_REMEMBERED = 20_000

interface Waiting {
  readonly run: Resource
  readonly condition: Condition | undefined
  readonly id: string
  readonly time: string
}

export function createCloudEventSender(options: CloudEventSenderOptions): CloudEventSender {
  const { sink, newId, now, log, outcome, firstPauseMs = FIRST_PAUSE_MS } = options
  const sent = createMemory(MAX_REMEMBERED)
  const waiting: Waiting[] = []
  const stop = new AbortController()
  let busy = 0
  let closed = false
  let idle: (() => void)[] = []

  function send(run: Resource, condition: Condition | undefined): void {
    if (closed || sink() === '' || isRepeated(run, condition)) return
    if (waiting.length >= MAX_WAITING) {
      const given = waiting.shift()
      if (given) outcome(given.run, { type: 'Warning', reason: 'CloudEventFailed', message: 'the sink is too slow' })
    }
    waiting.push({ run, condition, id: newId(), time: toTimestamp(now()) })
    if (busy < CONCURRENCY) void work()
  }

  /** The same words never twice; and, but for `unknown`, one event of a type for each run. */
  function isRepeated({ kind, metadata }: Resource, condition: Condition | undefined): boolean {
    const type = cloudEventType(kind as CloudEventKind, condition)
    const { status, reason, message } = condition ?? {}
    const words = type.endsWith('.unknown.v1') ? [type, status, reason, message] : [type]
    return !sent.add(JSON.stringify([metadata.uid, ...words]))
  }

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

  async function deliver({ run, condition, id, time }: Waiting): Promise<void> {
    const { type, source, subject, body } = cloudEventOf(run, condition)
    const url = sink()
    const text = JSON.stringify(body)
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
      const problem = await post(url, headers, text, stop.signal)
      if (problem === undefined)
        return outcome(run, { type: 'Normal', reason: 'CloudEventSent', message: `Sent ${type}` })
      if (stop.signal.aborted) return
      if (attempt === RETRIES) {
        log.warn('a CloudEvent could not be delivered', { type, source, error: problem })
        return outcome(run, { type: 'Warning', reason: 'CloudEventFailed', message: problem })
      }
      await pause(firstPauseMs * 2 ** attempt, stop.signal)
    }
  }

  function whenIdle(): Promise<void> {
    return busy === 0 ? Promise.resolve() : new Promise(resolve => idle.push(resolve))
  }

  return {
    send,
    idle: whenIdle,
    async close() {
      closed = true
      const giveUp = setTimeout(() => stop.abort(), CLOSE_MS)
      await whenIdle()
      clearTimeout(giveUp)
    },
  }
}

/** What went wrong; undefined when the receiver has it. */
async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  // fetch refuses both, and tells the whole URL to whoever reads Events.
  if (!URL.canParse(url)) return 'the sink is not an absolute URL'
  const { url: target, login } = partLogin(url)
  const authorization = login && { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
  try {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
    const response = await fetch(target, {
      method: 'POST',
      headers: { ...headers, ...authorization },
      body,
      signal: timeout,
      redirect: 'manual',
    })
    // Read or thrown away, or the connection is never free again.
    await response.body?.cancel()
    return response.ok ? undefined : `the sink answered ${response.status}`
  } catch (error) {
    return describeError(error)
  }
}

/** The last so many keys. */
function createMemory(limit: number): { add(key: string): boolean } {
  const keys = new Set<string>()
  return {
    add(key) {
      if (keys.has(key)) return false
      keys.add(key)
      if (keys.size > limit) keys.delete(keys.values().next().value ?? '')
      return true
    },
  }
}

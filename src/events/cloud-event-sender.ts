/** CloudEvents about runs, each once, to the sink that the installation names. */
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { toTimestamp } from '../lib/time.js'
import { partLogin } from '../lib/url-login.js'
import type { Condition, Resource } from '../resources/meta.js'
import { type CloudEventKind, cloudEventOf, cloudEventType } from './cloud-event.js'
import { createCloudEventQueue } from './cloud-event-queue.js'
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

const TIMEOUT_MS = 10_000
const MAX_REMEMBERED = 20_000

export function createCloudEventSender(options: CloudEventSenderOptions): CloudEventSender {
  const { sink, newId, now, log, outcome, firstPauseMs } = options
  const sent = createMemory(MAX_REMEMBERED)
  const queue = createCloudEventQueue({ post, log, ...(firstPauseMs !== undefined && { firstPauseMs }) })
  let closed = false

  function send(run: Resource, condition: Condition | undefined): void {
    if (closed || sink() === '' || isRepeated(run, condition)) return
    const { type, source, subject, body } = cloudEventOf(run, condition)
    queue.add({
      id: newId(),
      time: toTimestamp(now()),
      type,
      source,
      subject,
      data: () => JSON.stringify(body()),
      sink,
      ended: problem =>
        outcome(
          run,
          problem === undefined
            ? { type: 'Normal', reason: 'CloudEventSent', message: `Sent ${type}` }
            : { type: 'Warning', reason: 'CloudEventFailed', message: problem },
        ),
    })
  }

  /** The same words never twice; and, but for `unknown`, one event of a type for each run. */
  function isRepeated({ kind, metadata }: Resource, condition: Condition | undefined): boolean {
    const type = cloudEventType(kind as CloudEventKind, condition)
    const { status, reason, message } = condition ?? {}
    const words = type.endsWith('.unknown.v1') ? [type, status, reason, message] : [type]
    return !sent.add(JSON.stringify([metadata.uid, ...words]))
  }

  return {
    send,
    idle: queue.idle,
    close() {
      closed = true
      return queue.close()
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

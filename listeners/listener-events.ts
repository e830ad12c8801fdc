/** Sends what `cloudEventURI` asks for: how the events of a listener fare. To guarded addresses; nothing waits for it. */
import { createCloudEventQueue, type PostCloudEvent } from '../src/events/cloud-event-queue.js'
import { clusterGuard, type GuardDeps, publicGuard } from '../src/fetch/guards.js'
import { httpFetch } from '../src/fetch/http-fetch.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import { toTimestamp } from '../src/lib/time.js'
import { keyOf } from '../src/resources/meta.js'
import type { EventListener } from '../src/resources/triggers.js'
import { listenerEvent, type ProcessingState } from '../src/trigger/listener-events.js'

const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 65_536

export interface ListenerEvents {
  /** Nothing when the listener names no sink. `headers`: of the request, lower-case. */
  tell(
    listener: EventListener,
    eventId: string,
    state: ProcessingState,
    headers: Readonly<Record<string, readonly string[]>>,
  ): void
  idle(): Promise<void>
  close(): Promise<void>
}

export interface ListenerEventsDeps {
  readonly post: PostCloudEvent
  readonly now: () => number
  readonly log: Log
}

export function createListenerEvents({ post, now, log }: ListenerEventsDeps): ListenerEvents {
  const queue = createCloudEventQueue({ post, log })
  return {
    tell(listener, eventId, state, headers) {
      const { cloudEventURI } = listener.spec
      if (!cloudEventURI) return
      const { data, ...event } = listenerEvent(keyOf(listener), eventId, state, headers)
      queue.add({ ...event, time: toTimestamp(now()), data: () => data, sink: () => cloudEventURI, ended: () => {} })
    },
    idle: queue.idle,
    close: queue.close,
  }
}

/** The sink is the choice of whoever writes the listener: a Service of the cluster, or what interceptors may call too. */
export function createGuardedPost(deps: GuardDeps): PostCloudEvent {
  return async (url, headers, body, signal) => {
    try {
      const guard = isService(url) ? clusterGuard(deps) : await publicGuard(deps, 'CloudEvents are sent to')
      const { status } = await httpFetch(
        { method: 'POST', url, headers, body },
        {
          guard,
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
          maxBytes: MAX_ANSWER_BYTES,
        },
      )
      return status >= 200 && status < 300 ? undefined : `the sink answered ${status}`
    } catch (error) {
      return describeError(error)
    }
  }
}

function isService(url: string): boolean {
  return URL.canParse(url) && /\.svc(\.cluster\.local)?$/.test(new URL(url).hostname)
}

/** Deliveries and events for tests: headers and body as a sender writes them. */
import type { Delivery } from '../../src/inbox/inbox.js'
import { type InboundEvent, readEvent } from '../../src/trigger/event.js'

export const EVENT_ID = '7e1c0e6a-0000-4000-8000-000000000001'

export interface Sent {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
  readonly url?: string
}

export function delivery({ headers = {}, body = '{}', url = '/hooks/ci/app' }: Sent, id = 'ci/app/sha256/1'): Delivery {
  const lists = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    typeof value === 'string' ? [value] : value,
  ])
  return {
    id,
    eventId: EVENT_ID,
    receivedAt: 1_700_000_000_000,
    to: { kind: 'EventListener', namespace: 'ci', name: 'app', uid: 'app-uid' },
    url,
    headers: Object.fromEntries(lists),
    body: typeof body === 'string' ? Buffer.from(body) : body,
  }
}

export function event(sent: Sent): InboundEvent {
  const reading = readEvent(delivery(sent), 0)
  if (reading.is === 'unreadable') throw new Error(`the test's own event is unreadable: ${reading.message}`)
  return reading.event
}

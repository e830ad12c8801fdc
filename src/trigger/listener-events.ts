/** CloudEvents of an EventListener: what it tells about an event, and what it answers to one. Pure. */
import type { Key } from '../resources/meta.js'
import { canonicalHeaders } from './event.js'
import { maskHeaders } from './redact.js'

type Headers = Readonly<Record<string, readonly string[]>>

export type ProcessingState = 'started' | 'successful' | 'failed' | 'done'

export interface ListenerEvent {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly subject: string
  /** JSON: the headers of the request, as Go writes them; `null` at the end. No credential is in them. */
  readonly data: string
}

export function listenerEvent(
  { namespace, name }: Key,
  eventId: string,
  state: ProcessingState,
  headers: Headers,
): ListenerEvent {
  return {
    id: eventId,
    type: `dev.tekton.event.triggers.${state}.v1`,
    source: `/apis/triggers.tekton.dev/v1beta1/namespaces/${namespace}/EventListener/${name}`,
    subject: `${name} processing ${eventId}`,
    data: state === 'done' ? 'null' : JSON.stringify(maskHeaders(canonicalHeaders(headers))),
  }
}

/** Whether a request is a CloudEvent, in binary or structured mode: it is answered with one. `headers`: lower-case. */
export function isCloudEvent(headers: Headers): boolean {
  const [version = ''] = headers['ce-specversion'] ?? []
  const [contentType = ''] = headers['content-type'] ?? []
  return /^(0\.3|1\.0)$/.test(version) || /^application\/cloudevents\+json\s*(;|$)/i.test(contentType)
}

/** The headers that make an answer a CloudEvent in binary mode. */
export function acceptedHeaders({ namespace, name }: Key, eventId: string): Readonly<Record<string, string>> {
  return {
    'ce-specversion': '1.0',
    'ce-id': eventId,
    'ce-type': 'dev.tekton.event.triggers.accepted.v1',
    'ce-source': name,
    'ce-subject': `${namespace}.${name} accepted ${eventId}`,
  }
}

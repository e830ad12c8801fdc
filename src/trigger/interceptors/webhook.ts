/**
 * Webhook interceptors, the oldest kind: the event is posted on with its headers, and what comes back is the event for
 * the rest of the chain.
 */
import { partLogin } from '../../lib/url-login.js'
import { isRecord, type Json } from '../../resources/shape.js'
import type { WebhookInterceptor } from '../../resources/triggers.js'
import { canonicalHeader, canonicalHeaders, type InboundEvent } from '../event.js'
import { goJsonText } from '../json-text.js'
import { readPayload } from '../payload.js'
import { NOTHING_OUTSIDE } from './interceptor.js'
import type { Address } from './locate.js'
import type { Outside } from './outside.js'
import { setPath } from './overlay-path.js'
import { answerText } from './remote.js'

const TIMEOUT_MS = 5_000
/** An answer is the event with something changed or added: so much may be added. */
const MAX_ADDED_BYTES = 1_048_576
/** Of one connection, not of the event. */
const NOT_PASSED_ON = [
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Connection',
  'Te',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Expect',
  'Host',
  'Content-Length',
  // What comes back is read as it is.
  'Accept-Encoding',
]

export type WebhookAnswer =
  | { readonly is: 'continue'; readonly event: InboundEvent }
  | { readonly is: 'fail'; readonly message: string }

/** `asSent`: the body goes out as it came in, also when it is a form. */
export async function runWebhook(
  webhook: WebhookInterceptor,
  address: Address,
  { event, extensions, asSent }: { readonly event: InboundEvent; readonly extensions: Json; readonly asSent: boolean },
  outside: Outside | undefined,
): Promise<WebhookAnswer> {
  if (outside === undefined) return { is: 'fail', message: NOTHING_OUTSIDE }
  const sent = asSent || !event.isForm ? event.rawBody : Buffer.from(goJsonText(event.body))
  const body = withExtensions(sent, extensions)
  if (typeof body === 'string') return { is: 'fail', message: `could not merge extensions with body: ${body}` }
  const headers = headersFor(webhook, event)
  const posted = await outside.post({
    ...address,
    headers,
    body,
    timeoutMs: TIMEOUT_MS,
    maxBytes: body.length + MAX_ADDED_BYTES,
  })
  if (posted.is === 'failed') {
    return { is: 'fail', message: `Post ${JSON.stringify(partLogin(address.url).url)}: ${posted.message}` }
  }
  const { status, statusText } = posted
  if (status !== 200) {
    const message = `request rejected; status: ${status} ${statusText}; message: ${answerText(status, posted.body)}`
    return { is: 'fail', message }
  }
  return { is: 'continue', event: replacedBy(event, posted.headers, posted.body) }
}

function headersFor({ header = [] }: WebhookInterceptor, event: InboundEvent): Record<string, readonly string[]> {
  const own = header.map(
    ({ name, value }) => [canonicalHeader(name), Array.isArray(value) ? value.map(String) : [String(value)]] as const,
  )
  const all = [...Object.entries(event.headers), ['Eventlistener-Request-Url', [event.url]] as const, ...own]
  return Object.fromEntries(all.filter(([name]) => !NOT_PASSED_ON.includes(name)))
}

/** The bytes stay as they came: numbers may be longer than any number here. What went wrong is a text. */
function withExtensions(body: Uint8Array, extensions: Json): Uint8Array | string {
  const entries = Object.entries(extensions)
  if (entries.length === 0) return body
  let merged: unknown = {}
  const payload = readPayload(body)
  if (payload.is === 'unreadable') return payload.message
  const value = payload.is === 'empty' ? {} : payload.value
  if (!isRecord(value)) return 'the body is no JSON object'
  const hasOwn = Object.hasOwn(value, 'extensions')
  if (hasOwn) merged = value['extensions']
  for (const [key, one] of entries) {
    const changed = setPath(merged, key, one)
    if (changed.is === 'failed') return changed.message
    merged = changed.value
  }
  if (hasOwn) return Buffer.from(JSON.stringify({ ...value, extensions: merged }))
  const text = payload.is === 'empty' ? '{}' : Buffer.from(body).toString('utf8').trimEnd()
  const comma = Object.keys(value).length === 0 ? '' : ','
  return Buffer.from(`${text.slice(0, -1)}${comma}"extensions":${goJsonText(merged)}}`)
}

function replacedBy(
  event: InboundEvent,
  headers: Readonly<Record<string, readonly string[]>>,
  rawBody: Uint8Array,
): InboundEvent {
  const { id, receivedAt, url } = event
  const payload = readPayload(rawBody)
  return {
    id,
    receivedAt,
    url,
    headers: canonicalHeaders(headers),
    body: payload.is === 'json' ? payload.value : null,
    rawBody,
    ...(payload.is === 'unreadable' && { unreadable: payload.message }),
  }
}

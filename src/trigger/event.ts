/** What came in, whoever sent it: a delivery with its headers and body as bindings and interceptors see them. */
import type { Delivery } from '../inbox/inbox.js'
import { derivedUuid } from './names.js'
import { readPayload } from './payload.js'

export interface InboundEvent {
  /** A UUID; in labels and `$(context.eventID)`. */
  readonly id: string
  /** Epoch ms. */
  readonly receivedAt: number
  /** Path and query below the listener's own address: what CEL calls `requestURL`. */
  readonly url: string
  /** Names as Go spells them (`X-Github-Event`), without `Host`; several values of one name in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  /** The parsed JSON; null for an empty body. */
  readonly body: unknown
  /** Signatures are over these exact bytes, never over re-serialised JSON. */
  readonly rawBody: Uint8Array
  /** `body` was read from a form and not from JSON. */
  readonly isForm?: true
  /** Why `body` is not there: what came, or what a webhook interceptor put in its place, is no JSON. */
  readonly unreadable?: string
}

export type EventReading =
  | { readonly is: 'event'; readonly event: InboundEvent }
  /** `event` is without a body then; a webhook interceptor may make one of its bytes. */
  | { readonly is: 'unreadable'; readonly message: string; readonly event: InboundEvent }

const FORM = 'application/x-www-form-urlencoded'

/** `replay` > 0 is a deliberate redelivery: a new event with an id of its own. */
export function readEvent(delivery: Delivery, replay: number): EventReading {
  const headers = canonicalHeaders(delivery.headers)
  const body = readBody(delivery.body, headers)
  const event = {
    id: eventIdOf(delivery.eventId, replay),
    receivedAt: delivery.receivedAt,
    url: urlBelowListener(delivery),
    headers,
    rawBody: delivery.body,
  }
  if (body.is === 'unreadable') {
    const { message } = body
    return { is: 'unreadable', message, event: { ...event, body: null, unreadable: message } }
  }
  return { is: 'event', event: { ...event, body: body.value, ...(body.isForm && { isForm: true }) } }
}

export function eventIdOf(first: string, replay: number): string {
  return replay === 0 ? first : derivedUuid('replay', first, String(replay))
}

/** As net/http: `Host` and `Transfer-Encoding` are not headers of the event. */
export function canonicalHeaders(
  headers: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, values]) => [canonicalHeader(name), values] as const)
      .filter(([name]) => name !== 'Host' && name !== 'Transfer-Encoding'),
  )
}

/** The same few names come with every event; a sender's odd ones must not stay for ever. */
const MAX_REMEMBERED = 500
const canonicalNames = new Map<string, string>()

/** As textproto.CanonicalMIMEHeaderKey: `x-gitHub-event` → `X-Github-Event`; a name with a space stays as it is. */
export function canonicalHeader(name: string): string {
  const known = canonicalNames.get(name)
  if (known !== undefined) return known
  const canonical = canonicalOf(name)
  if (canonicalNames.size >= MAX_REMEMBERED) canonicalNames.clear()
  canonicalNames.set(name, canonical)
  return canonical
}

function canonicalOf(name: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return name
  return name.toLowerCase().replace(/(^|-)[a-z]/g, initial => initial.toUpperCase())
}

export function headerValues(event: Pick<InboundEvent, 'headers'>, name: string): readonly string[] {
  const canonical = canonicalHeader(name)
  return Object.hasOwn(event.headers, canonical) ? (event.headers[canonical] ?? []) : []
}

function readBody(
  bytes: Uint8Array,
  headers: Readonly<Record<string, readonly string[]>>,
):
  | { readonly is: 'value'; readonly value: unknown; readonly isForm?: true }
  | { readonly is: 'unreadable'; readonly message: string } {
  // As pkg/sink: a form of two or more fields becomes a map of lists. Fewer may be JSON that was sent with curl -d.
  if (headerValues({ headers }, 'Content-Type')[0] === FORM) {
    const form = readForm(bytes)
    if (Object.keys(form).length >= 2) return { is: 'value', value: form, isForm: true }
  }
  const payload = readPayload(bytes)
  if (payload.is === 'unreadable') return payload
  return { is: 'value', value: payload.is === 'empty' ? null : payload.value }
}

function readForm(bytes: Uint8Array): Readonly<Record<string, readonly string[]>> {
  const fields = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes))) {
    const values = fields.get(name)
    // Not copied: a form may hold one name some million times.
    if (values) values.push(value)
    else fields.set(name, [value])
  }
  return Object.fromEntries(fields)
}

function urlBelowListener({ url, to }: Delivery): string {
  const prefix = `/hooks/${to.namespace}/${to.name}`
  if (!url.startsWith(prefix)) return url
  const rest = url.slice(prefix.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : url
}

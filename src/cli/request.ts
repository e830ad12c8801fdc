/** A webhook request that somebody kept in a file, as the delivery it would be. Pure. */
import type { Delivery } from '../inbox/inbox.js'

export interface SentRequest {
  /** Path and query. */
  readonly url: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: Uint8Array
}

/** Raw HTTP as Tekton's cel-eval takes it, or JSON `{"headers": {…}, "body": …}`. A text is what is wrong with it. */
export function readRequest(text: string): SentRequest | string {
  if (/^[A-Z]+ \S+ HTTP\/\d/.test(text)) return readHttp(text)
  const wayOut = 'give a raw HTTP request or JSON {"headers": {…}, "body": …}, or the body alone with --body'
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return `the request is neither HTTP nor JSON (${error instanceof Error ? error.message : String(error)}): ${wayOut}`
  }
  if (typeof json !== 'object' || json === null || !('body' in json)) return `the request has no "body": ${wayOut}`
  const { headers = {}, body, url = '/' } = json as Readonly<Record<string, unknown>>
  if (typeof headers !== 'object' || headers === null || typeof url !== 'string') {
    return `"headers" of the request is no object, or "url" no text: ${wayOut}`
  }
  return {
    url,
    headers: lowerCase(Object.entries(headers).map(([name, value]) => [name, asTexts(value)] as const)),
    // A text is the body byte for byte: signatures are over it.
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  }
}

/** What the file says of the body's length is not looked at: bodies are edited. */
function readHttp(text: string): SentRequest | string {
  const [, head = text, body = ''] = /^(.*?)\r?\n\r?\n(.*)$/s.exec(text) ?? []
  const [requestLine = '', ...lines] = head.split(/\r?\n/).filter(line => line !== '')
  const headers = lines.map(parseHeader)
  const bad = lines.find((_, index) => headers[index] === undefined)
  if (bad !== undefined) return `the request has a header without a colon: ${JSON.stringify(bad.slice(0, 100))}`
  return {
    url: requestLine.split(' ')[1] ?? '/',
    headers: lowerCase(
      headers.flatMap(header => (header === undefined ? [] : [[header.name, [header.value]] as const])),
    ),
    body: Buffer.from(body),
  }
}

/** `X-GitHub-Event: push`; `=` does as well. */
export function parseHeader(text: string): { readonly name: string; readonly value: string } | undefined {
  const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*[:=]\s*(.*)$/s.exec(text) ?? []
  return name === undefined || value === undefined ? undefined : { name, value: value.trimEnd() }
}

/** Those given last are the ones that count. */
export function withHeaders(
  request: SentRequest,
  headers: readonly { readonly name: string; readonly value: string }[],
): SentRequest {
  const given = lowerCase(headers.map(({ name, value }) => [name, [value]] as const))
  return { ...request, headers: { ...request.headers, ...given } }
}

export function deliveryOf({ url, headers, body }: SentRequest, eventId: string, receivedAt: number): Delivery {
  const to = { kind: 'EventListener', namespace: 'default', name: 'eval', uid: '' } as const
  return { id: `eval/${eventId}`, eventId, receivedAt, to, url, headers, body }
}

function lowerCase(headers: readonly (readonly [string, readonly string[]])[]): SentRequest['headers'] {
  const found = new Map<string, readonly string[]>()
  for (const [name, values] of headers) {
    const key = name.toLowerCase()
    found.set(key, [...(found.get(key) ?? []), ...values])
  }
  return Object.fromEntries(found)
}

function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [String(value)]
}

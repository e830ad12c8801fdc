/** One HTTP request with bounds: allowed addresses, few redirects, so many bytes, and headers for one origin only. */
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http'
import { request as requestHttps } from 'node:https'
import { describeError } from '../lib/fault.js'
import { FetchError } from './fetch-error.js'
import type { Guard } from './guard.js'

const MAX_REDIRECTS = 5
/** Of an answer that is an error: enough to say why. */
const MAX_ERROR_BYTES = 65_536

export interface HttpRequest {
  /** GET when it is not given. */
  readonly method?: string
  /** http or https. A login in it goes to its origin. */
  readonly url: string
  /** Go to the origin of the URL. To another one that it redirects to goes `accept`, and nothing else of them. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
}

export interface HttpBounds {
  readonly guard: Guard
  /** The only deadline there is. */
  readonly signal: AbortSignal
  /** Of the answer's body. */
  readonly maxBytes: number
  /** Certificates in PEM that are trusted instead of this machine's. */
  readonly caBundle?: string
}

export interface HttpAnswer {
  readonly status: number
  /** As `Not Found`. */
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
  /** Lower-case names; several values of one name in order. */
  readonly headerLists: Readonly<Record<string, readonly string[]>>
  /** Whole for 2xx and 401; of any other status the beginning, as far as it came. */
  readonly body: Buffer
}

/**
 * Any status is an answer. Redirects are followed for GET and HEAD; to anything else they are the answer.
 * @throws FetchError when there is no answer, or one that is out of bounds; the signal's reason when it aborts.
 */
export async function httpFetch(request: HttpRequest, bounds: HttpBounds): Promise<HttpAnswer> {
  const { method = 'GET' } = request
  let current = httpUrl(request.url)
  const { origin } = current
  for (let redirects = 0; ; redirects += 1) {
    const headers = current.origin === origin ? request.headers : onlyAccept(request.headers)
    const response = await send({ ...request, method, url: current, ...(headers && { headers }) }, bounds)
    const { statusCode: status = 0 } = response
    const isFollowed = (method === 'GET' || method === 'HEAD') && status >= 300 && status < 400
    const target = isFollowed ? response.headers.location : undefined
    if (target === undefined) return answerOf(response, await readBody(response, bounds))
    response.destroy()
    if (redirects === MAX_REDIRECTS) throw new FetchError(`stopped after ${MAX_REDIRECTS} redirects`)
    current = redirected(current, target)
  }
}

function answerOf({ statusCode, statusMessage, headers, headersDistinct }: IncomingMessage, body: Buffer): HttpAnswer {
  const lists = Object.entries(headersDistinct).map(([name, values]) => [name, values ?? []] as const)
  const headerLists = Object.fromEntries(lists)
  return { status: statusCode ?? 0, statusText: statusMessage ?? '', headers, headerLists, body }
}

function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new FetchError('the url is not a valid http(s) url')
}

function redirected(from: URL, target: string): URL {
  const to = URL.canParse(target, from.href) ? new URL(target, from) : undefined
  if (to?.protocol !== 'https:' && to?.protocol !== 'http:') {
    throw new FetchError(`redirected to "${target}", which is not a valid http(s) url`)
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new FetchError(`redirected from https to plain http, to "${to.host}"`)
  }
  return to
}

function onlyAccept(headers: HttpRequest['headers'] = {}): HttpRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() === 'accept'))
}

type Sending = Omit<HttpRequest, 'url'> & { readonly url: URL }

function send({ method, url, headers, body }: Sending, bounds: HttpBounds): Promise<IncomingMessage> {
  const { guard, signal, caBundle } = bounds
  if (signal.aborted) return Promise.reject(signal.reason)
  guard.check(url.hostname)
  const options: RequestOptions = {
    method,
    // Each its own connection: nothing that was allowed before stays open.
    agent: false,
    lookup: guard.lookup,
    signal,
    headers: {
      'user-agent': 'tektite',
      accept: '*/*',
      // What comes compressed could grow beyond all bounds.
      'accept-encoding': 'identity',
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      ...lowerCase(headers),
    },
  }
  return new Promise((resolve, reject) => {
    const sent = open(url, options, caBundle)
    sent.on('response', resolve)
    // Also after the answer is there: a server that stops reading says so by a reset.
    sent.on('error', error => reject(connectionError(error, signal)))
    sent.end(body)
  })
}

/** Node refuses header names and values that could become other headers. */
function open(url: URL, options: RequestOptions, caBundle: string | undefined): ClientRequest {
  try {
    if (url.protocol === 'http:') return requestHttp(url, options)
    return requestHttps(url, { ...options, ...(caBundle !== undefined && { ca: caBundle }) })
  } catch (cause) {
    throw new FetchError(describeError(cause), { cause })
  }
}

function lowerCase(headers: HttpRequest['headers'] = {}): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : [...value],
    ]),
  )
}

async function readBody(response: IncomingMessage, { maxBytes, signal }: HttpBounds): Promise<Buffer> {
  const { statusCode: status = 0 } = response
  const isWhole = (status >= 200 && status < 300) || status === 401
  const most = isWhole ? maxBytes : Math.min(maxBytes, MAX_ERROR_BYTES)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    const encoding = response.headers['content-encoding']
    if (isWhole && encoding !== undefined && encoding !== 'identity') {
      throw new FetchError(`the body came in the encoding "${encoding}", which was not asked for`)
    }
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes <= most) continue
      if (isWhole) throw new FetchError(`response body exceeds maximum allowed size of ${maxBytes} bytes`)
      break
    }
  } catch (error) {
    throw error instanceof FetchError ? error : connectionError(error, signal)
  } finally {
    response.destroy()
  }
  return Buffer.concat(chunks).subarray(0, most)
}

function connectionError(error: unknown, signal: AbortSignal): unknown {
  // Out of time, not out of luck: whoever set the time decides.
  if (signal.aborted) return signal.reason
  if (error instanceof FetchError) return error
  return new FetchError(describeError(error), { temporary: true, cause: error })
}

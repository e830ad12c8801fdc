/** GET over HTTP with bounds: allowed addresses, few redirects, so many bytes, and credentials for one host only. */
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { describeError } from '../lib/fault.js'
import type { Guard } from './guard.js'
import { ResolutionError } from './resolver.js'

const MAX_REDIRECTS = 5

export interface GetOptions {
  readonly guard: Guard
  readonly signal: AbortSignal
  /** Of the body. */
  readonly maxBytes: number
  readonly headers?: Readonly<Record<string, string>>
  /** Goes to the origin of the URL, and to no other that it redirects to. */
  readonly authorization?: string
}

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Empty unless the status is 2xx or 401. */
  readonly body: Buffer
}

/** @throws ResolutionError when there is no answer, or one that is out of bounds; a status is an answer. */
export async function httpGet(url: string, options: GetOptions): Promise<Got> {
  let current = new URL(url)
  const { origin } = current
  for (let redirects = 0; ; redirects += 1) {
    const own = current.origin === origin
    const response = await send(current, options, own ? options.authorization : undefined)
    const { statusCode: status = 0, headers } = response
    const target = status >= 300 && status < 400 ? headers.location : undefined
    if (target === undefined) {
      const isRead = (status >= 200 && status < 300) || status === 401
      if (!isRead) response.destroy()
      return { status, headers, body: isRead ? await readBody(response, options) : Buffer.alloc(0) }
    }
    response.destroy()
    if (redirects === MAX_REDIRECTS) throw new ResolutionError(`stopped after ${MAX_REDIRECTS} redirects`)
    current = redirected(current, target)
  }
}

function redirected(from: URL, target: string): URL {
  const to = URL.canParse(target, from.href) ? new URL(target, from) : undefined
  if (to?.protocol !== 'https:' && to?.protocol !== 'http:') {
    throw new ResolutionError(`redirected to "${target}", which is not a valid http(s) url`)
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new ResolutionError(`redirected from https to plain http, to "${to.host}"`)
  }
  return to
}

function send(url: URL, { guard, signal, headers }: GetOptions, authorization?: string): Promise<IncomingMessage> {
  guard.check(url.hostname)
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      // Each its own connection: nothing that was allowed before stays open.
      agent: false,
      lookup: guard.lookup,
      signal,
      headers: {
        'user-agent': 'tektite',
        accept: '*/*',
        // What comes compressed could grow beyond all bounds.
        'accept-encoding': 'identity',
        ...headers,
        ...(authorization !== undefined && { authorization }),
      },
    })
    sent.on('response', resolve)
    sent.on('error', error => reject(connectionError(error, signal)))
    sent.end()
  })
}

async function readBody(response: IncomingMessage, { maxBytes, signal }: GetOptions): Promise<Buffer> {
  const encoding = response.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    response.destroy()
    throw new ResolutionError(`the body came in the encoding "${encoding}", which was not asked for`)
  }
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBytes) {
        throw new ResolutionError(`response body exceeds maximum allowed size of ${maxBytes} bytes`)
      }
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof ResolutionError ? error : connectionError(error, signal)
  } finally {
    response.destroy()
  }
  return Buffer.concat(chunks)
}

function connectionError(error: unknown, signal: AbortSignal): unknown {
  // Out of time, not out of luck: whoever set the time decides.
  if (signal.aborted) return signal.reason
  if (error instanceof ResolutionError) return error
  return new ResolutionError(describeError(error), { temporary: true, cause: error })
}

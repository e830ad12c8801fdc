/** What was asked, before anything is done about it. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { describeError } from '../lib/fault.js'
import type { KindEntry } from '../resources/kind-table.js'
import type { User } from './access/users.js'
import { ApiError } from './status.js'

/** As etcd's limit on one object, with room for the envelope. */
const MAX_BODY_BYTES = 3 * 1024 * 1024

export interface ApiRequest {
  readonly method: string
  /** Of the URL, still encoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly user: User
  /** Aborts when the client is gone, and when the server stops. */
  readonly signal: AbortSignal
  /** @throws ApiError when it is too large */
  readonly readBody: () => Promise<Buffer>
}

/** A request for objects of a kind. */
export interface ResourceRequest extends ApiRequest {
  readonly info: KindEntry
  /** The served version that the path names. */
  readonly version: string
  /** '' for cluster-scoped kinds, and for a list over all namespaces. */
  readonly namespace: string
  /** Undefined for a collection. */
  readonly name: string | undefined
  /** `status`, `log`, … */
  readonly subresource: string | undefined
}

/** One object. */
export type ObjectRequest = ResourceRequest & { readonly name: string }

/** @throws ApiError */
export function urlOf({ url = '' }: IncomingMessage): URL {
  if (!url.startsWith('/')) throw new ApiError(400, 'BadRequest', `"${url}" is not a path of a URL`)
  try {
    const parsed = new URL(`http://localhost${url}`)
    decodeURIComponent(parsed.pathname)
    return parsed
  } catch (cause) {
    throw new ApiError(400, 'BadRequest', `"${url}" is not a path of a URL: ${describeError(cause)}`)
  }
}

/** @throws ApiError */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // To the end also when it is too much: who is cut off while sending never reads why.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  if (size > MAX_BODY_BYTES) {
    const wayOut = 'move large data into a volume, a repository or an image'
    throw new ApiError(413, 'RequestEntityTooLarge', `the object is over ${MAX_BODY_BYTES} bytes: ${wayOut}`)
  }
  return Buffer.concat(chunks)
}

/** @throws ApiError */
export async function readJson({ readBody }: Pick<ApiRequest, 'readBody'>): Promise<unknown> {
  const bytes = await readBody()
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (error) {
    throw new ApiError(400, 'BadRequest', `the body is not JSON: ${describeError(error)}`)
  }
}

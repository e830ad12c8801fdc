/** What was asked, before anything is done about it. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
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
  /** The connection, when it is to become something else than HTTP. */
  readonly upgrade?: Upgrade | undefined
}

export interface Upgrade {
  /** Lower case. */
  readonly protocol: string
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  /** What came behind the request already. */
  readonly head: Buffer
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

/** What a request is for. */
export interface Target {
  /** Still encoded. */
  readonly path: string
  readonly query: URLSearchParams
}

/** @throws ApiError */
export function targetOf({ url = '' }: Pick<IncomingMessage, 'url'>): Target {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  try {
    if (!path.startsWith('/')) throw new Error('it does not begin with /')
    decodeURIComponent(path)
  } catch (cause) {
    throw new ApiError(400, 'BadRequest', `"${url}" is not a path of a URL: ${describeError(cause)}`)
  }
  return { path, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) }
}

/** @throws ApiError */
export function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const cutOff = () => {
      if (!request.readableEnded) reject(new ApiError(400, 'BadRequest', 'the body was cut off'))
    }
    if (request.destroyed) return cutOff()
    // To the end also when it is too much: who is cut off while sending never reads why.
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BODY_BYTES) chunks.push(chunk)
    })
    request.on('end', () => {
      if (size <= MAX_BODY_BYTES) return resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
      const wayOut = 'move large data into a volume, a repository or an image'
      reject(new ApiError(413, 'RequestEntityTooLarge', `the object is over ${MAX_BODY_BYTES} bytes: ${wayOut}`))
    })
    request.on('error', reject)
    request.on('close', cutOff)
  })
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

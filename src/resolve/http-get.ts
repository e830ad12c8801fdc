/** GET for resolvers: what comes to nothing is for the author of the run. */
import type { IncomingHttpHeaders } from 'node:http'
import { FetchError } from '../fetch/fetch-error.js'
import { type HttpBounds, httpFetch } from '../fetch/http-fetch.js'
import { ResolutionError } from './resolver.js'

export interface GetOptions extends HttpBounds {
  readonly headers?: Readonly<Record<string, string>>
  /** Goes to the origin of the URL, and to no other that it redirects to. */
  readonly authorization?: string
}

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Whole for 2xx and 401. */
  readonly body: Buffer
}

/** @throws ResolutionError when there is no answer, or one that is out of bounds; a status is an answer. */
export async function httpGet(url: string, { headers, authorization, ...bounds }: GetOptions): Promise<Got> {
  const sent = { ...headers, ...(authorization !== undefined && { authorization }) }
  return httpFetch({ url, headers: sent }, bounds).catch((error: unknown) => {
    throw asResolutionError(error)
  })
}

export function asResolutionError(error: unknown): unknown {
  if (!(error instanceof FetchError)) return error
  return new ResolutionError(error.message, { temporary: error.temporary, cause: error.cause })
}

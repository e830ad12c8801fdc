/** Who asks. */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from '../status.js'

export interface User {
  readonly name: string
}

/** @throws ApiError 401 */
export function authenticate(headers: IncomingHttpHeaders, token: string): User {
  const given = Buffer.from(headers.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return { name: 'tektite:admin' }
  throw new ApiError(401, 'Unauthorized', 'no valid bearer token; use the one in the file "token" of the data folder')
}

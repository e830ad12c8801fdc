/** Who asks. */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from '../status.js'
import { roleOf, serviceAccount, type TokenUser, type User } from './users.js'

/** @throws ApiError 401, 403 */
export type Authenticate = (headers: IncomingHttpHeaders) => User

export function createAuthenticate(users: readonly TokenUser[]): Authenticate {
  const known = users.map(({ token, user }) => ({ header: Buffer.from(`Bearer ${token}`), user }))
  return headers => {
    const given = Buffer.from(headers.authorization ?? '')
    // All of them, so that the time it takes says nothing about which one nearly fits.
    const fitting = known.filter(({ header }) => header.length === given.length && timingSafeEqual(header, given))
    const user = fitting[0]?.user
    if (user === undefined) throw new ApiError(401, 'Unauthorized', 'Unauthorized')
    const asked = headers['impersonate-user'] ?? headers['impersonate-group'] ?? headers['impersonate-uid']
    if (asked === undefined) return user
    // Listeners act with the account of each trigger. On a cluster its rights decide; here it is noted in the audit log.
    const actsAs = serviceAccount(String(headers['impersonate-user'] ?? ''))?.name
    if (actsAs === undefined || roleOf(user) !== 'admin') throw noImpersonation(user, String(asked))
    return { ...user, actsAs }
  }
}

/** Whom a token is of. */
export function userOfToken(users: readonly TokenUser[], token: string): User | undefined {
  try {
    return createAuthenticate(users)({ authorization: `Bearer ${token}` })
  } catch {
    return undefined // nobody's
  }
}

function noImpersonation({ name }: User, asked: string): ApiError {
  const cannot = `User ${JSON.stringify(name)} cannot impersonate resource "users" in API group "" at the cluster scope`
  const wayOut = 'Tektite knows only service accounts to act as, and only its admin may; ask with the token of the user'
  return new ApiError(403, 'Forbidden', `users ${JSON.stringify(asked)} is forbidden: ${cannot}: ${wayOut}`)
}

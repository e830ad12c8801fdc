/**
 * Tokens of a GitHub App: for one repository each, made with the App's private key, and kept for as long as they live. Only
 * an App may write check runs.
 */
import { createSign } from 'node:crypto'
import type { HttpBounds } from '../fetch/http-fetch.js'
import { fromTimestamp } from '../lib/time.js'
import { isRecord } from '../resources/shape.js'
import { outcomeOf } from './answer.js'
import type { BuildPlace, GitHubApp, ReportOutcome } from './build-report.js'
import { answerIn, createGitHub } from './github.js'
import { noAnswer } from './no-answer.js'

export interface AppTokens {
  /** `isKept`: made for an earlier report. */
  tokenFor(place: BuildPlace, app: GitHubApp, bounds: Omit<HttpBounds, 'caBundle'>): Promise<AppToken | ReportOutcome>
  forget(place: BuildPlace, app: GitHubApp): void
}

export interface AppToken {
  readonly is: 'token'
  readonly token: string
  readonly isKept: boolean
}

const MAX_KEPT = 1_000
/** A token that lives shorter than this is not worth sending. */
const SPARE_MS = 2 * 60_000
/** GitHub takes ten minutes at most; the clock may be a minute off. */
const JWT_LIFE_S = 540
const CLOCK_SKEW_S = 60

export function createAppTokens(now: () => number): AppTokens {
  const kept = new Map<string, { readonly token: string; readonly expiresAt: number }>()
  const keyOf = ({ api, repository }: BuildPlace, app: GitHubApp): string =>
    JSON.stringify([api, app.id, app.privateKey, repository])

  return {
    async tokenFor(place, app, bounds) {
      const key = keyOf(place, app)
      const known = kept.get(key)
      if (known !== undefined && known.expiresAt - SPARE_MS > now())
        return { is: 'token', token: known.token, isKept: true }
      const jwt = jwtOf(app, now())
      if (jwt === undefined) return unreadable(app)
      const made = await makeToken(place, app, jwt, bounds, now())
      if ('is' in made) return made
      kept.delete(key)
      kept.set(key, made)
      if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value ?? '')
      return { is: 'token', token: made.token, isKept: false }
    },
    forget(place, app) {
      kept.delete(keyOf(place, app))
    },
  }
}

/** Undefined when the key is none. */
function jwtOf({ id, privateKey }: GitHubApp, now: number): string | undefined {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const issuedAt = Math.floor(now / 1_000) - CLOCK_SKEW_S
  const claims = { iat: issuedAt, exp: issuedAt + JWT_LIFE_S, iss: id }
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  try {
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`
  } catch {
    return undefined // what is wrong with it would tell of it
  }
}

function unreadable({ id }: GitHubApp): ReportOutcome {
  const message = `the private key of the GitHub App ${id} cannot be read. Put the .pem file that GitHub gave you into the Secret as it is`
  return { is: 'refused', message }
}

async function makeToken(
  place: BuildPlace,
  { id }: GitHubApp,
  jwt: string,
  bounds: Omit<HttpBounds, 'caBundle'>,
  now: number,
): Promise<{ readonly token: string; readonly expiresAt: number } | ReportOutcome> {
  const github = createGitHub({ apiUrl: place.api, token: jwt, bounds })
  const { host } = new URL(place.api)
  const [owner = '', repo = ''] = place.repository
  try {
    const found: unknown = (await github.request('GET /repos/{owner}/{repo}/installation', { owner, repo })).data
    const installation = isRecord(found) ? found['id'] : undefined
    // No more than this report needs.
    const asked = { installation_id: Number(installation), repositories: [repo] }
    const { data } = await github.request('POST /app/installations/{installation_id}/access_tokens', asked)
    const { token, expires_at: expiry } = data as { readonly token?: unknown; readonly expires_at?: unknown }
    if (typeof token === 'string' && token !== '') return { token, expiresAt: fromTimestamp(String(expiry)) || now }
    return { is: 'later', message: `${host} gave the GitHub App ${id} no token`, concerns: 'report' }
  } catch (error) {
    const answer = answerIn(error, jwt)
    if (answer === undefined) return noAnswer({ ...place, login: { username: '', token: jwt } }, error)
    const outcome = outcomeOf(`the GitHub App ${id}, which asked for a token`, host, answer, now)
    if (outcome.is !== 'refused') return outcome
    return {
      ...outcome,
      message: `${outcome.message}. Install the App on ${owner}/${repo}, and check the App's id and its private key in the Secret`,
    }
  }
}

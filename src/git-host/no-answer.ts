/** What it means when a host did not answer, or answered from somewhere else. Pure. */
import { FetchError } from '../fetch/fetch-error.js'
import type { HttpAnswer } from '../fetch/http-fetch.js'
import { describeError } from '../lib/fault.js'
import type { BuildPlace, ReportOutcome } from './build-report.js'

export function noAnswer({ api, login: { token } }: BuildPlace, error: unknown): ReportOutcome {
  const { host } = new URL(api)
  const cause = fetchErrorIn(error)
  const words = isTimeout(error) ? `no answer in time` : describeError(cause ?? error)
  const message = `${host} cannot be told: ${token === '' ? words : words.replaceAll(token, '***')}`
  // An address that is not allowed, an answer that is too large: it would be so again.
  if (cause !== undefined && !cause.temporary) return { is: 'refused', message }
  return { is: 'later', message, concerns: 'host' }
}

/** Octokit wraps what the connection came to. */
function fetchErrorIn(error: unknown): FetchError | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (current instanceof FetchError) return current
  }
  return undefined
}

function isTimeout(error: unknown): boolean {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (current.name === 'TimeoutError') return true
  }
  return false
}

/** Where something is now, when that is within the same origin: only there a token may be sent once more. */
export function movedTo(from: string, { status, headers }: Pick<HttpAnswer, 'status' | 'headers'>): string | undefined {
  const { location } = headers
  if ((status !== 307 && status !== 308) || location === undefined || !URL.canParse(location, from)) return undefined
  const to = new URL(location, from)
  return to.origin === new URL(from).origin ? to.href : undefined
}

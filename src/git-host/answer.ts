/** What an answer to a report means: taken, refused for good, or to be tried again. Pure. */
import { oneLine } from '../lib/one-line.js'
import { isRecord } from '../resources/shape.js'
import type { ReportOutcome } from './build-report.js'

export interface HostAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number | readonly string[] | undefined>>
  /** What the host says went wrong; '' for nothing. */
  readonly message: string
}

/** A host that asks for more than that is asked again after that. */
const MAX_PAUSE_MS = 60 * 60_000
const MAX_MESSAGE_CHARS = 200

/** Of an answer that is no success. `what` is sent, to `host`, both for people. `now` in epoch ms. */
export function outcomeOf(
  what: string,
  host: string,
  { status, headers, message }: HostAnswer,
  now: number,
): ReportOutcome {
  const said = `${host} answered ${status}${message === '' ? '' : `, "${message}"`} to ${what}`
  const afterMs = askedPauseMs(headers, now)
  if (isRateLimit(status, headers, message)) {
    return { is: 'later', message: said, concerns: 'host', ...(afterMs !== undefined && { afterMs }) }
  }
  if (status >= 500 || TRANSIENT.has(status)) {
    // A host that asks for a pause means everybody.
    return {
      is: 'later',
      message: said,
      ...(afterMs === undefined ? { concerns: 'report' } : { concerns: 'host', afterMs }),
    }
  }
  return { is: 'refused', message: `${said}. ${wayOut(status, headers)}`, status }
}

const TRANSIENT: ReadonlySet<number> = new Set([408, 409, 423, 425, 429])

/** GitHub also says 403 for it. */
function isRateLimit(status: number, headers: HostAnswer['headers'], message: string): boolean {
  if (status === 429) return true
  if (status !== 403) return false
  return headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers || /rate limit/i.test(message)
}

/** `Retry-After` in seconds or as a date; else when the budget is full again, where that is said in epoch seconds. */
function askedPauseMs(headers: HostAnswer['headers'], now: number): number | undefined {
  const text = (name: string): string => String(headers[name] ?? '')
  const after = text('retry-after')
  const asked = /^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - now
  if (asked >= 0) return Math.min(asked, MAX_PAUSE_MS)
  const isSpent = text('x-ratelimit-remaining') === '0' || text('ratelimit-remaining') === '0'
  const reset = Number(text('x-ratelimit-reset') || text('ratelimit-reset'))
  if (!isSpent || !(reset > 0)) return undefined
  return Math.min(Math.max(reset * 1_000 - now, 0), MAX_PAUSE_MS)
}

function wayOut(status: number, headers: HostAnswer['headers']): string {
  if (status >= 300 && status < 400) {
    const target = String(headers['location'] ?? '')
    const where = URL.canParse(target) ? ` to ${new URL(target).host}` : ''
    return `It redirects${where}, and a token is not sent after a redirect: give the repository's own URL in tektite.dev/git-repository`
  }
  if (status === 401) return 'The token is not valid any more, or not for this host: renew it in its Secret'
  if (status === 403) return 'The token may not write statuses of this repository: give it that right'
  if (status === 404) return 'The repository or the commit does not exist, or the token may not see it'
  return 'Check tektite.dev/git-repository, tektite.dev/git-sha and what the token may do'
}

/** A host's own words, out of its JSON: one line, bounded, without the token should it be repeated. */
export function hostMessage(body: string, token: string): string {
  const text = saidIn(body)
  const safe = token === '' ? text : text.replaceAll(token, '***')
  return oneLine(safe, MAX_MESSAGE_CHARS)
}

function saidIn(body: string): string {
  try {
    return textIn(JSON.parse(body) as unknown)
  } catch {
    return '' // a page of HTML: the status says enough
  }
}

function textIn(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value
  if (depth > 4) return ''
  if (Array.isArray(value))
    return value
      .map(one => textIn(one, depth + 1))
      .filter(Boolean)
      .join('; ')
  if (!isRecord(value)) return ''
  for (const field of ['message', 'error', 'errors', 'detail']) {
    const found = textIn(value[field], depth + 1)
    if (found !== '') return found
  }
  return ''
}

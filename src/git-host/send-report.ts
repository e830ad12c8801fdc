/** Sends one report about a commit to its host, and says what came of it. Tries once: when to try again is the caller's. */
import type { Guard } from '../fetch/guard.js'
import { type HttpAnswer, type HttpRequest, httpFetch } from '../fetch/http-fetch.js'
import { hostMessage, outcomeOf } from './answer.js'
import type { BuildPlace, BuildReport, ReportOutcome, Sent } from './build-report.js'
import { commitStatusRequest, isKnownAlready, type StatusHost } from './commit-status.js'
import type { AppTokens } from './github-app.js'
import { movedTo, noAnswer } from './no-answer.js'

export interface SendDeps {
  readonly guard: Guard
  readonly signal: AbortSignal
  /** Epoch ms. */
  readonly now: () => number
  readonly apps: AppTokens
}

const TIMEOUT_MS = 15_000
const MAX_ANSWER_BYTES = 1_048_576
/** Of a repository that has another name now. */
const MAX_HOPS = 2

/** @throws only the signal's reason. */
export async function sendReport(
  place: BuildPlace,
  report: BuildReport,
  before: Sent,
  { guard, signal, now, apps }: SendDeps,
): Promise<ReportOutcome> {
  const { token } = place.login
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const bounds = { guard, signal: AbortSignal.any([signal, timeout]), maxBytes: MAX_ANSWER_BYTES }
  try {
    if (place.kind === 'github' || place.kind === 'github-check') {
      const { sendToGitHub } = await import('./github-report.js')
      return await sendToGitHub(place, report, before, { bounds, now, apps })
    }
    const host = place.kind satisfies StatusHost
    const { status, headers, body } = await post(commitStatusRequest({ ...place, kind: host }, report), bounds)
    if (status >= 200 && status < 300) return { is: 'taken' }
    const message = hostMessage(body.toString('utf8'), token)
    if (isKnownAlready(host, report.state, status, message)) return { is: 'taken' }
    return outcomeOf('a commit status', new URL(place.api).host, { status, headers, message }, now())
  } catch (error) {
    if (signal.aborted) throw signal.reason
    return noAnswer(place, error)
  }
}

/** Follows what moved within the same host: the method and the body stay, so the token and the report are sent again. */
async function post(request: HttpRequest, bounds: Parameters<typeof httpFetch>[1]): Promise<HttpAnswer> {
  let { url } = request
  for (let hops = 0; ; hops += 1) {
    const answer = await httpFetch({ ...request, url }, bounds)
    const next = movedTo(url, answer)
    if (next === undefined || hops === MAX_HOPS) return answer
    url = next
  }
}

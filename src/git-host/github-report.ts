/** Commit statuses and check runs, by Octokit. */
import type { HttpBounds } from '../fetch/http-fetch.js'
import { isRecord } from '../resources/shape.js'
import { outcomeOf } from './answer.js'
import {
  type BuildPlace,
  type BuildReport,
  type BuildState,
  isEnd,
  type ReportOutcome,
  type Sent,
} from './build-report.js'
import { GITHUB_STATES } from './commit-status.js'
import { answerIn, createGitHub, type GitHub } from './github.js'
import type { AppTokens } from './github-app.js'
import { movedTo, noAnswer } from './no-answer.js'

/** What an ended check run came to. */
export const CHECK_CONCLUSIONS: Readonly<Record<Exclude<BuildState, 'queued' | 'running'>, string>> = {
  success: 'success',
  failure: 'failure',
  // GitHub has no word for "could not be run".
  error: 'failure',
  cancelled: 'cancelled',
  timedOut: 'timed_out',
}

interface GitHubDeps {
  readonly bounds: Omit<HttpBounds, 'caBundle'>
  readonly now: () => number
  readonly apps: AppTokens
}

/** With the token of the Secret, or one that its App is given. */
export async function sendToGitHub(
  place: BuildPlace,
  report: BuildReport,
  before: Sent,
  deps: GitHubDeps,
): Promise<ReportOutcome> {
  const { app } = place.login
  if (app === undefined) return sendWithToken(place, report, before, deps)
  const send = (token: string) => sendWithToken({ ...place, login: { username: '', token } }, report, before, deps)
  const got = await deps.apps.tokenFor(place, app, deps.bounds)
  if (got.is !== 'token') return got
  const outcome = await send(got.token)
  if (!got.isKept || outcome.is !== 'refused' || outcome.status !== 401) return outcome
  // Taken back before its time.
  deps.apps.forget(place, app)
  const fresh = await deps.apps.tokenFor(place, app, deps.bounds)
  return fresh.is === 'token' ? send(fresh.token) : fresh
}

async function sendWithToken(
  place: BuildPlace,
  report: BuildReport,
  before: Sent,
  { bounds, now }: GitHubDeps,
): Promise<ReportOutcome> {
  const github = createGitHub({ apiUrl: place.api, token: place.login.token, bounds })
  const what = place.kind === 'github-check' ? 'a check run' : 'a commit status'
  try {
    if (place.kind === 'github') {
      await request(github, place, 'POST /repos/{owner}/{repo}/statuses/{sha}', statusBody(place, report))
      return { is: 'taken' }
    }
    const found = before.checkId ?? (before.mayHaveCheck ? await findCheck(github, place, report) : undefined)
    if (found === undefined && before.onlyExisting) return { is: 'taken' }
    const made = await (found === undefined
      ? request(github, place, 'POST /repos/{owner}/{repo}/check-runs', checkBody(place, report))
      : request(github, place, 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
          ...checkBody(place, report),
          check_run_id: found,
        }))
    const checkId = found ?? (isRecord(made) && typeof made['id'] === 'number' ? made['id'] : undefined)
    return { is: 'taken', ...(checkId !== undefined && { checkId }) }
  } catch (error) {
    const answer = answerIn(error, place.login.token)
    if (answer === undefined) return noAnswer(place, error)
    const outcome = outcomeOf(what, new URL(place.api).host, answer, now())
    const isOnlyChecks = place.kind === 'github-check' && answer.status === 403 && outcome.is === 'refused'
    return isOnlyChecks ? { is: 'no checks', message: outcome.message } : outcome
  }
}

function statusBody({ sha }: BuildPlace, { state, context, description, url }: BuildReport): Body {
  return { sha, state: GITHUB_STATES[state], context, description, ...(url && { target_url: url }) }
}

function checkBody({ sha }: BuildPlace, report: BuildReport): Body {
  const { state, context, description, url, externalId, summary, startedAt, completedAt } = report
  return {
    name: context,
    head_sha: sha,
    external_id: externalId,
    ...(url && { details_url: url }),
    ...(startedAt && { started_at: startedAt }),
    ...(isEnd(state)
      ? {
          status: 'completed',
          conclusion: CHECK_CONCLUSIONS[state as keyof typeof CHECK_CONCLUSIONS],
          ...(completedAt && { completed_at: completedAt }),
        }
      : { status: state === 'queued' ? 'queued' : 'in_progress' }),
    output: { title: description, summary },
  }
}

/** One that an earlier process made, or an answer that was lost told of. */
async function findCheck(github: GitHub, place: BuildPlace, { context, externalId }: BuildReport) {
  const list = await request(github, place, 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
    ref: place.sha,
    check_name: context,
    filter: 'all',
    per_page: 100,
  })
  const runs: unknown = isRecord(list) ? list['check_runs'] : undefined
  const all: readonly unknown[] = Array.isArray(runs) ? runs : []
  const found = all.find(one => isRecord(one) && one['external_id'] === externalId)
  return isRecord(found) && typeof found['id'] === 'number' ? found['id'] : undefined
}

type Body = Readonly<Record<string, unknown>>

/** The answer's data. @throws an error with `response` for any status but 2xx. */
async function request(github: GitHub, place: BuildPlace, route: string, body: Body): Promise<unknown> {
  const [owner, repo] = place.repository
  const answer = await github.request(route, { owner, repo, ...body })
  if (answer.status < 300) return answer.data
  // Octokit takes a redirect for a success. One within the API is of a repository that has another name now.
  const { location } = answer.headers
  const to = movedTo(answer.url || place.api, { status: answer.status, headers: { location } })
  if (to === undefined) throw Object.assign(new Error('redirected'), { response: answer })
  const [method] = route.split(' ')
  const { sha: _, ref: __, check_run_id: ___, ...rest } = body
  const again = await github.request(`${method} ${to}`, rest)
  if (again.status < 300) return again.data
  throw Object.assign(new Error('redirected twice'), { response: again })
}

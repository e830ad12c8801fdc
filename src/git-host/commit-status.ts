/** A commit status as one HTTP request, for each host that is no GitHub. */
import type { HttpRequest } from '../fetch/http-fetch.js'
import { fnv128a } from '../lib/fnv.js'
import { type BuildPlace, type BuildReport, type BuildState, isEnd } from './build-report.js'

export type StatusHost = 'gitlab' | 'bitbucket' | 'bitbucket-server' | 'gitea'

type States = Readonly<Record<BuildState, string>>

export const GITLAB_STATES: States = {
  queued: 'pending',
  running: 'running',
  success: 'success',
  failure: 'failed',
  error: 'failed',
  cancelled: 'canceled',
  timedOut: 'failed',
}
export const BITBUCKET_STATES: States = {
  queued: 'INPROGRESS',
  running: 'INPROGRESS',
  success: 'SUCCESSFUL',
  failure: 'FAILED',
  error: 'FAILED',
  cancelled: 'STOPPED',
  timedOut: 'FAILED',
}
export const BITBUCKET_SERVER_STATES: States = { ...BITBUCKET_STATES, cancelled: 'CANCELLED' }
/** GitHub's and Gitea's. */
export const GITHUB_STATES: States = {
  queued: 'pending',
  running: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  cancelled: 'error',
  timedOut: 'failure',
}

const part = encodeURIComponent

export function commitStatusRequest(
  place: BuildPlace & { readonly kind: StatusHost },
  report: BuildReport,
): HttpRequest & { readonly url: string } {
  const { path, authorization, body } = HOSTS[place.kind](place, report)
  return {
    method: 'POST',
    url: `${place.api}${path}`,
    headers: { accept: 'application/json', 'content-type': 'application/json', ...authorization },
    body: JSON.stringify(body),
  }
}

interface Parts {
  /** Under the host's API. */
  readonly path: string
  readonly authorization: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, string>>
}

const HOSTS: Readonly<Record<StatusHost, (place: BuildPlace, report: BuildReport) => Parts>> = {
  gitlab: ({ repository, sha, login }, { state, context, description, url }) => ({
    path: `/projects/${part(repository.join('/'))}/statuses/${sha}`,
    authorization: { 'private-token': login.token },
    body: { state: GITLAB_STATES[state], name: context, description, ...(url && { target_url: url }) },
  }),
  gitea: ({ repository, sha, login }, { state, context, description, url }) => ({
    path: `/repos/${repository.map(part).join('/')}/statuses/${sha}`,
    authorization: { authorization: `token ${login.token}` },
    body: { state: GITHUB_STATES[state], context, description, ...(url && { target_url: url }) },
  }),
  bitbucket: (place, { state, context, description, url }) => ({
    path: `/repositories/${place.repository.map(part).join('/')}/commit/${place.sha}/statuses/build`,
    authorization: basicOrBearer(place),
    body: {
      key: withinChars(context, BITBUCKET_KEY_CHARS),
      state: BITBUCKET_STATES[state],
      name: context,
      description,
      // It will not do without one.
      url: url || `${place.web}/${place.repository.map(part).join('/')}/commits/${place.sha}`,
    },
  }),
  'bitbucket-server': (place, { state, context, description, url }) => {
    const [project = '', repository = ''] = place.repository.map(part)
    return {
      path: `/rest/api/latest/projects/${project}/repos/${repository}/commits/${place.sha}/builds`,
      authorization: basicOrBearer(place),
      body: {
        key: withinChars(context, BITBUCKET_SERVER_KEY_CHARS),
        state: BITBUCKET_SERVER_STATES[state],
        name: context,
        description,
        url: url || `${place.web}/projects/${project}/repos/${repository}/commits/${place.sha}`,
      },
    }
  },
}

const BITBUCKET_KEY_CHARS = 40
const BITBUCKET_SERVER_KEY_CHARS = 255

/** Bitbucket's access tokens stand alone; its app passwords and API tokens belong to a user. */
function basicOrBearer({ login: { username, token } }: BuildPlace): Readonly<Record<string, string>> {
  if (username === '' || username === 'x-token-auth') return { authorization: `Bearer ${token}` }
  return { authorization: `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}` }
}

/** What is cut off still tells one key from another. */
function withinChars(key: string, most: number): string {
  return key.length <= most ? key : `${key.slice(0, most - 9)}-${fnv128a(key).slice(-8)}`
}

/**
 * GitLab's statuses are machines with transitions: it refuses a state that it has already, and one that it has gone
 * past. Either way it knows as much as we do, unless what we know is the end.
 */
export function isKnownAlready(kind: StatusHost, state: BuildState, status: number, message: string): boolean {
  return kind === 'gitlab' && status === 400 && !isEnd(state) && message.includes('Cannot transition status')
}

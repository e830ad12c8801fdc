/**
 * A server on loopback that behaves as the APIs of GitHub, GitLab, Bitbucket Cloud and Server, and Gitea do where they are
 * told of builds: routes, logins, bodies, answers, and what they refuse. Keeps every request, and what each host would show.
 */
import { createVerify, type KeyObject } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type Recorded, record } from '../fetch/recorder.js'

export const TOKEN = 'glpat-0123456789'
export const SHA = 'a'.repeat(40)

/** What a host shows beside a commit, oldest first. */
export interface Shown {
  readonly host: string
  readonly repository: string
  readonly sha: string
  readonly context: string
  readonly state: string
  readonly description: string
  readonly url: string
}

interface Check {
  readonly id: number
  body: Record<string, unknown>
}

interface Problem {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly login: string | undefined
  readonly token: string | undefined
  readonly body: Readonly<Record<string, unknown>>
}

interface Route {
  readonly host: string
  readonly method: string
  readonly path: RegExp
  /** As each host's own documentation says to send a token. */
  readonly isLoggedIn: (asked: Asked) => boolean
  readonly unauthorized: unknown
  readonly answer: (asked: Asked, parts: readonly string[]) => Problem
}

export interface Protocol {
  readonly url: string
  readonly port: number
  readonly requests: readonly Recorded[]
  readonly shown: readonly Shown[]
  readonly checks: readonly Check[]
  /** Takes all tokens of the App back. */
  revoke(): void
  /** Answers the next requests before anything else looks at them; undefined lets one through. */
  intercept: ((request: Recorded, response: ServerResponse) => 'answered' | undefined) | undefined
}

export interface ProtocolOptions {
  /** Commits that there are; none for all. */
  readonly shas?: readonly string[]
  /** Whether `TOKEN` is the token of a GitHub App. */
  readonly isApp?: boolean
  /** Of a GitHub App that is installed on org/repo, and its tokens' life. */
  readonly app?: { readonly id: string; readonly key: KeyObject; readonly now: () => number; readonly lifeMs: number }
}

export async function serveGitHosts({ shas = [SHA], isApp = true, app }: ProtocolOptions = {}): Promise<Protocol> {
  /** Made for the App, with the end of their lives. */
  const installation = new Map<string, number>()
  const isGitHubToken = (login: string | undefined): boolean => {
    const [scheme, token = ''] = login?.split(' ') ?? []
    if (scheme !== 'token' && scheme !== 'Bearer') return false
    return token === TOKEN || (app !== undefined && (installation.get(token) ?? 0) > app.now())
  }
  const isOfApp = (login: string | undefined): boolean => (login?.endsWith(TOKEN) ? isApp : isGitHubToken(login))
  const isJwt = (login: string | undefined): boolean => {
    const [header = '', claims = '', signature = ''] = login?.replace(/^bearer /i, '').split('.') ?? []
    if (
      app === undefined ||
      !createVerify('RSA-SHA256').update(`${header}.${claims}`).verify(app.key, signature, 'base64url')
    )
      return false
    const { iss, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
    const now = app.now() / 1_000
    return iss === app.id && Number(iat) <= now && Number(exp) > now && Number(exp) - Number(iat) <= 600
  }
  const shown: Shown[] = []
  const checks: Check[] = []
  const knows = (sha: string | undefined): boolean => sha !== undefined && (shas.includes(sha) || shas.length === 0)
  const basic = `Basic ${Buffer.from(`jane:${TOKEN}`).toString('base64')}`
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const show = (host: string, repository: string, sha: string, fields: readonly unknown[]): void => {
    const [context, state, description, url] = fields.map(text)
    shown.push({ host, repository, sha, context: context!, state: state!, description: description!, url: url! })
  }

  const routes: readonly Route[] = [
    {
      host: 'github',
      method: 'POST',
      path: /^\/api\/v3\/repos\/([^/]+\/[^/]+)\/statuses\/([0-9a-f]+)$/,
      isLoggedIn: ({ login }) => isGitHubToken(login),
      unauthorized: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' },
      answer({ body }, [repository = '', sha = '']) {
        if (!knows(sha)) return { status: 422, body: { message: `No commit found for SHA: ${sha}`, status: '422' } }
        const { context, state, description, target_url: url } = body
        if (!['error', 'failure', 'pending', 'success'].includes(text(state)) || text(description).length > 140) {
          return { status: 422, body: { message: 'Validation Failed', errors: [{ field: 'state' }] } }
        }
        show('github', repository, sha, [context, state, description, url])
        return { status: 201, body: { id: shown.length, state, context } }
      },
    },
    {
      host: 'github',
      method: 'POST',
      path: /^\/api\/v3\/repos\/([^/]+\/[^/]+)\/check-runs$/,
      isLoggedIn: ({ login }) => isGitHubToken(login),
      unauthorized: { message: 'Bad credentials' },
      answer({ body, login }, [repository = '']) {
        if (!isOfApp(login)) return { status: 403, body: { message: 'You must authenticate via a GitHub App.' } }
        const sha = text(body['head_sha'])
        if (!knows(sha)) return { status: 422, body: { message: `No commit found for SHA: ${sha}` } }
        const id = checks.length + 1
        checks.push({ id, body: { ...body } })
        show('check', repository, sha, [
          body['name'],
          body['conclusion'] ?? body['status'],
          titleOf(body),
          body['details_url'],
        ])
        return { status: 201, body: { id, ...body } }
      },
    },
    {
      host: 'github',
      method: 'PATCH',
      path: /^\/api\/v3\/repos\/([^/]+\/[^/]+)\/check-runs\/(\d+)$/,
      isLoggedIn: ({ login }) => isGitHubToken(login),
      unauthorized: { message: 'Bad credentials' },
      answer({ body }, [repository = '', id = '']) {
        const check = checks.find(one => one.id === Number(id))
        if (check === undefined) return { status: 404, body: { message: 'Not Found' } }
        check.body = { ...check.body, ...body }
        const now = check.body
        show('check', repository, text(now['head_sha']), [
          now['name'],
          now['conclusion'] ?? now['status'],
          titleOf(now),
          now['details_url'],
        ])
        return { status: 200, body: { ...now, id: check.id } }
      },
    },
    {
      host: 'github',
      method: 'GET',
      path: /^\/api\/v3\/repos\/[^/]+\/[^/]+\/commits\/([0-9a-f]+)\/check-runs$/,
      isLoggedIn: ({ login }) => isGitHubToken(login),
      unauthorized: { message: 'Bad credentials' },
      answer({ query }, [sha]) {
        const found = checks.filter(({ body }) => body['head_sha'] === sha && body['name'] === query.get('check_name'))
        return {
          status: 200,
          body: { total_count: found.length, check_runs: found.map(({ id, body }) => ({ ...body, id })) },
        }
      },
    },
    {
      host: 'github',
      method: 'GET',
      path: /^\/api\/v3\/repos\/([^/]+\/[^/]+)\/installation$/,
      isLoggedIn: ({ login }) => isJwt(login),
      unauthorized: { message: 'A JSON web token could not be decoded' },
      answer: (_, [repository]) =>
        repository === 'org/repo' ? { status: 200, body: { id: 77 } } : { status: 404, body: { message: 'Not Found' } },
    },
    {
      host: 'github',
      method: 'POST',
      path: /^\/api\/v3\/app\/installations\/77\/access_tokens$/,
      isLoggedIn: ({ login }) => isJwt(login),
      unauthorized: { message: 'A JSON web token could not be decoded' },
      answer({ body }) {
        const until = (app?.now() ?? 0) + (app?.lifeMs ?? 0)
        const token = `ghs_${installation.size}`
        installation.set(token, until)
        return {
          status: 201,
          body: { token, expires_at: new Date(until).toISOString(), repositories: body['repositories'] },
        }
      },
    },
    {
      host: 'gitlab',
      method: 'POST',
      path: /^\/api\/v4\/projects\/([^/]+)\/statuses\/([0-9a-f]+)$/,
      isLoggedIn: ({ token }) => token === TOKEN,
      unauthorized: { message: '401 Unauthorized' },
      answer({ body }, [project = '', sha = '']) {
        if (!knows(sha)) return { status: 404, body: { message: '404 Commit Not Found' } }
        const { name, state, description, target_url: url } = body
        if (!['pending', 'running', 'success', 'failed', 'canceled'].includes(text(state))) {
          return { status: 400, body: { error: 'state does not have a valid value' } }
        }
        const repository = decodeURIComponent(project)
        const before = shown.findLast(
          one => one.host === 'gitlab' && one.repository === repository && one.sha === sha && one.context === name,
        )
        const order = ['pending', 'running']
        // A status that has ended is followed by a new one; one that goes on moves forward only.
        if (
          before &&
          order.includes(before.state) &&
          order.indexOf(text(state)) !== -1 &&
          order.indexOf(text(state)) <= order.indexOf(before.state)
        ) {
          const event = state === 'pending' ? 'enqueue' : 'run'
          return {
            status: 400,
            body: {
              message: `Cannot transition status via :${event} from :${before.state} (Reason(s): Status cannot transition via "${event}")`,
            },
          }
        }
        show('gitlab', repository, sha, [name, state, description, url])
        return { status: 201, body: { id: shown.length, sha, status: state, name } }
      },
    },
    {
      host: 'gitea',
      method: 'POST',
      path: /^\/api\/v1\/repos\/([^/]+\/[^/]+)\/statuses\/([0-9a-f]+)$/,
      isLoggedIn: ({ login }) => isGitHubToken(login),
      unauthorized: { message: 'token is required', url: 'http://127.0.0.1/api/swagger' },
      answer({ body }, [repository = '', sha = '']) {
        if (!knows(sha)) return { status: 404, body: { message: 'object does not exist' } }
        const { context, state, description, target_url: url } = body
        show('gitea', repository, sha, [context, state, description, url])
        return { status: 201, body: { id: shown.length, status: state, context } }
      },
    },
    {
      host: 'bitbucket',
      method: 'POST',
      path: /^\/2\.0\/repositories\/([^/]+\/[^/]+)\/commit\/([0-9a-f]+)\/statuses\/build$/,
      isLoggedIn: ({ login }) => login === `Bearer ${TOKEN}` || login === basic,
      unauthorized: { type: 'error', error: { message: 'Token is invalid or not supported for this endpoint.' } },
      answer({ body }, [repository = '', sha = '']) {
        const { key, state, description, url } = body
        if (!knows(sha)) return { status: 404, body: { type: 'error', error: { message: `Commit not found: ${sha}` } } }
        if (text(key).length > 40 || text(url) === '') {
          return {
            status: 400,
            body: { type: 'error', error: { message: 'Bad request', fields: { key: ['too long'] } } },
          }
        }
        show('bitbucket', repository, sha, [key, state, description, url])
        return { status: 201, body: { key, state } }
      },
    },
    {
      host: 'bitbucket-server',
      method: 'POST',
      path: /^\/rest\/api\/latest\/projects\/([^/]+\/repos\/[^/]+)\/commits\/([0-9a-f]+)\/builds$/,
      isLoggedIn: ({ login }) => login === `Bearer ${TOKEN}` || login === basic,
      unauthorized: { errors: [{ context: null, message: 'Authentication failed.', exceptionName: null }] },
      answer({ body }, [repository = '', sha = '']) {
        const { key, state, description, url } = body
        if (!knows(sha)) return { status: 404, body: { errors: [{ message: `Commit "${sha}" does not exist` }] } }
        if (text(url) === '') return { status: 400, body: { errors: [{ message: 'url is required' }] } }
        show('bitbucket-server', repository, sha, [key, state, description, url])
        return { status: 204, body: undefined }
      },
    },
  ]

  const protocol: { intercept: Protocol['intercept'] } = { intercept: undefined }
  const recorder = await record((request, response) => {
    if (protocol.intercept?.(request, response) === 'answered') return
    const { status, body, headers } = route(routes, request)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  })
  return Object.assign(protocol, { ...recorder, shown, checks, revoke: () => installation.clear() })
}

function route(routes: readonly Route[], { line, headers, body }: Recorded): Problem {
  const [method = '', target = ''] = line.split(' ')
  const [path = '', query = ''] = target.split('?')
  const found = routes.find(one => one.method === method && one.path.test(path))
  if (found === undefined) return { status: 404, body: { message: 'Not Found' } }
  const parsed: unknown = body === '' ? {} : JSON.parse(body)
  const token = headers['private-token']
  const asked: Asked = {
    method,
    path,
    query: new URLSearchParams(query),
    login: headers.authorization,
    token: typeof token === 'string' ? token : undefined,
    body: parsed as Readonly<Record<string, unknown>>,
  }
  if (!found.isLoggedIn(asked)) return { status: 401, body: found.unauthorized }
  if (method !== 'GET' && !headers['content-type']?.startsWith('application/json')) return { status: 415, body: {} }
  return found.answer(asked, found.path.exec(path)?.slice(1) ?? [])
}

function titleOf(body: Readonly<Record<string, unknown>>): unknown {
  return (body['output'] as { readonly title?: unknown } | undefined)?.title
}

/** Each host is sent what its API takes, with the login as it wants it; what it refuses, and why, is told apart. */
import { expect, test } from 'vitest'
import { allowList, publicAddresses } from '../../src/fetch/addresses.js'
import { createGuard } from '../../src/fetch/guard.js'
import type { BuildPlace, BuildReport, BuildState, GitHostKind, Sent } from '../../src/git-host/build-report.js'
import { createAppTokens } from '../../src/git-host/github-app.js'
import { sendReport } from '../../src/git-host/send-report.js'
import { json, record } from '../fetch/recorder.js'
import { cases } from '../helpers/cases.js'
import { SHA, serveGitHosts, TOKEN } from './protocol.js'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const loopback = createGuard(publicAddresses(allowList('127.0.0.1'), 'tests send to'))

const REPORT: BuildReport = {
  state: 'success',
  context: 'tektite/build',
  description: 'Succeeded after 3s: 2 tasks',
  url: 'https://ci.example.com/default/build-abc',
  externalId: 'uid-1',
  summary: 'all well',
  startedAt: '2026-11-22T11:59:57Z',
  completedAt: '2026-11-22T12:00:00Z',
}

const APIS: Readonly<Record<GitHostKind, string>> = {
  github: '/api/v3',
  'github-check': '/api/v3',
  gitlab: '/api/v4',
  bitbucket: '/2.0',
  'bitbucket-server': '',
  gitea: '/api/v1',
}

function placeAt(url: string, kind: GitHostKind, change: Partial<BuildPlace> = {}): BuildPlace {
  const login = { username: '', token: TOKEN }
  return { kind, api: `${url}${APIS[kind]}`, web: url, repository: ['org', 'repo'], sha: SHA, login, ...change }
}

function send(place: BuildPlace, change: Partial<BuildReport> = {}, sent: Sent = {}, guard = loopback) {
  const signal = new AbortController().signal
  return sendReport(place, { ...REPORT, ...change }, sent, {
    guard,
    signal,
    now: () => NOW,
    apps: createAppTokens(() => NOW),
  })
}

test.each(
  cases<{
    kind: GitHostKind
    place?: Partial<BuildPlace>
    line: string
    header: readonly [string, string]
    body: unknown
  }>({
    GitHub: {
      kind: 'github',
      line: `POST /api/v3/repos/org/repo/statuses/${SHA}`,
      header: ['authorization', `token ${TOKEN}`],
      body: { state: 'success', context: 'tektite/build', description: REPORT.description, target_url: REPORT.url },
    },
    'GitHub, a check run': {
      kind: 'github-check',
      line: 'POST /api/v3/repos/org/repo/check-runs',
      header: ['authorization', `token ${TOKEN}`],
      body: {
        name: 'tektite/build',
        head_sha: SHA,
        external_id: 'uid-1',
        details_url: REPORT.url,
        started_at: REPORT.startedAt,
        status: 'completed',
        conclusion: 'success',
        completed_at: REPORT.completedAt,
        output: { title: REPORT.description, summary: 'all well' },
      },
    },
    'GitLab, in a subgroup': {
      kind: 'gitlab',
      place: { repository: ['group', 'sub', 're po'] },
      line: `POST /api/v4/projects/group%2Fsub%2Fre%20po/statuses/${SHA}`,
      header: ['private-token', TOKEN],
      body: { state: 'success', name: 'tektite/build', description: REPORT.description, target_url: REPORT.url },
    },
    'Bitbucket Cloud, an access token': {
      kind: 'bitbucket',
      line: `POST /2.0/repositories/org/repo/commit/${SHA}/statuses/build`,
      header: ['authorization', `Bearer ${TOKEN}`],
      body: {
        state: 'SUCCESSFUL',
        key: 'tektite/build',
        name: 'tektite/build',
        description: REPORT.description,
        url: REPORT.url,
      },
    },
    "Bitbucket Cloud, a user's token": {
      kind: 'bitbucket',
      place: { login: { username: 'jane', token: TOKEN } },
      line: `POST /2.0/repositories/org/repo/commit/${SHA}/statuses/build`,
      header: ['authorization', `Basic ${Buffer.from(`jane:${TOKEN}`).toString('base64')}`],
      body: {
        state: 'SUCCESSFUL',
        key: 'tektite/build',
        name: 'tektite/build',
        description: REPORT.description,
        url: REPORT.url,
      },
    },
    'Bitbucket Server': {
      kind: 'bitbucket-server',
      place: { repository: ['~jane', 'repo'] },
      line: `POST /rest/api/latest/projects/~jane/repos/repo/commits/${SHA}/builds`,
      header: ['authorization', `Bearer ${TOKEN}`],
      body: {
        state: 'SUCCESSFUL',
        key: 'tektite/build',
        name: 'tektite/build',
        description: REPORT.description,
        url: REPORT.url,
      },
    },
    Gitea: {
      kind: 'gitea',
      line: `POST /api/v1/repos/org/repo/statuses/${SHA}`,
      header: ['authorization', `token ${TOKEN}`],
      body: { state: 'success', context: 'tektite/build', description: REPORT.description, target_url: REPORT.url },
    },
  }),
)('%s', async (_, { kind, place, line, header: [name, value], body }) => {
  const host = await serveGitHosts()
  expect(await send(placeAt(host.url, kind, place))).toMatchObject({ is: 'taken' })
  expect(host.requests.map(one => one.line)).toEqual([line])
  expect(host.requests[0]?.headers[name]).toBe(value)
  expect(JSON.parse(host.requests[0]?.body ?? '')).toEqual(body)
})

const WORDS: Readonly<
  Record<BuildState, readonly [github: string, check: string, gitlab: string, cloud: string, server: string]>
> = {
  queued: ['pending', 'queued', 'pending', 'INPROGRESS', 'INPROGRESS'],
  running: ['pending', 'in_progress', 'running', 'INPROGRESS', 'INPROGRESS'],
  success: ['success', 'success', 'success', 'SUCCESSFUL', 'SUCCESSFUL'],
  failure: ['failure', 'failure', 'failed', 'FAILED', 'FAILED'],
  error: ['error', 'failure', 'failed', 'FAILED', 'FAILED'],
  cancelled: ['error', 'cancelled', 'canceled', 'STOPPED', 'CANCELLED'],
  timedOut: ['failure', 'timed_out', 'failed', 'FAILED', 'FAILED'],
}

test.each(Object.entries(WORDS))(
  'a run that is %s, in the words of each host',
  async (state, [github, check, gitlab, cloud, server]) => {
    const host = await serveGitHosts()
    const kinds: readonly GitHostKind[] = ['github', 'github-check', 'gitlab', 'bitbucket', 'bitbucket-server', 'gitea']
    for (const kind of kinds) {
      const outcome = await send(placeAt(host.url, kind), { state: state as BuildState })
      expect([kind, outcome.is]).toEqual([kind, 'taken'])
    }
    expect(host.shown.map(one => one.state)).toEqual([github, check, gitlab, cloud, server, github])
  },
)

test('without an address of its own a report to Bitbucket links to the commit; elsewhere it links nowhere', async () => {
  const host = await serveGitHosts()
  for (const kind of ['bitbucket', 'bitbucket-server', 'gitlab'] as const)
    await send(placeAt(host.url, kind), { url: '' })
  expect(host.shown.map(one => one.url)).toEqual([
    `${host.url}/org/repo/commits/${SHA}`,
    `${host.url}/projects/org/repos/repo/commits/${SHA}`,
    '',
  ])
})

test('a context too long for a Bitbucket key is cut, and stays apart from another one', async () => {
  const host = await serveGitHosts()
  const long = `tektite/${'pipeline-'.repeat(10)}`
  await send(placeAt(host.url, 'bitbucket'), { context: `${long}a` })
  await send(placeAt(host.url, 'bitbucket'), { context: `${long}b` })
  const [one, other] = host.shown.map(({ context }) => context)
  expect([one?.length, other?.length, one === other]).toEqual([40, 40, false])
})

test('a check run is made once and then changed; one whose making was not answered is found', async () => {
  const host = await serveGitHosts()
  const place = placeAt(host.url, 'github-check')
  expect(await send(place, { state: 'running', completedAt: '' })).toEqual({ is: 'taken', checkId: 1 })
  expect(await send(place, {}, { checkId: 1 })).toEqual({ is: 'taken', checkId: 1 })
  expect(await send(place, { state: 'failure' }, { mayHaveCheck: true })).toEqual({ is: 'taken', checkId: 1 })
  expect(await send(place, { externalId: 'another' }, { mayHaveCheck: true, onlyExisting: true })).toEqual({
    is: 'taken',
  })
  expect(host.checks.map(({ id, body }) => [id, body['conclusion']])).toEqual([[1, 'failure']])
})

test('GitLab has heard already what it refuses to hear twice, unless that is the end', async () => {
  const host = await serveGitHosts()
  const place = placeAt(host.url, 'gitlab')
  for (const state of ['queued', 'queued', 'running', 'running', 'queued'] as const) {
    expect([state, (await send(place, { state })).is]).toEqual([state, 'taken'])
  }
  expect(host.shown.map(one => one.state)).toEqual(['pending', 'running'])
  host.intercept = (request, response) => {
    json({ message: 'Cannot transition status via :drop from :success' }, 400)(request, response)
    return 'answered'
  }
  expect(await send(place, { state: 'failure' })).toMatchObject({ is: 'refused' })
})

test.each(
  cases<{ status: number; headers?: Record<string, string>; body?: unknown; outcome: Record<string, unknown> }>({
    'a server that fails': { status: 502, outcome: { is: 'later', concerns: 'report' } },
    'too many requests': {
      status: 429,
      headers: { 'retry-after': '17' },
      outcome: { is: 'later', concerns: 'host', afterMs: 17_000 },
    },
    'too many requests, until a time': {
      status: 429,
      headers: { 'retry-after': 'Sun, 22 Nov 2026 12:00:30 GMT' },
      outcome: { is: 'later', concerns: 'host', afterMs: 30_000 },
    },
    'a budget that is used up': {
      status: 403,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1_000 + 90) },
      outcome: { is: 'later', concerns: 'host', afterMs: 90_000 },
    },
    'a second limit': {
      status: 403,
      body: { message: 'You have exceeded a secondary rate limit.' },
      outcome: { is: 'later', concerns: 'host' },
    },
    'a pause of a year is an hour': {
      status: 503,
      headers: { 'retry-after': '31536000' },
      outcome: { is: 'later', concerns: 'host', afterMs: 3_600_000 },
    },
    'a pause that is over': {
      status: 503,
      headers: { 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' },
      outcome: { is: 'later', concerns: 'report' },
    },
    'a bad token': {
      status: 401,
      body: { message: 'Bad credentials' },
      outcome: {
        is: 'refused',
        message: expect.stringMatching(/answered 401, "Bad credentials" to a commit status\. .*renew it/),
      },
    },
    'a right that lacks': {
      status: 403,
      body: { message: 'Resource not accessible' },
      outcome: { is: 'refused', message: expect.stringContaining('give it that right') },
    },
    'nothing there': { status: 404, outcome: { is: 'refused', message: expect.stringContaining('does not exist') } },
    'a commit that is none': {
      status: 422,
      body: { message: 'No commit found for SHA: x' },
      outcome: { is: 'refused', message: expect.stringContaining('No commit found') },
    },
    'a host that repeats the token': {
      status: 400,
      body: { errors: [{ message: `bad\n\u202etoken ${TOKEN}` }] },
      outcome: { is: 'refused', message: expect.stringContaining('"bad token ***"') },
    },
    'a page instead of JSON': {
      status: 400,
      body: '<html>',
      outcome: { is: 'refused', message: expect.stringMatching(/answered 400 to/) },
    },
  }),
)('%s', async (_, { status, headers, body, outcome }) => {
  const { url } = await record((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}))
  })
  for (const kind of ['github', 'gitlab', 'gitea'] as const) {
    const came = await send(placeAt(url, kind))
    expect([kind, came]).toEqual([kind, expect.objectContaining(outcome)])
    if (outcome['afterMs'] === undefined) expect(came).not.toHaveProperty('afterMs')
    expect(JSON.stringify(came)).not.toContain(TOKEN)
  }
})

test.each(['github', 'github-check', 'gitlab', 'bitbucket', 'bitbucket-server', 'gitea'] as const)(
  '%s: after a redirect to another host nothing of the report or the token is sent there',
  async kind => {
    const other = await record(json({}, 201))
    for (const status of [301, 302, 303, 307, 308]) {
      const { url } = await record((_request, response) =>
        response.writeHead(status, { location: `${other.url}/x` }).end(),
      )
      const outcome = await send(placeAt(url, kind))
      expect(outcome).toMatchObject({
        is: 'refused',
        message: expect.stringContaining(`redirects to ${new URL(other.url).host}`),
      })
    }
    expect(other.requests).toEqual([])
  },
)

test.each(['github', 'gitlab'] as const)('%s: a repository with a new name is followed within its host', async kind => {
  const host = await serveGitHosts()
  const renamed = placeAt(host.url, kind, { repository: ['org', 'old'] })
  host.intercept = (request, response) => {
    if (!request.line.includes('old')) return undefined
    response.writeHead(307, { location: request.line.split(' ')[1]?.replace('old', 'repo') }).end()
    return 'answered'
  }
  expect(await send(renamed)).toMatchObject({ is: 'taken' })
  expect(host.shown).toMatchObject([{ repository: 'org/repo', state: 'success' }])
})

test('a host that does not answer is tried later; an address that is not allowed never', async () => {
  const closed = await record(json({}))
  const nobody = createGuard(publicAddresses(allowList(''), 'tests send to'))
  for (const kind of ['github', 'gitlab'] as const) {
    const silent = await record((_request, response) => response.destroy())
    expect(await send(placeAt(silent.url, kind))).toMatchObject({ is: 'later', concerns: 'host' })
    const outcome = await send(placeAt(closed.url, kind), {}, {}, nobody)
    expect(outcome).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('"127.0.0.1" is a loopback address'),
    })
  }
  expect(closed.requests).toEqual([])
})

/** `addChangedFiles` and `githubOwners` against a server that answers as GitHub's API does. */
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import type { OutsideDeps } from '../../../listeners/outside.js'
import type { Secret } from '../../../src/resources/core.js'
import { type ChainedInterceptor, runChain } from '../../../src/trigger/interceptors/chain.js'
import { endless, type Recorder, record } from '../../fetch/recorder.js'
import { cases } from '../../helpers/cases.js'
import { outsideFor } from '../../listeners/outside.js'
import { event } from '../events.js'

const TOKEN = 'ghp_t0ken'
const METADATA = { namespace: 'ci', uid: '1', resourceVersion: '1', creationTimestamp: '' }
const SECRETS: ReadonlyMap<string, Secret> = new Map([
  [
    'ci/github',
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...METADATA, name: 'github' },
      stringData: { token: TOKEN, hook: 'h00k' },
    },
  ],
])
const personalAccessToken = { secretName: 'github', secretKey: 'token' }

/** Paths with their queries → status and JSON. Anything else is 404, as GitHub says it. */
type Api = Readonly<Record<string, readonly [status: number, data: unknown, link?: string]>>

function gitHub(api: Api): Promise<Recorder> {
  return record(({ line }, response) => {
    const path = line.replace('GET ', '')
    const [status, data, link] = Object.hasOwn(api, path) ? (api[path] ?? []) : [404, { message: 'Not Found' }]
    const headers = { 'content-type': 'application/json; charset=utf-8', ...(link && { link }) }
    response.writeHead(status ?? 500, headers).end(status === 204 ? undefined : JSON.stringify(data))
  })
}

interface Asking {
  readonly type: string
  readonly body: unknown
  readonly params: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(api: Recorder | string, asking: Asking, change: Partial<OutsideDeps> = {}) {
  const { type, body, params, headers = {} } = asking
  const list = Object.entries(params).map(([name, value]) => ({ name, value }))
  const chain: readonly ChainedInterceptor[] = [
    { interceptor: { ref: { name: 'github' }, params: list }, namespace: 'ci' },
  ]
  const apiUrl = typeof api === 'string' ? api : api.url
  const outside = await outsideFor({ allowedHosts: '', gitHub: { apiUrl, enterpriseHosts: '' }, ...change })
  const sent = event({ headers: { 'X-GitHub-Event': type, ...headers }, body: JSON.stringify(body) })
  return runChain(chain, sent, SECRETS, { outside })
}

const PULL = { action: 'opened', number: 7, repository: { full_name: 'o/r.x' }, sender: { login: 'Ada' } }
const CHANGED = { addChangedFiles: { enabled: true, personalAccessToken } }

function failure(message: string) {
  return { is: 'fail', by: 'interceptors[0] github', message }
}

test('the files of a pull request, from all pages, with the token', async () => {
  const page = (n: number) => `/repos/o/r.x/pulls/7/files?per_page=100&page=${n}`
  const files = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ filename: `f${from + i}`, status: 'modified' }))
  const api = await gitHub({
    [page(1)]: [200, files(0, 100), '<https://elsewhere.example/page2>; rel="next", <https://x>; rel="last"'],
    [page(2)]: [200, files(100, 3), '<https://x>; rel="prev"'],
  })
  const answer = await ask(api, { type: 'pull_request', body: PULL, params: CHANGED })
  const expected = Array.from({ length: 103 }, (_, i) => `f${i}`).join(',')
  expect(answer).toEqual({ is: 'continue', extensions: { changed_files: expected } })
  expect(api.requests.map(({ line }) => line)).toEqual([`GET ${page(1)}`, `GET ${page(2)}`])
  for (const { headers } of api.requests) expect(headers.authorization).toBe(`token ${TOKEN}`)
})

test('no token: asked as anybody', async () => {
  const api = await gitHub({ '/repos/o/r.x/pulls/7/files?per_page=100&page=1': [200, []] })
  const params = { addChangedFiles: { enabled: true } }
  expect(await ask(api, { type: 'pull_request', body: PULL, params })).toEqual({
    is: 'continue',
    extensions: { changed_files: '' },
  })
  expect(api.requests[0]?.headers).not.toHaveProperty('authorization')
})

test('a pull request without end is given up, and said so', async () => {
  const api = await record((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json', link: '<https://x>; rel="next"' })
      .end('[{"filename":"a"}]'),
  )
  const answer = await ask(api, { type: 'pull_request', body: PULL, params: CHANGED })
  expect(answer).toEqual(
    failure(
      'error getting changed files: the pull request changes more than 3000 files, which is more than GitHub lists',
    ),
  )
  expect(api.requests).toHaveLength(30)
})

const PUSH = {
  repository: { full_name: 'o/r' },
  commits: [
    { added: ['a', 'b,c'], modified: ['m'], removed: [] },
    { added: [], modified: ['m'], removed: ['r'] },
  ],
}

test('the files of a push are in it: nobody is asked', async () => {
  const answer = await ask('http://127.0.0.1:1', { type: 'push', body: PUSH, params: CHANGED })
  expect(answer).toEqual({ is: 'continue', extensions: { changed_files: 'a,b,c,m,m,r' } })
})

const BODY = 'error parsing body: '

test.each(
  cases<Partial<Asking> & { readonly message?: string }>({
    'another event has no files': { type: 'issues', body: {} },
    'a tag has no commits': { type: 'push', body: { repository: { full_name: 'o/r' }, commits: [] } },
    'a commit without its lists': {
      type: 'push',
      body: { ...PUSH, commits: [{ added: [], modified: [] }] },
      message: `${BODY}payload body missing 'commits.*.removed' field`,
    },
    'a commit that is a text': {
      type: 'push',
      body: { ...PUSH, commits: ['x'] },
      message: `${BODY}payload body missing 'commits.*.added' field`,
    },
    'no number': { body: { ...PULL, number: undefined }, message: `${BODY}pull_request body missing 'number' field` },
    'a number that is a path': {
      body: { ...PULL, number: '7/../../../../user' },
      message: `${BODY}pull_request body missing 'number' field`,
    },
    'no repository': {
      body: { ...PULL, repository: undefined },
      message: `${BODY}payload body missing 'repository' field`,
    },
    'no full name': {
      body: { ...PULL, repository: {} },
      message: `${BODY}payload body missing 'repository.full_name' field`,
    },
    'a repository that leads elsewhere': {
      body: { ...PULL, repository: { full_name: '../user' } },
      message: `${BODY}'repository.full_name' of the payload is "../user", which is no <owner>/<repository>`,
    },
    'a repository without an owner': {
      body: { ...PULL, repository: { full_name: 'triggers' } },
      message: `${BODY}'repository.full_name' of the payload is "triggers", which is no <owner>/<repository>`,
    },
    'no body': { body: null, message: `${BODY}body is empty` },
    'a token that is nowhere': {
      params: { addChangedFiles: { enabled: true, personalAccessToken: { secretName: 'gone', secretKey: 'x' } } },
      message: 'error getting secret: secrets "ci/gone" not found',
    },
    'a token without its key': {
      params: { addChangedFiles: { enabled: true, personalAccessToken: { secretName: 'github' } } },
      message: 'error getting secret: github interceptor githubToken.secretKey is empty',
    },
    'the wrong type': {
      params: { addChangedFiles: { enabled: 'yes' } },
      message:
        'failed to parse interceptor params: invalid json: json: cannot unmarshal string into Go struct field AddChangedFiles.addChangedFiles.enabled of type bool',
    },
  }),
)('changed files, and nobody is asked: %s', async (_, { type = 'pull_request', body, params = CHANGED, message }) => {
  const api = await gitHub({})
  const answer = await ask(api, { type, body, params })
  if (message === undefined) expect(answer).toHaveProperty('is', 'continue')
  else expect(answer).toEqual(failure(message))
  expect(api.requests).toEqual([])
})

test('what GitHub refuses, or does not say, fails the trigger without the token', async () => {
  const asking = { type: 'pull_request', body: PULL, params: CHANGED }
  const begin = 'error getting changed files: '
  const path = '/repos/o/r.x/pulls/7/files'
  const limited = await gitHub({ [`${path}?per_page=100&page=1`]: [403, { message: 'API rate limit exceeded' }] })
  expect(await ask(limited, asking)).toEqual(failure(`${begin}GET ${path}: 403 API rate limit exceeded`))
  const odd = await gitHub({ [`${path}?per_page=100&page=1`]: [200, { message: 'hello' }] })
  expect(await ask(odd, asking)).toEqual(failure(`${begin}GitHub did not answer with a list of files`))
  const bomb = await record(endless)
  const large = await ask(bomb, asking)
  expect(large).toEqual(failure(`${begin}GET ${path}: response body exceeds maximum allowed size of 16777216 bytes`))
  const gone = await ask('http://127.0.0.1:1', asking)
  expect(gone).toMatchObject({ is: 'fail', message: expect.stringContaining('connect ECONNREFUSED') })
  expect(JSON.stringify([large, gone])).not.toContain(TOKEN)
})

test('a host that the sender names is asked only when the installation knows it', async () => {
  const asking = { type: 'pull_request', body: PULL, params: CHANGED }
  const from = (host: string) => ({ ...asking, headers: { 'X-GitHub-Enterprise-Host': host } })
  const api = await gitHub({})
  const refused = await ask(api, from('169.254.169.254'))
  expect(refused).toMatchObject({
    is: 'fail',
    message: expect.stringMatching(
      /the host "169\.254\.169\.254" of X-GitHub-Enterprise-Host is not known here: add it to the environment variable TEKTITE_GITHUB_ENTERPRISE_HOSTS/,
    ),
  })
  for (const host of [
    'github.corp.example.evil.example',
    'evil.example/github.corp.example',
    'x@github.corp.example',
  ]) {
    const gitHub = { apiUrl: api.url, enterpriseHosts: 'github.corp.example' }
    expect(await ask(api, from(host), { gitHub })).toMatchObject({
      is: 'fail',
      message: expect.stringContaining('is not known here'),
    })
  }
  expect(api.requests).toEqual([])
  // One that is known is asked itself, by https, and not the API of the installation.
  const gitHub2 = { apiUrl: api.url, enterpriseHosts: 'other.example, https://GitHub.corp.example/' }
  expect(await ask(api, from('github.corp.example'), { gitHub: gitHub2 })).toMatchObject({
    is: 'fail',
    message: expect.stringContaining('the name "github.corp.example" cannot be resolved'),
  })
  expect(api.requests).toEqual([])
})

test('Tekton’s ConfigMap of Enterprise hosts counts too', async () => {
  const config = `
apiVersion: v1
kind: ConfigMap
metadata: { name: config-triggers-core-interceptors, namespace: tekton-pipelines }
data: { github.enterprise-host-allowlist: "ghe.corp.example, other.example" }
`
  const gitHub = { apiUrl: 'http://127.0.0.1:1', enterpriseHosts: '' }
  const outside = await outsideFor({ allowedHosts: '', gitHub }, config)
  const reader = outside.gitHub({ enterpriseHost: 'ghe.corp.example', token: TOKEN })
  expect(await reader.get('/user', {})).toEqual({
    is: 'failed',
    message: 'the name "ghe.corp.example" cannot be resolved: ENOTFOUND',
  })
})

const COMMENT = {
  action: 'created',
  issue: { number: 7 },
  comment: { body: 'looks good\r\n/ok-to-test\r\nthanks' },
  repository: { full_name: 'o/r' },
  sender: { login: 'Ada' },
}

function owners(checkType: string | undefined, withToken = true) {
  return { githubOwners: { enabled: true, checkType, ...(withToken && { personalAccessToken }) } }
}

function ownersFile(text: string): readonly [number, unknown] {
  return [200, { type: 'file', encoding: 'base64', content: Buffer.from(text).toString('base64') }]
}

const FILE = '/repos/o/r/contents/OWNERS'
const MEMBER = '/orgs/o/public_members/Ada'
const COLLABORATOR = '/repos/o/r/collaborators/Ada'
const OWN_PULL = { ...PULL, repository: { full_name: 'o/r' } }

interface OwnersCase {
  readonly api?: Api
  readonly body?: unknown
  readonly type?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly stops?: string
  readonly fails?: string
  readonly asked?: readonly string[]
}

const UNMET = 'owners check requirements not met'
const VERIFYING = 'error checking owner verification: '

test.each(
  cases<OwnersCase>({
    'a public member of the organisation': { api: { [MEMBER]: [204, undefined] }, asked: [MEMBER] },
    'no member, not in the file': {
      api: { [FILE]: ownersFile('approvers: [someone]') },
      stops: UNMET,
      asked: [MEMBER, FILE],
    },
    'no member, an approver in another case': {
      api: { [FILE]: ownersFile('approvers: [bob, ADA]\nreviewers:\n') },
      asked: [MEMBER, FILE],
    },
    'no member, a reviewer': { api: { [FILE]: ownersFile('reviewers:\n- ada\n') }, asked: [MEMBER, FILE] },
    'no file at all': { stops: UNMET, asked: [MEMBER, FILE] },
    'an empty file': { api: { [FILE]: ownersFile('# nobody\n') }, stops: UNMET, asked: [MEMBER, FILE] },
    'members of the repository': {
      params: owners('repoMembers'),
      api: { [COLLABORATOR]: [204, undefined] },
      asked: [COLLABORATOR],
    },
    'all: one after the other': { params: owners('all'), stops: UNMET, asked: [MEMBER, COLLABORATOR, FILE] },
    'none: the file only, without a token': {
      params: owners('none', false),
      api: { [FILE]: ownersFile('approvers: [ada]') },
      asked: [FILE],
    },
    'none, and not in the file': { params: owners('none', false), stops: UNMET, asked: [FILE] },
    'members, without a token': {
      params: owners('orgMembers', false),
      fails: 'checkType is set to check org or repo members but no personalAccessToken was supplied',
    },
    'no checkType, without a token': {
      params: owners(undefined, false),
      fails: 'checkType is set to check org or repo members but no personalAccessToken was supplied',
    },
    'no checkType, with a token': {
      params: owners(undefined),
      api: { [FILE]: ownersFile('approvers: [ada]') },
      asked: [FILE],
    },
    'an /ok-to-test of a member': {
      type: 'issue_comment',
      body: COMMENT,
      api: { [MEMBER]: [204, undefined] },
      asked: [MEMBER],
    },
    'an /ok-to-test of a stranger': { type: 'issue_comment', body: COMMENT, stops: UNMET, asked: [MEMBER, FILE] },
    'another comment of a member': {
      type: 'issue_comment',
      body: { ...COMMENT, comment: { body: 'please say /ok-to-test' } },
      stops: UNMET,
    },
    nearly: {
      type: 'issue_comment',
      body: { ...COMMENT, comment: { body: '/ok-to-test now' } },
      stops: UNMET,
    },
    'another event': { type: 'push', body: PUSH },
    'a sender that leads elsewhere': { body: { ...OWN_PULL, sender: { login: '../../user' } }, stops: UNMET },
    'a bot': {
      body: { ...OWN_PULL, sender: { login: 'dependabot[bot]' } },
      api: { '/orgs/o/public_members/dependabot%5Bbot%5D': [204, undefined] },
      asked: ['/orgs/o/public_members/dependabot%5Bbot%5D'],
    },
    'no sender': {
      body: { ...OWN_PULL, sender: undefined },
      fails: "error parsing body: payload body missing 'sender' field",
    },
    'no number': {
      body: { ...OWN_PULL, number: undefined },
      fails: "error parsing body: pull_request body missing 'number' field",
    },
    'no issue': {
      type: 'issue_comment',
      body: { ...COMMENT, issue: undefined },
      fails: "error parsing body: issue_comment body missing 'issue' section",
    },
    'an issue without a number': {
      type: 'issue_comment',
      body: { ...COMMENT, issue: {} },
      fails: "error parsing body: 'number' field missing in the issue section of issue_comment body",
    },
    'no comment': {
      type: 'issue_comment',
      body: { ...COMMENT, comment: undefined },
      fails: "error parsing body: issue_comment body missing 'comment' section",
    },
    'a comment without text': {
      type: 'issue_comment',
      body: { ...COMMENT, comment: {} },
      fails: "error parsing body: 'body' field missing in the comment section of issue_comment body",
    },
    'no payload': { body: null, fails: 'error parsing body: payload body is empty' },
    'GitHub refuses': {
      api: { [MEMBER]: [401, { message: 'Bad credentials' }] },
      fails: `${VERIFYING}GET ${MEMBER}: 401 Bad credentials`,
      asked: [MEMBER],
    },
    'OWNERS is a directory': {
      api: { [FILE]: [200, []] },
      fails: `${VERIFYING}referenced file inside the Github Repository OWNERS is a directory`,
      asked: [MEMBER, FILE],
    },
    'OWNERS is no YAML': {
      api: { [FILE]: ownersFile('approvers: [ada') },
      fails: `${VERIFYING}OWNERS: yaml: line 1: `,
      asked: [MEMBER, FILE],
    },
    'OWNERS with a mapping for a list': {
      api: { [FILE]: ownersFile('approvers: {ada: true}') },
      fails: `${VERIFYING}OWNERS: yaml: approvers and reviewers are lists of texts`,
      asked: [MEMBER, FILE],
    },
    'OWNERS that grows when it is read': {
      api: {
        [FILE]: ownersFile(
          `a: &a [${'x,'.repeat(99)}x]\nb: &b [${'*a,'.repeat(99)}*a]\nc: &c [${'*b,'.repeat(99)}*b]\napprovers: [ada]`,
        ),
      },
      fails: `${VERIFYING}OWNERS: yaml: line 1: `,
      asked: [MEMBER, FILE],
    },
    'files and owners: the files win, as in Tekton': {
      params: { ...owners('orgMembers'), addChangedFiles: { enabled: true } },
      api: { '/repos/o/r/pulls/7/files?per_page=100&page=1': [200, []] },
      asked: ['/repos/o/r/pulls/7/files?per_page=100&page=1'],
    },
  }),
)('owners: %s', async (_, one) => {
  const { api = {}, body = OWN_PULL, type = 'pull_request', params = owners('orgMembers'), stops, fails } = one
  const server = await gitHub(api)
  const answer = await ask(server, { type, body, params })
  if (stops !== undefined) expect(answer).toEqual({ is: 'stop', by: 'interceptors[0] github', message: stops })
  else if (fails !== undefined) expect(answer).toEqual(failure(expect.stringContaining(fails) as unknown as string))
  else expect(answer).toMatchObject({ is: 'continue' })
  expect(server.requests.map(({ line }) => line.replace('GET ', ''))).toEqual(one.asked ?? [])
})

test('a forged event asks nobody', async () => {
  const api = await gitHub({ [MEMBER]: [204, undefined] })
  const params = { secretRef: { secretName: 'github', secretKey: 'hook' }, ...owners('orgMembers') }
  const asking = { type: 'pull_request', body: OWN_PULL, params }
  expect(await ask(api, asking)).toMatchObject({ is: 'stop', message: 'no X-Hub-Signature-256 header set' })
  expect(api.requests).toEqual([])
  const signature = createHmac('sha256', 'h00k').update(JSON.stringify(OWN_PULL)).digest('hex')
  const signed = { ...asking, headers: { 'X-Hub-Signature-256': `sha256=${signature}` } }
  expect(await ask(api, signed)).toMatchObject({ is: 'continue' })
})

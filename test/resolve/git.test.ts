/** The git resolver against a real repository over HTTP: what it finds, and what a hostile request or repository gets. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createGitResolver } from '../../src/resolve/git.js'
import { cases } from '../helpers/cases.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { storeWith } from '../reconcile/real-store.js'
import { configMap, request, resolutionOf, TASK, told } from './requests.js'
import { LOOPBACK, NOTHING, serve, serveGit, servePaths } from './servers.js'

async function ask(
  params: Readonly<Record<string, string>>,
  guard = LOOPBACK,
  ...more: readonly (string | { readonly path: string })[]
) {
  const cluster = await storeWith(...more.filter(one => typeof one === 'string'))
  const tempDir = temporaryDirectory('git-resolver')
  const path = more.find(one => typeof one === 'object')?.path ?? process.env['PATH'] ?? ''
  const resolution = resolutionOf(cluster, createGitResolver({ cluster, guard, path, tempDir }))
  const answer = told(await resolution.resolve(request('git', params), AbortSignal.timeout(25_000)))
  expect(readdirSync(tempDir), 'nothing is left of a fetch').toEqual([])
  return answer
}

const GETTING = 'error getting "Git" "default/r": '
const INVALID = 'invalid resource request "default/r": '

test('a file is found by branch, tag and commit, with the commit as source', async () => {
  const { repository, commit } = await serveGit({ 'tasks/lint.yaml': TASK, 'link.yaml': '->tasks/lint.yaml' })
  for (const revision of ['main', 'v1', commit, 'refs/heads/main']) {
    const answer = await ask({ url: repository, revision, pathInRepo: '/tasks/lint.yaml' })
    expect(answer).toMatchObject({
      data: TASK,
      refSource: { uri: `git+${repository}`, digest: { sha1: commit }, entryPoint: 'tasks/lint.yaml' },
      annotations: {
        'resolution.tekton.dev/revision': commit,
        'resolution.tekton.dev/path': 'tasks/lint.yaml',
        'resolution.tekton.dev/url': repository,
        'resolution.tekton.dev/content-type': 'application/x-yaml',
      },
    })
  }
  expect(await ask({ url: repository, pathInRepo: 'link.yaml' })).toMatchObject({ data: TASK })
})

const URL = 'https://example.com/x.git'

test.each(
  cases({
    'nothing given': { params: {}, message: 'missing required git resolver params: pathInRepo' },
    'a url and a repo': { params: { url: URL, repo: 'r' }, message: "cannot specify both 'url' and 'repo'" },
    'a repo without an org': {
      params: { repo: 'r', pathInRepo: 'p' },
      message: "'org' is required when 'repo' is specified",
    },
    'a revision that is a flag': {
      params: { url: URL, pathInRepo: 'p', revision: '--upload-pack=/bin/x' },
      message: 'invalid revision "--upload-pack=/bin/x": must not begin with \'-\'',
    },
    'a path out of the repository': {
      params: { url: URL, pathInRepo: '/../etc/passwd' },
      message: 'invalid path "../etc/passwd": must not contain \'..\' components',
    },
    'a folder of this machine': {
      params: { url: '/etc', pathInRepo: 'p' },
      message: 'invalid git repository url: /etc',
    },
    'a file url': {
      params: { url: 'file:///etc', pathInRepo: 'p' },
      message: 'invalid git repository url: file:///etc',
    },
    'an unknown configKey': {
      params: { url: URL, pathInRepo: 'p', configKey: 'other' },
      message: 'no git resolver configuration found for configKey other',
    },
  } as const),
)('refused before anything is fetched: %s', async (_, { params, message }) => {
  expect(await ask(params)).toBe(INVALID + message)
})

test('what a repository does not have is told in git’s words', async () => {
  const { repository, url } = await serveGit({ 'a/b.yaml': TASK })
  expect(await ask({ url: repository, pathInRepo: 'nobody.yaml' })).toBe(
    `${GETTING}error opening file "nobody.yaml": file does not exist`,
  )
  expect(await ask({ url: repository, pathInRepo: 'a' })).toBe(`${GETTING}error opening file "a": is a directory`)
  expect(await ask({ url: repository, pathInRepo: 'a/b.yaml', revision: 'nobody' })).toBe(
    `${GETTING}git fetch error: fatal: couldn't find remote ref nobody: exit status 128`,
  )
  expect(await ask({ url: `${url}/nobody.git`, pathInRepo: 'a' })).toBe(
    `${GETTING}error resolving repository: git clone error: fatal: repository '${url}/nobody.git/' not found: exit status 128`,
  )
})

test('links that lead out of the repository, in circles or nowhere are not followed', async () => {
  const { repository } = await serveGit({
    'absolute.yaml': '->/etc/passwd',
    'up.yaml': '->../../../../etc/passwd',
    'loop.yaml': '->loop.yaml',
    'gone.yaml': '->nobody.yaml',
  })
  const escaping = (path: string) =>
    `${GETTING}error opening file "${path}": path "${path}" attempts to escape the repository directory (possible path traversal attack)`
  expect(await ask({ url: repository, pathInRepo: 'absolute.yaml' })).toBe(escaping('absolute.yaml'))
  expect(await ask({ url: repository, pathInRepo: 'up.yaml' })).toBe(escaping('up.yaml'))
  expect(await ask({ url: repository, pathInRepo: 'loop.yaml' })).toMatch(/too many links/)
  expect(await ask({ url: repository, pathInRepo: 'gone.yaml' })).toMatch(/file does not exist/)
})

test('a private repository wants a token, from the run’s namespace and for its own host', async () => {
  const { repository, headers } = await serveGit({ 'a.yaml': TASK }, { token: 's3cret' })
  const params = { url: repository, pathInRepo: 'a.yaml' }
  expect(await ask(params)).toBe(`${GETTING}error resolving repository: clone error: authentication required`)
  const secret = '{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {token: s3cret, other: wrong}}'
  expect(await ask({ ...params, gitToken: 's' }, LOOPBACK, secret)).toMatchObject({ data: TASK })
  expect(await ask({ ...params, gitToken: 's', gitTokenKey: 'other' }, LOOPBACK, secret)).toBe(
    `${GETTING}error resolving repository: clone error: authentication required`,
  )
  expect(await ask({ ...params, gitToken: 's', gitTokenKey: 'none' }, LOOPBACK, secret)).toBe(
    `${GETTING}cannot get API token, key none not found in secret s in namespace default`,
  )
  expect(headers.length).toBeGreaterThan(0)

  const thief = await servePaths({})
  const sly = await serve((incoming, response) =>
    response.writeHead(302, { location: `${thief.url}${incoming.url}` }).end(),
  )
  await ask(
    { ...params, url: `${sly.url}/x.git`, gitToken: 's' },
    LOOPBACK,
    secret,
    configMap('git-resolver-config', { 'backoff-steps': '1' }),
  )
  expect(thief.seen).toEqual([])
})

test('a password in the URL opens a private repository, and is in no argument, status or message', async () => {
  const { repository } = await serveGit({ 'a.yaml': TASK }, { token: 's3cr:t%' })
  const bin = temporaryDirectory('git-recorder')
  const record = join(bin, 'arguments')
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nprintf '%s\\n' "$*" >> ${record}\nPATH=\${PATH#*:} exec git "$@"\n`, {
    mode: 0o755,
  })
  const url = repository.replace('http://', 'http://git:s3cr%3At%25@')
  const path = `${bin}:${process.env['PATH']}`
  const found = await ask({ url, pathInRepo: 'a.yaml' }, LOOPBACK, { path })
  const shown = repository.replace('http://', 'http://git:xxxxx@')
  expect(found).toMatchObject({
    data: TASK,
    refSource: { uri: `git+${shown}` },
    annotations: { 'resolution.tekton.dev/url': shown },
  })
  const wrong = await ask({ url: url.replace('s3cr', 'wr0ng'), pathInRepo: 'a.yaml' }, LOOPBACK, { path })
  expect(wrong).toBe(`${GETTING}error resolving repository: clone error: authentication required`)
  const args = readFileSync(record, 'utf8')
  expect(args).toContain(`fetch --quiet --depth=1 --no-tags -- ${repository} main`)
  expect(args + JSON.stringify(found)).not.toMatch(/s3cr|wr0ng/)
})

test.each(
  cases({
    'this machine': {
      url: 'http://127.0.0.1:1/x.git',
      why: /"127\.0\.0\.1" is a loopback address.*TEKTITE_ALLOWED_HOSTS/,
    },
    'the metadata service, with TLS': { url: 'https://169.254.169.254/x.git', why: /is a link-local address/ },
    'a name of this machine': { url: 'https://localhost:1/x.git', why: /"localhost" stands for .*a loopback address/ },
    'another transport': { url: 'ssh://git@example.com/x.git', why: /transport 'ssh' not allowed/ },
    'another transport, short': { url: 'git@example.com:x.git', why: /transport 'ssh' not allowed/ },
    'a helper of git': { url: 'ext@x:sh -c "touch /tmp/pwned"', why: /transport 'ssh' not allowed/ },
  } as const),
)('git is not let through to %s', async (_, { url, why }) => {
  expect(await ask({ url, pathInRepo: 'a' }, NOTHING)).toMatch(why)
})

test('a redirect to an address that is not allowed is refused by what git connects through', async () => {
  const { url } = await serve((incoming, response) =>
    response.writeHead(302, { location: `http://169.254.169.254${incoming.url}` }).end(),
  )
  expect(await ask({ url: `${url}/x.git`, pathInRepo: 'a' })).toMatch(/"169\.254\.169\.254" is a link-local address/)
})

test('the installation’s token goes to no other company’s server', async () => {
  const secret = '{apiVersion: v1, kind: Secret, metadata: {name: api}, stringData: {key: t0ken}}'
  const config = configMap('git-resolver-config', { 'api-token-secret-name': 'api', 'api-token-secret-key': 'key' })
  for (const scmType of ['gitlab', 'bitbucket', 'bitbucketcloud']) {
    expect(await ask({ org: 'o', repo: 'r', pathInRepo: 'p', scmType }, NOTHING, secret, config)).toBe(
      `${GETTING}scmType "${scmType}" requires a token parameter; the system token is for github and cannot be sent to another server`,
    )
  }
})

test('by API: file, commit and repository of the host, with the installation’s token', async () => {
  const { url, headers, seen } = await servePaths({
    '/api/v1/repos/o/r/contents/a/b.yaml?ref=main': { content: Buffer.from(TASK).toString('base64') },
    '/api/v1/repos/o/r/git/commits/main': { sha: 'c0ffee' },
    '/api/v1/repos/o/r': { clone_url: 'https://git.example/o/r.git' },
  })
  const secret = '{apiVersion: v1, kind: Secret, metadata: {name: api, namespace: system}, stringData: {key: t0ken}}'
  const config = configMap('git-resolver-config', {
    'scm-type': 'gitea',
    'server-url': url,
    'api-token-secret-name': 'api',
    'api-token-secret-key': 'key',
    'api-token-secret-namespace': 'system',
    'default-org': 'o',
  })
  const params = { repo: 'r', revision: 'main', pathInRepo: 'a/b.yaml' }
  expect(await ask(params, LOOPBACK, secret, config)).toMatchObject({
    data: TASK,
    refSource: { uri: 'git+https://git.example/o/r.git', digest: { sha1: 'c0ffee' }, entryPoint: 'a/b.yaml' },
    annotations: { 'resolution.tekton.dev/org': 'o', 'resolution.tekton.dev/repo': 'r' },
  })
  expect(headers.map(({ authorization }) => authorization)).toEqual(['token t0ken', 'token t0ken', 'token t0ken'])
  const before = seen.length
  const thief = await servePaths({})
  expect(await ask({ ...params, serverURL: thief.url }, LOOPBACK, secret, config)).toBe(
    `${GETTING}custom serverURL "${thief.url}" requires a token parameter; the system token cannot be sent to a non-default server URL`,
  )
  expect(await ask({ ...params, org: '..' }, LOOPBACK, secret, config)).toMatch(/".." is no name/)
  expect([thief.seen, seen.length]).toEqual([[], before])
  expect(await ask({ ...params, pathInRepo: 'nobody' }, LOOPBACK, secret, config)).toBe(
    `${GETTING}couldn't fetch resource content: Not Found`,
  )
})

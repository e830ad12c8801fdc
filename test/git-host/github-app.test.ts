/** A GitHub App's own tokens: made when they are needed, kept while they live, for one repository each. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { allowList, publicAddresses } from '../../src/fetch/addresses.js'
import { createGuard } from '../../src/fetch/guard.js'
import type { BuildPlace, BuildReport, GitHubApp } from '../../src/git-host/build-report.js'
import { createAppTokens } from '../../src/git-host/github-app.js'
import { sendReport } from '../../src/git-host/send-report.js'
import { SHA, serveGitHosts } from './protocol.js'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const APP: GitHubApp = { id: '12345', privateKey: PEM }
const REPORT: BuildReport = {
  state: 'success',
  context: 'tektite/build',
  description: 'Succeeded',
  url: '',
  externalId: 'uid-1',
  summary: '',
  startedAt: '',
  completedAt: '',
}

async function world() {
  let clock = Date.parse('2026-11-22T12:00:00Z')
  const now = (): number => clock
  const host = await serveGitHosts({ app: { id: APP.id, key: publicKey, now, lifeMs: 3_600_000 } })
  const apps = createAppTokens(now)
  const guard = createGuard(publicAddresses(allowList('127.0.0.1'), 'tests send to'))
  return {
    host,
    pass: (ms: number) => {
      clock += ms
    },
    lines: () => host.requests.map(({ line }) => line.replace('/api/v3', '').replace(SHA, 'SHA')),
    send(change: Partial<BuildPlace> = {}, app: GitHubApp = APP) {
      const login = { username: '', token: '', app }
      const place: BuildPlace = {
        kind: 'github-check',
        api: `${host.url}/api/v3`,
        web: host.url,
        repository: ['org', 'repo'],
        sha: SHA,
        login,
        ...change,
      }
      return sendReport(place, REPORT, {}, { guard, signal: new AbortController().signal, now, apps })
    },
  }
}

const MADE = ['GET /repos/org/repo/installation', 'POST /app/installations/77/access_tokens']

test('a check run is written with a token for its repository alone, which serves until it is old', async () => {
  const { host, send, pass, lines } = await world()
  expect(await send()).toEqual({ is: 'taken', checkId: 1 })
  expect(await send({ kind: 'github' })).toEqual({ is: 'taken' })
  expect(lines()).toEqual([...MADE, 'POST /repos/org/repo/check-runs', 'POST /repos/org/repo/statuses/SHA'])
  expect(JSON.parse(host.requests[1]?.body ?? '')).toEqual({ repositories: ['repo'] })
  expect(host.requests[2]?.headers.authorization).toBe('token ghs_0')
  pass(3_590_000)
  expect(await send()).toMatchObject({ is: 'taken' })
  expect(host.requests.at(-1)?.headers.authorization).toBe('token ghs_1')
})

test('a token that was taken back is made again, once', async () => {
  const { host, send, lines } = await world()
  await send()
  host.revoke()
  expect(await send()).toMatchObject({ is: 'taken' })
  expect(lines().slice(3)).toEqual(['POST /repos/org/repo/check-runs', ...MADE, 'POST /repos/org/repo/check-runs'])
})

test('an App that is not installed, another id, and a key that is none are told apart, and no key is told', async () => {
  const { host, send } = await world()
  const at = new URL(host.url).host
  expect(await send({ repository: ['org', 'other'] })).toMatchObject({
    is: 'refused',
    message: expect.stringMatching(
      new RegExp(`^${at} answered 404, "Not Found" to the GitHub App 12345, .*Install the App on org/other`),
    ),
  })
  expect(await send({}, { ...APP, id: '9' })).toMatchObject({
    is: 'refused',
    message: expect.stringContaining('could not be decoded'),
  })
  const broken = await send({}, { ...APP, privateKey: 'no s3cret key' })
  expect(broken).toEqual({
    is: 'refused',
    message: expect.stringContaining('private key of the GitHub App 12345 cannot be read'),
  })
  expect(JSON.stringify(broken)).not.toContain('s3cret')
})

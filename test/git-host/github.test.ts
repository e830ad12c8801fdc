/** Octokit over our client: what it sends, where the token goes, and what comes of answers that are none. */
import { expect, test } from 'vitest'
import { allowList, publicAddresses } from '../../src/fetch/addresses.js'
import { createGuard } from '../../src/fetch/guard.js'
import { createGitHub } from '../../src/git-host/github.js'
import { endless, json, record } from '../fetch/recorder.js'

const bounds = {
  guard: createGuard(publicAddresses(allowList('127.0.0.1'), 'tests fetch from')),
  signal: AbortSignal.timeout(20_000),
  maxBytes: 10_000,
}

test('a request goes to the API with the token, its body as JSON', async () => {
  const { url, requests } = await record(json({ id: 1 }, 201))
  const github = createGitHub({ apiUrl: `${url}/api/v3/`, token: 't0ken', bounds })
  const answer = await github.request('POST /repos/{owner}/{repo}/statuses/{sha}', {
    owner: 'o',
    repo: 'r/../x',
    sha: 'abc',
    state: 'success',
  })
  expect([answer.status, answer.data]).toEqual([201, { id: 1 }])
  expect(requests).toMatchObject([
    { line: 'POST /api/v3/repos/o/r%2F..%2Fx/statuses/abc', body: '{"state":"success"}' },
  ])
  expect(requests[0]?.headers.authorization).toBe('token t0ken')
  expect(requests[0]?.headers['user-agent']).toMatch(/^tektite /)
})

test('the token goes nowhere else: not to a URL of another host, not after a redirect', async () => {
  const other = await record(json([]))
  const { url } = await record((_request, response) => response.writeHead(301, { location: other.url }).end())
  const github = createGitHub({ apiUrl: url, token: 't0ken', bounds })
  await expect(github.request(`GET ${other.url}/user`)).rejects.toThrow(/is not the API at/)
  expect(other.requests).toEqual([])
  await github.request('GET /user')
  expect(other.requests[0]?.headers).not.toHaveProperty('authorization')
})

test('errors have a status, or a cause; neither has the token', async () => {
  const { url } = await record(({ line }, response) => {
    if (line === 'GET /gone')
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"Not Found"}')
    else if (line === 'GET /empty') response.writeHead(204).end()
    else endless({ line, headers: {}, body: '' }, response)
  })
  const github = createGitHub({ apiUrl: url, token: 't0ken', bounds })
  await expect(github.request('GET /gone')).rejects.toMatchObject({ status: 404, message: 'Not Found' })
  expect(await github.request('GET /empty')).toMatchObject({ status: 204 })
  const failed: unknown = await github.request('GET /endless').catch((error: unknown) => error)
  expect(failed).toMatchObject({ cause: { name: 'FetchError', message: /response body exceeds/ } })
  expect(JSON.stringify(failed)).not.toContain('t0ken')
})

test('a request may have a shorter time of its own', async () => {
  const { url } = await record(() => undefined)
  const github = createGitHub({ apiUrl: url, bounds })
  const request = { signal: AbortSignal.timeout(50) }
  await expect(github.request('GET /slow', { request })).rejects.toThrow(/timeout/)
})

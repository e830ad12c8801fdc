/** Archived runs on the command line: processes against a real `tektite up`, and against what stands in for a cluster. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/cli/client/connect.js'
import { choosePlace } from '../../src/cli/client/place.js'
import { lookAt } from '../../src/cli/logs/look.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { tektite } from '../helpers/cli.js'
import { apply, callApi, doneRun, engineOfFile, waitUntil } from '../helpers/engine.js'

const SOON = `annotations: { tektite.dev/ttl-seconds-after-success: "1" }`
const MANIFESTS = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: short, namespace: default }
spec:
  params: [{ name: who, default: World }]
  tasks:
    - name: hello
      params: [{ name: who, value: $(params.who) }]
      taskSpec:
        params: [{ name: who }]
        steps: [{ name: say, image: none, script: 'echo "Hello, $(params.who)!"' }]
    - { name: count, runAfter: [hello], taskSpec: { steps: [{ name: up, image: none, script: 'echo one; echo two' }] } }
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: old, namespace: default, ${SOON} }
spec: { pipelineRef: { name: short } }
---
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: alone, namespace: default, ${SOON} }
spec: { taskSpec: { steps: [{ name: say, image: none, script: echo alone }] } }
`
const LIVE = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: live, namespace: default }
spec: { pipelineRef: { name: short } }
`
const OUTPUT = '[hello : say] Hello, World!\n\n[count : up] one\n[count : up] two\n'
const OWN_API = '/apis/tektite.dev/'

const engine = engineOfFile('archived', MANIFESTS)
const cli = (...args: readonly string[]) => tektite([...args, '--data', engine.data])

/** The engine, but for paths that it has not: what is in front of a cluster answers so. */
async function without(isMissing: (path: string) => boolean, code: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    if (isMissing(path)) {
      const message = 'the server could not find the requested resource'
      response.writeHead(code).end(JSON.stringify({ kind: 'Status', message, code }))
      return
    }
    const { authorization = '', accept = '*/*' } = request.headers
    const answer = await fetch(engine.api + path, { headers: { authorization, accept } })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    if (answer.body === null) response.end()
    else Readable.fromWeb(answer.body as never).pipe(response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

const servers: Server[] = []
async function asking(isMissing: (path: string) => boolean, code: number) {
  const server = await without(isMissing, code)
  servers.push(server)
  const { port } = server.address() as AddressInfo
  const place = ['--server', `http://127.0.0.1:${port}`, '--token-file', join(engine.data, 'token')]
  return (...args: readonly string[]) => tektite([...args, ...place])
}

async function recordOf(name: string) {
  const { status, body } = await callApi(engine, 'GET', `${OWN_API}v1alpha1/namespaces/default/runs/${name}`)
  return status === 200 && body
}

const isArchived = async (name: string) => {
  const record = await recordOf(name)
  return record && record['archived'] === true
}

beforeAll(async () => {
  await waitUntil('the runs to be archived', async () => (await isArchived('old')) && (await isArchived('alone')))
  await apply(engine, LIVE)
  await doneRun(engine, 'live')
}, 180_000)

afterAll(() => {
  for (const server of servers) server.closeAllConnections()
  for (const server of servers) server.close()
})

test('archived runs are listed with the live ones, newest first; objects are those of the live ones', async () => {
  const rows = async (...args: readonly string[]) =>
    (await cli(...args, '--no-headers')).stdout
      .trimEnd()
      .split('\n')
      .map(row => row.split(/ {3,}/))
      .map(([name, , , status]) => `${name}: ${status}`)
  expect(await rows('pr', 'list')).toEqual(['live: Succeeded', 'old: Succeeded (archived)'])
  expect(await rows('pr', 'list', 'short', '--reverse')).toEqual(['old: Succeeded (archived)', 'live: Succeeded'])
  expect(await rows('pr', 'list', '--limit', '1')).toEqual(['live: Succeeded'])
  // Those of one run may be of one second.
  const [one, other, last] = await rows('tr', 'list')
  expect([one, other].sort()).toEqual(['live-count: Succeeded', 'live-hello: Succeeded'])
  expect(last).toBe('alone: Succeeded (archived)')
  expect((await cli('pr', 'list', '-o', 'name')).stdout).toBe('pipelinerun.tekton.dev/live\n')
  expect((await cli('pr', 'list', 'other')).stderr).toBe('no PipelineRuns in namespace "default"\n')
})

test('an archived run is described, drawn, explained and exported, and says what it said', async () => {
  const described = (await cli('pr', 'describe', 'old')).stdout
  expect(described).toMatch(/^Name: +old$/m)
  expect(described).toMatch(/^ old-count +count .* Succeeded\n old-hello +hello .* Succeeded$/m)
  expect((await cli('tr', 'describe', 'alone')).stdout).toMatch(/^ say .* Completed$/m)
  expect(await cli('pr', 'logs', 'old')).toEqual({ code: 0, stdout: OUTPUT, stderr: '' })
  expect((await cli('p', 'logs', 'short', 'old', '-f', '--task', 'count', '--tail', '1')).stdout).toBe(
    '[count : up] two\n',
  )
  expect((await cli('tr', 'logs', 'alone')).stdout).toBe('[say] alone\n')
  expect((await cli('graph', 'pipelinerun', 'old')).stdout).toMatch(/hello[\s\S]*count/)
  expect((await cli('explain', 'old')).stdout).toMatch(/^PipelineRun "old" succeeded/)
  expect((await cli('pr', 'export', 'old')).stdout).toContain('name: short')
  const cancelled = await cli('pr', 'cancel', 'old')
  expect([cancelled.code, cancelled.stderr]).toEqual([2, expect.stringContaining('it has ended (Succeeded)')])
})

test('who follows a run that goes into the archive meanwhile reads it to its end', async () => {
  const client = connect(await choosePlace({ dataDir: engine.data }, {}))
  try {
    const { run: seen } = (await recordOf('old')) as unknown as { readonly run: PipelineRun }
    const all = { tasks: [], steps: [], failedOnly: false, initContainers: false }
    const { run, sources, isOver } = await lookAt(client, seen, all)
    expect([run, isOver]).toEqual([seen, true])
    expect(sources.map(({ task, state }) => [task, state])).toEqual([
      ['hello', 'ended'],
      ['count', 'ended'],
    ])
    const other = { ...seen, metadata: { ...seen.metadata, uid: 'never-was' } }
    expect((await lookAt(client, other, all)).run).toBeUndefined()
  } finally {
    client.close()
  }
})

test('a name that neither the store nor the archive has is told as before', async () => {
  for (const [kind, noun] of [
    ['PipelineRun', 'pr'],
    ['TaskRun', 'tr'],
  ] as const) {
    const { code, stderr } = await cli(noun, 'describe', kind === 'TaskRun' ? 'old' : 'alone')
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${kind} "`)])
    expect(stderr).toContain('is not in namespace "default"')
  }
})

test('where a Pod has no log any more, its run is asked; what nobody has is gone', async () => {
  const isPodLog = (path: string) => /\/pods\/[^/]+\/log/.test(path)
  const dashboard = await asking(isPodLog, 404)
  expect(await dashboard('pr', 'logs', 'live')).toEqual({ code: 0, stdout: OUTPUT, stderr: '' })
  expect((await dashboard('pr', 'logs', 'old', '--task', 'count', '--tail', '1')).stdout).toBe('[count : up] two\n')
  const nobody = await asking(path => isPodLog(path) || path.includes(OWN_API), 404)
  const gone = await nobody('pr', 'logs', 'live')
  expect([gone.code, gone.stdout]).toEqual([1, ''])
  expect(gone.stderr.match(/its log is gone/g)).toHaveLength(2)
})

test.each([404, 403])('on a plain cluster, which answers %i, runs are the live ones', async code => {
  const cluster = await asking(path => path.startsWith(OWN_API), code)
  const listed = await cluster('pr', 'list')
  expect([listed.stderr, listed.stdout]).toEqual(['', expect.stringMatching(/^live .* Succeeded$/m)])
  expect(listed.stdout).not.toContain('old')
  expect((await cluster('pr', 'logs', 'live')).stdout).toBe(OUTPUT)
  const missing = await cluster('pr', 'describe', 'old')
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('there are: live')])
})

test('an archived run is started once more, with other values', async () => {
  const { code, stdout } = await cli('pr', 'rerun', 'old', '-p', 'who=Ann', '--showlog')
  expect([code, stdout]).toEqual([0, expect.stringContaining(OUTPUT.replace('World', 'Ann'))])
  const [, name = ''] = /^PipelineRun started: (\S+)/.exec(stdout) ?? []
  // It may be archived, too, by now.
  const { run } = await waitUntil('the new run to be known', () => recordOf(name))
  expect(run).toMatchObject({ metadata: { annotations: { 'tektite.dev/rerun-of': 'old' } } })
  const again = await cli('p', 'start', 'short', '--use-pipelinerun', 'old', '--dry-run')
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('name: short')])
})

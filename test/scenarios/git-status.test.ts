/** The whole way, in a real process: a signed delivery, its run, and what the git host shows of it; also over `kill -9`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { apiVersionOf, KINDS, type Kind } from '../../src/resources/kinds.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { isDone } from '../../src/status/conditions.js'
import { type Protocol, SHA, serveGitHosts, TOKEN } from '../git-host/protocol.js'
import { ROOT, tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'
import { send, sign } from '../listeners/http.js'

const EXAMPLE = join(ROOT, 'examples/git-status')
const LONG_MS = 30_000

interface Engine {
  readonly child: ChildProcess
  readonly exited: Promise<unknown>
  readonly api: string
  readonly hooksPort: number
  readonly token: string
}

async function up(folder: string): Promise<Engine> {
  const data = join(folder, 'data')
  const child = spawn(
    process.execPath,
    [join(ROOT, 'bin/tektite.js'), 'up', '--data', data, '--port', '0', '--hooks-port', '0'],
    {
      env: {
        ...process.env,
        TEKTITE_ALLOWED_HOSTS: '127.0.0.1',
        TEKTITE_RUN_URL: 'https://ci.example/{namespace}/{name}',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const exited = new Promise(resolve => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exited
    expect(said).not.toContain(TOKEN)
  })
  const addresses = await until(
    'tektite up to listen',
    () => {
      if (child.exitCode !== null) throw new Error(`tektite up ended with ${child.exitCode}: ${said}`)
      const found = JSON.parse(readFileSync(join(data, 'addresses.json'), 'utf8')) as {
        api: string
        hooks: string
        pid: number
      }
      return found.pid === child.pid && found
    },
    LONG_MS,
  )
  const hooksPort = Number(new URL(addresses.hooks).port)
  return { child, exited, api: addresses.api, hooksPort, token: readFileSync(join(data, 'token'), 'utf8').trim() }
}

async function call(engine: Engine, method: string, kind: Kind, object?: unknown): Promise<unknown> {
  const version = apiVersionOf(kind)
  const path = `${version.includes('/') ? '/apis/' : '/api/'}${version}/namespaces/default/${KINDS[kind].plural}`
  const answer = await fetch(engine.api + path, {
    method,
    headers: { authorization: `Bearer ${engine.token}`, 'content-type': 'application/json' },
    ...(object !== undefined && { body: JSON.stringify(object) }),
  })
  const body: unknown = await answer.json()
  expect([path, answer.ok, body]).toEqual([path, true, body])
  return body
}

async function theRun(engine: Engine): Promise<PipelineRun | undefined> {
  const { items } = (await call(engine, 'GET', 'PipelineRun')) as { items: readonly PipelineRun[] }
  return items[0]
}

/** The example, with a git host on loopback, and a pipeline that ends when a file is there. */
async function applyExample(engine: Engine, host: Protocol, gate: string): Promise<void> {
  const read = (name: string): string => readFileSync(join(EXAMPLE, name), 'utf8')
  const texts = [
    read('triggers.yaml'),
    read('secrets.yaml').replace('https://github.com', host.url).replace('change-me-too', TOKEN),
    `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: push }
spec:
  params: [{ name: clone-url }, { name: sha }]
  tasks:
    - name: wait
      taskSpec:
        steps: [{ name: wait, image: bash, script: 'while [ ! -e ${gate} ]; do sleep 0.05; done; [ "$(cat ${gate})" = good ]' }]
`,
  ]
  const admitted = admitManifests(texts.map((text, index) => ({ file: `${index}.yaml`, text })))
  if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
  for (const object of admitted.objects) await call(engine, 'POST', object.kind as Kind, object)
}

async function push(engine: Engine, host: Protocol): Promise<void> {
  const body = JSON.stringify({ after: SHA, deleted: false, repository: { clone_url: `${host.url}/org/repo.git` } })
  const { status } = await send(engine.hooksPort, '/hooks/default/push', {
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': sign(body, 'change-me'),
    },
    body,
  })
  expect(status).toBe(202)
}

function isSent(engine: Engine): Promise<unknown> {
  return until(
    'the run to be told',
    async () => (await theRun(engine))?.metadata.labels?.['tektite.dev/git-report'] === 'sent',
    LONG_MS,
  )
}

test('the example is valid', async () => {
  const { code, stdout, stderr } = await tektite(['validate', EXAMPLE])
  expect([code, `${stdout}${stderr}`]).toEqual([0, expect.not.stringMatching(/error|warning/)])
})

test.each([
  ['good', 'success', /^Succeeded after .*: 1 task$/],
  ['bad', 'failure', /^Failed after .*: wait, step wait exited with 1$/],
])(
  'a push whose run ends %s is pending, then %s',
  async (word, state, description) => {
    const folder = temporaryDirectory('git-status')
    const gate = join(folder, 'gate')
    const host = await serveGitHosts()
    const engine = await up(folder)
    await applyExample(engine, host, gate)
    await push(engine, host)
    await until('pending', () => host.shown.length === 1, LONG_MS)
    writeFileSync(gate, word)
    await isSent(engine)
    const { name = '' } = (await theRun(engine))?.metadata ?? {}
    const shown = {
      host: 'github',
      repository: 'org/repo',
      sha: SHA,
      context: 'ci/push',
      url: `https://ci.example/default/${name}`,
    }
    expect(host.shown).toEqual([
      { ...shown, state: 'pending', description: 'Running' },
      { ...shown, state, description: expect.stringMatching(description) },
    ])
    expect(host.requests.every(({ headers }) => headers.authorization === `token ${TOKEN}`)).toBe(true)
  },
  90_000,
)

test('killed after the run has ended and before the host has heard: the next process tells the end, and that last', async () => {
  const folder = temporaryDirectory('git-status')
  const gate = join(folder, 'gate')
  const host = await serveGitHosts()
  // Never answers: what comes next waits behind it.
  host.intercept = () => 'answered'
  const engine = await up(folder)
  await applyExample(engine, host, gate)
  await push(engine, host)
  await until('pending to be under way', () => host.requests.length === 1, LONG_MS)
  writeFileSync(gate, 'good')
  await until(
    'the run to end',
    async () => {
      const run = await theRun(engine)
      return run !== undefined && isDone(run)
    },
    LONG_MS,
  )
  engine.child.kill('SIGKILL')
  await engine.exited
  expect([host.requests.length, host.shown]).toEqual([1, []])
  host.intercept = undefined
  const next = await up(folder)
  await isSent(next)
  expect(host.shown.map(({ state }) => state)).toEqual(['success'])
}, 90_000)

test('killed after the host has heard the end and before that is noted: it hears it once more, and that last', async () => {
  const folder = temporaryDirectory('git-status')
  const gate = join(folder, 'gate')
  writeFileSync(gate, 'good')
  const host = await serveGitHosts()
  host.intercept = () => 'answered'
  const engine = await up(folder)
  await applyExample(engine, host, gate)
  await push(engine, host)
  await until('the end to be under way', () => host.requests.at(-1)?.body.includes('success'), LONG_MS)
  engine.child.kill('SIGKILL')
  await engine.exited
  host.intercept = undefined
  const before = host.requests.length
  const next = await up(folder)
  await isSent(next)
  expect(host.requests.slice(before).map(({ body }) => (JSON.parse(body) as { state: string }).state)).toEqual([
    'success',
  ])
}, 90_000)

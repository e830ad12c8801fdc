/** The whole way, in a real process: a signed delivery, its run, and what the git host shows of it; also over `kill -9`. */
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { isDone } from '../../src/status/conditions.js'
import { type Protocol, SHA, serveGitHosts, TOKEN } from '../git-host/protocol.js'
import { ROOT, tektite } from '../helpers/cli.js'
import { apply, deliver, type Engine, pipelineRuns, signature, startEngine } from '../helpers/engine.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'

const EXAMPLE = join(ROOT, 'examples/git-status')
const LONG_MS = 30_000

async function up(folder: string): Promise<Engine> {
  const engine = await startEngine(join(folder, 'data'), {
    TEKTITE_ALLOWED_HOSTS: '127.0.0.1',
    TEKTITE_RUN_URL: 'https://ci.example/{namespace}/{name}',
  })
  onTestFinished(async () => {
    await engine.end('SIGTERM')
    expect(engine.said()).not.toContain(TOKEN)
  })
  return engine
}

async function theRun(engine: Engine): Promise<PipelineRun | undefined> {
  return (await pipelineRuns(engine))[0]
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
  await apply(engine, texts.join('\n---\n'))
}

async function push(engine: Engine, host: Protocol): Promise<void> {
  const body = JSON.stringify({ after: SHA, deleted: false, repository: { clone_url: `${host.url}/org/repo.git` } })
  const headers = { 'x-github-delivery': randomUUID(), ...signature(body, 'change-me') }
  const { status } = await deliver(engine, 'push', body, headers)
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
  await engine.end('SIGKILL')
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
  // A `pending` that comes before it is answered: the end would wait behind it.
  host.intercept = ({ body }) => (body.includes('success') ? 'answered' : undefined)
  const engine = await up(folder)
  await applyExample(engine, host, gate)
  await push(engine, host)
  await until('the end to be under way', () => host.requests.at(-1)?.body.includes('success'), LONG_MS)
  await engine.end('SIGKILL')
  host.intercept = undefined
  const before = host.requests.length
  const next = await up(folder)
  await isSent(next)
  expect(host.requests.slice(before).map(({ body }) => (JSON.parse(body) as { state: string }).state)).toEqual([
    'success',
  ])
}, 90_000)

/**
 * A worker is killed with SIGKILL while a run is under way, its log is followed and its objects are watched with the real
 * kubectl: none of them notices.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { apply, doneRun, type Engine, startEngine } from '../helpers/engine.js'
import { KUBECTLS } from '../helpers/kubectl.js'
import { startPart } from '../helpers/processes.js'
import { startRedis } from '../helpers/redis.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'

const PATIENCE_MS = 60_000
const LINES = 60

/** Talks for seconds, then hands a result on; every step that starts says so in a file outside. */
const RUN = (ledger: string) => `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: live }
spec:
  pipelineSpec:
    results: [{ name: said, value: $(tasks.second.results.said) }]
    tasks:
      - name: first
        taskSpec:
          results: [{ name: said }]
          steps:
            - name: talk
              image: sh
              script: |
                echo "first talk" >> ${ledger}
                i=1; while [ $i -le ${LINES} ]; do echo "line $i"; i=$((i + 1)); sleep 0.05; done
            - name: tell
              image: sh
              script: |
                echo "first tell" >> ${ledger}
                echo -n ${LINES} > $(results.said.path)
      - name: second
        params: [{ name: said, value: $(tasks.first.results.said) }]
        taskSpec:
          params: [{ name: said }]
          results: [{ name: said }]
          steps:
            - name: repeat
              image: sh
              env: [{ name: SAID, value: $(params.said) }]
              script: |
                echo "second repeat" >> ${ledger}
                echo -n "$SAID" > $(results.said.path)
    finally:
      - name: last
        taskSpec:
          steps: [{ name: end, image: sh, script: 'echo "last end" >> ${ledger}' }]
`

interface Follower {
  readonly lines: () => readonly string[]
  readonly said: () => string
  readonly child: ChildProcess
}

/** The newest kubectl, as a user has it in another terminal. */
function kubectl(engine: Engine, ...args: readonly string[]): Follower {
  const { folder } = KUBECTLS.at(-1)!
  const child = spawn(join(folder, 'kubectl'), args, {
    env: { ...process.env, KUBECONFIG: join(engine.data, 'kubeconfig'), HOME: engine.data },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const told = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      told[stream] += text
    })
  }
  return { child, lines: () => told.stdout.split('\n').slice(0, -1), said: () => told.stderr }
}

test('kill -9 of a worker disturbs neither a live run, nor logs -f, nor get -w', { timeout: 180_000 }, async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.close())
  const folder = temporaryDirectory('worker-killed')
  const ledger = join(folder, 'ledger')
  const engine = await startEngine(join(folder, 'data'), {}, ['--parts', 'api,kubelet'])
  onTestFinished(() => void engine.end('SIGKILL'))
  const flags = ['--kubeconfig', join(engine.data, 'kubeconfig'), '--redis-url', redis.url]
  const workers = await Promise.all([startPart('workers', flags), startPart('workers', flags)])
  for (const worker of workers) await worker.ready(PATIENCE_MS)

  const watches = ['pipelineruns', 'taskruns', 'pods'].map(kind => kubectl(engine, 'get', kind, '-w', '-o', 'json'))
  await apply(engine, RUN(ledger))
  const logs = await until('the log to be followed', () => follow(engine), PATIENCE_MS)
  await until('the first lines', () => logs.lines().length > 5, PATIENCE_MS)
  const [killed, left] = workers
  await killed.end('SIGKILL')
  expect(logs.lines().length).toBeLessThan(LINES)

  const run = await doneRun(engine, 'live')
  expect(run.status?.conditions).toMatchObject([{ status: 'True', reason: 'Succeeded' }])
  expect(run.status?.results).toEqual([{ name: 'said', value: `${LINES}` }])
  expect(readFileSync(ledger, 'utf8').trim().split('\n')).toEqual([
    'first talk',
    'first tell',
    'second repeat',
    'last end',
  ])

  if (logs.child.exitCode === null) await once(logs.child, 'close')
  expect(logs.lines()).toEqual(Array.from({ length: LINES }, (_, index) => `line ${index + 1}`))
  expect([logs.child.exitCode, logs.said()]).toEqual([0, ''])
  for (const watch of watches) await checkWatch(watch)
  expect(await left.end('SIGTERM')).toBe(0)
})

async function follow(engine: Engine): Promise<Follower | undefined> {
  const follower = kubectl(engine, 'logs', '-f', 'live-first-pod', '-c', 'step-talk')
  const talks = () => follower.lines().length > 0
  await until('a line or the end', () => talks() || follower.child.exitCode !== null, PATIENCE_MS)
  return talks() ? follower : undefined
}

/** Still there, without a complaint, and told each version of each object once and in order, up to the last. */
async function checkWatch(watch: Follower): Promise<void> {
  const objects = () => readObjects(watch.lines().join('\n'))
  const names = () => new Set(objects().map(({ metadata }) => metadata.name))
  await until('the watch to have told the end', () => [...names()].every(name => isOver(objects(), name)), PATIENCE_MS)
  expect(names().size).toBeGreaterThan(0)
  for (const name of names()) {
    const versions = objects().flatMap(({ metadata }) =>
      metadata.name === name ? [Number(metadata.resourceVersion)] : [],
    )
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b))
  }
  expect([watch.child.exitCode, watch.said()]).toEqual([null, ''])
}

interface Told {
  readonly metadata: { readonly name: string; readonly resourceVersion: string }
  readonly status?: { readonly phase?: string; readonly conditions?: readonly { type: string; status: string }[] }
}

/** kubectl writes one indented object after the other. */
function readObjects(text: string): readonly Told[] {
  return text
    .split(/^(?=\{$)/m)
    .filter(each => each.trimEnd().endsWith('\n}'))
    .map(each => JSON.parse(each) as Told)
}

function isOver(objects: readonly Told[], name: string): boolean {
  const { status } = objects.findLast(({ metadata }) => metadata.name === name)!
  const verdict = status?.conditions?.find(({ type }) => type === 'Succeeded')?.status
  return status?.phase === 'Succeeded' || verdict === 'True'
}

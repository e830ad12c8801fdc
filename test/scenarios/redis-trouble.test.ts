/**
 * What a Redis may do: not answer, be full, take no writes, forget everything, come back empty. Listeners say 503 as long as
 * they cannot store, and take deliveries again by themselves; runs go on from what the cluster knows.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { apply, callApi, doneRun, type Engine, pathOf, pipelineRuns, startEngine } from '../helpers/engine.js'
import { startPart } from '../helpers/processes.js'
import { startRedis } from '../helpers/redis.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'

const PATIENCE_MS = 60_000

const MANIFESTS = `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: push }
spec:
  triggers:
    - bindings: [{ name: id, value: $(body.id) }]
      template:
        spec:
          params: [{ name: id }]
          resourcetemplates:
            - apiVersion: tekton.dev/v1
              kind: PipelineRun
              metadata: { name: $(tt.params.id) }
              spec:
                pipelineSpec:
                  tasks: [{ name: one, taskSpec: { steps: [{ name: s, image: sh, script: "true" }] } }]
`

/** Two tasks, the first of which waits until a file is there. */
const LONG = (name: string, file: string) => `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: ${name} }
spec:
  pipelineSpec:
    tasks:
      - name: first
        taskSpec: { steps: [{ name: wait, image: sh, script: "until [ -e ${file} ]; do sleep 0.05; done" }] }
      - name: second
        runAfter: [first]
        taskSpec: { steps: [{ name: s, image: sh, script: "true" }] }
`

test('Redis does not answer, is full, is read-only, forgets everything, is gone: 503 while it lasts, and all goes on by itself', {
  timeout: 240_000,
}, async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.close())
  const folder = temporaryDirectory('redis-trouble')
  const engine = await startEngine(join(folder, 'data'), {}, ['--parts', 'api,kubelet'])
  onTestFinished(() => void engine.end('SIGKILL'))
  const flags = ['--kubeconfig', join(engine.data, 'kubeconfig'), '--redis-url', redis.url]
  await apply(engine, MANIFESTS)
  const parts = await Promise.all([startPart('workers', flags), startPart('listeners', flags)])
  for (const part of parts) await part.ready(PATIENCE_MS)
  const { hooks } = parts[1]!
  const admin = new Redis(redis.url, { retryStrategy: () => 50 })
  admin.on('error', () => {})
  onTestFinished(() => admin.disconnect())

  const troubles: readonly (readonly [string, () => Promise<unknown>, () => Promise<unknown>])[] = [
    ['frozen', () => redis.kill('SIGSTOP'), () => redis.kill('SIGCONT')],
    ['full', () => admin.config('SET', 'maxmemory', '1'), () => admin.config('SET', 'maxmemory', '0')],
    ['readonly', () => admin.replicaof('127.0.0.1', 1), () => admin.replicaof('NO', 'ONE')],
    ['gone', () => redis.kill('SIGKILL'), () => redis.start()],
  ]
  await makesARun(engine, hooks, 'before')
  for (const [name, begin, heal] of troubles) {
    await begin()
    const refused = await post(hooks, name)
    expect([name, refused.status, refused.headers.get('retry-after')]).toEqual([
      name,
      503,
      expect.stringMatching(/^\d+$/),
    ])
    await heal()
    await makesARun(engine, hooks, name)
  }

  // What waits for something that only a wake tells is woken again, from what the cluster knows.
  for (const [name, lose] of [
    ['flushed', () => admin.flushall()],
    ['emptied', () => emptied(redis, admin)],
  ] as const) {
    const file = join(folder, `${name}-may-go-on`)
    await apply(engine, LONG(name, file))
    await until('the first step', async () => (await phaseOf(engine, `${name}-first-pod`)) === 'Running', PATIENCE_MS)
    await lose()
    await apply(engine, LONG(`${name}-after`, join(folder, 'data')))
    writeFileSync(file, '')
    for (const run of [name, `${name}-after`]) {
      expect((await doneRun(engine, run)).status?.conditions).toMatchObject([{ status: 'True' }])
    }
    await makesARun(engine, hooks, `${name}-delivery`)
  }
  // Sent again, a delivery that the new Redis does not know makes no second run: names are derived.
  expect((await post(hooks, 'before')).status).toBe(202)
  await makesARun(engine, hooks, 'last')
  const names = (await pipelineRuns(engine)).map(({ metadata }) => metadata.name)
  expect(names.filter(name => name === 'before')).toHaveLength(1)
  for (const part of parts) expect(await part.end('SIGTERM')).toBe(0)
})

function post(hooks: string, id: string): Promise<Response> {
  return fetch(`${hooks}/hooks/default/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': id },
    body: JSON.stringify({ id }),
  })
}

/** Sends as a git host's user does: again, until it is taken. */
async function makesARun(engine: Engine, hooks: string, id: string): Promise<void> {
  await until(`delivery ${id} to be taken`, async () => (await post(hooks, id)).status === 202, PATIENCE_MS)
  expect((await doneRun(engine, id)).status?.conditions).toMatchObject([{ status: 'True' }])
}

/** As a volume that was lost: what comes up under the same address knows nothing. */
async function emptied(redis: { kill(signal: 'SIGKILL'): Promise<void>; start(): Promise<void> }, admin: Redis) {
  await admin.flushall()
  await redis.kill('SIGKILL')
  await redis.start()
}

async function phaseOf(engine: Engine, pod: string): Promise<string | undefined> {
  const { body } = await callApi(engine, 'GET', `${pathOf('Pod', 'default')}/${pod}`)
  return (body['status'] as { readonly phase?: string } | undefined)?.phase
}

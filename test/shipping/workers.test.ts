/** Output that outlives its Pod: two workers, a real Redis, a real kubelet and a store that both write to. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFolderBlobs } from '../../src/blobs/folder.js'
import { connectionFromEnvironment } from '../../src/cluster/kubernetes/kubeconfig.js'
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes.js'
import { createBlobLogStore } from '../../src/logs/blobs.js'
import type { LogKey, MarkedLogStore } from '../../src/logs/log-store.js'
import type { Pod } from '../../src/resources/core.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { engineOfFile } from '../helpers/engine.js'
import { startPart } from '../helpers/processes.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'
import { until } from '../kubelet/until.js'

const TOKEN = 'correct-horse-battery-staple'
const LINES = 3_000
const MANIFESTS = `
apiVersion: v1
kind: Secret
metadata: { name: api }
stringData: { token: ${TOKEN} }
---
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: talk }
spec:
  steps:
    - name: much
      image: alpine
      env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: api, key: token } } }]
      script: |
        i=0
        while [ $i -lt ${LINES} ]; do
          echo "line $i with $TOKEN"
          i=$((i+1))
          [ $((i % 100)) -ne 0 ] || sleep 0.15
        done
        printf 'the end, %s' $TOKEN
    - { name: little, image: alpine, script: 'echo done' }
    - { name: silent, image: alpine, script: 'true' }
---
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: stay }
spec:
  steps: [{ name: s, image: alpine, script: 'echo before; sleep 100' }]
`
const SOON = 30_000

const engine = engineOfFile('log-store', MANIFESTS, ['--parts', 'api,kubelet'])
let redis: TestRedis
let cluster: KubernetesCluster
let store: MarkedLogStore
let folder: string
beforeAll(async () => {
  redis = await startRedis()
  cluster = openKubernetesCluster({ connection: await connectionFromEnvironment({ environment: given() }) })
  folder = join(engine.folder, 'log store')
  store = createBlobLogStore({ blobs: openFolderBlobs({ folder }) })
})
afterAll(async () => {
  cluster.close()
  await redis.close()
  rmSync(folder, { recursive: true, force: true })
})
const given = () => ({ KUBECONFIG: join(engine.data, 'kubeconfig'), REDIS_URL: redis.url })
const startWorker = () =>
  startPart('workers', [], {
    ...given(),
    TEKTITE_LOG_STORE: `file://${encodeURI(folder)}`,
    TEKTITE_LOG_LEVEL: 'debug',
  })

async function run(name: string, task: string): Promise<Pod> {
  await cluster.create('TaskRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { namespace: 'default', name },
    spec: { taskRef: { name: task } },
  })
  return until('its Pod', () => cluster.get('Pod', { namespace: 'default', name: `${name}-pod` }), SOON)
}

const keyOf = ({ metadata: { namespace, name, uid } }: Pod, container: string): LogKey => ({
  namespace,
  pod: name,
  podUid: uid,
  container,
})

async function text(key: LogKey): Promise<string> {
  const parts: Uint8Array[] = []
  const log = await store.read(key, { follow: false }, new AbortController().signal)
  for await (const part of log ?? []) parts.push(part)
  return Buffer.concat(parts).toString()
}

const finished = (key: LogKey) =>
  until(`the log of ${key.container}`, async () => (await store.resume(key)).isFinished, SOON)

test('a worker is killed in the middle of a log: the other one goes on, and the log is whole, in order, once, and masked', {
  timeout: 60_000,
}, async () => {
  const workers = await Promise.all([startWorker(), startWorker()])
  await Promise.all(workers.map(worker => worker.ready()))
  const pod = await run('talking', 'talk')
  const much = keyOf(pod, 'step-much')
  const brings = (worker: (typeof workers)[number]) =>
    worker
      .said()
      .some(({ msg, name }) => msg === 'brings the output of a Pod to the log store' && name === pod.metadata.name)
  await until('a part of it', async () => (await store.size(much)) > 0, SOON)
  const [shipper] = workers.filter(brings)
  await shipper!.end('SIGKILL')
  const stored = await store.resume(much)
  expect(stored.isFinished).toBe(false)
  await finished(much)
  expect((await store.resume(much)).size).toBeGreaterThan(stored.size)
  expect(workers.filter(brings)).toHaveLength(2)
  for (const step of ['step-little', 'step-silent']) await finished(keyOf(pod, step))
  const taskRun = await until('its end', async () => {
    const found = await cluster.get('TaskRun', { namespace: 'default', name: 'talking' })
    return succeededCondition(found ?? {})?.status === 'True'
  })
  expect(taskRun).toBe(true)
  await cluster.delete('Pod', pod.metadata)
  await until('the Pod to be gone', async () => (await cluster.get('Pod', pod.metadata)) === undefined)

  const lines = Array.from({ length: LINES }, (_, line) => `line ${line} with ***\n`)
  expect(await text(much)).toBe(`${lines.join('')}the end, ***`)
  expect(await text(keyOf(pod, 'step-little'))).toBe('done\n')
  expect(await text(keyOf(pod, 'step-silent'))).toBe('')
  const times = (await text({ ...much, part: 'times' })).trim().split('\n')
  expect(times.filter(line => !/^\d+ \d{13}$/.test(line))).toEqual([])
  expect(await workers.find(worker => worker !== shipper)!.end('SIGTERM')).toBe(0)
})

test('a Pod of a run that is cancelled is deleted when its output is stored', { timeout: 60_000 }, async () => {
  const worker = await startWorker()
  await worker.ready()
  const pod = await run('staying', 'stay')
  const taskRun = { namespace: 'default', name: 'staying' }
  const started = await until(
    'the step to run',
    async () => {
      const found = await cluster.get('TaskRun', taskRun)
      return found?.status?.steps?.[0]?.running && found
    },
    SOON,
  )
  await cluster.replace('TaskRun', { ...started, spec: { ...started.spec, status: 'TaskRunCancelled' } })
  await until('the Pod to be gone', async () => (await cluster.get('Pod', pod.metadata)) === undefined, SOON)
  expect(succeededCondition((await cluster.get('TaskRun', taskRun))!)).toMatchObject({ reason: 'TaskRunCancelled' })
  expect((await store.resume(keyOf(pod, 'step-s'))).isFinished).toBe(true)
  expect(await text(keyOf(pod, 'step-s'))).toMatch(/^before\n/)
  expect(await worker.end('SIGTERM')).toBe(0)
})

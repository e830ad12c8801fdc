/**
 * The engine's own parts (workers, kubelet, resolver, settings) with an API server between them and the store, over a
 * network that loses requests, answers and watches. As on Kubernetes, but for the API server, which is ours.
 */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { readClusterEntrypoint } from '../../src/entrypoint-files.js'
import { startKubelet } from '../../src/kubelet/kubelet.js'
import { createProcessRuntime } from '../../src/kubelet/process.js'
import { createShells } from '../../src/kubelet/shells.js'
import { POD_MESSAGE_BYTES } from '../../src/kubelet/termination-share.js'
import { createFileLogStore } from '../../src/logs/files.js'
import { createMemoryQueue } from '../../src/queue/memory.js'
import { DEFAULT_SETTINGS, withKubelet } from '../../src/run/settings.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { startWorkers } from '../../workers/workers.js'
import { serveStore } from '../cluster/served-cluster.js'
import { ROOT } from '../helpers/cli.js'
import { type Fault, startFaultProxy } from '../helpers/fault-proxy.js'
import { seededRandom } from '../helpers/random.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'
import { recordingLog } from '../listeners/world.js'

const FAULTS: readonly Fault[] = [
  { is: 'drop' },
  { is: 'lose reply' },
  { is: 'half a reply' },
  { is: 'answer', code: 429, retryAfterSeconds: 0 },
  { is: 'answer', code: 500 },
  { is: 'answer', code: 503 },
]
const WATCH_FAULTS: readonly Fault[] = [
  { is: 'cut', lines: 2 },
  { is: 'half-close', lines: 3 },
  { is: 'gone', lines: 4 },
  { is: 'mute', lines: 2 },
  { is: 'stutter' },
]
const pauses = { firstMs: 5, maxMs: 50 }

const RUN = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  pipelineSpec:
    results: [{ name: sum, value: $(tasks.join.results.sum) }]
    tasks:
      - name: each
        matrix: { params: [{ name: number, value: ["1", "2", "3", "4", "5", "6"] }] }
        taskSpec:
          params: [{ name: number }]
          results: [{ name: square }]
          steps:
            - name: s
              image: sh
              script: echo -n $(( $(params.number) * $(params.number) )) > $(results.square.path)
      - name: join
        params: [{ name: all, value: "$(tasks.each.results.square[*])" }]
        taskSpec:
          params: [{ name: all, type: array }]
          results: [{ name: sum }]
          steps:
            - name: s
              image: sh
              args: ["$(params.all[*])"]
              script: |
                sum=0; for each in "$@"; do sum=$((sum + each)); done
                echo -n $sum > $(results.sum.path)
    finally:
      - name: last
        taskSpec: { steps: [{ name: s, image: sh, script: "true" }] }
`

test('a PipelineRun is run by an engine that has its cluster over a bad network', { timeout: 120_000 }, async () => {
  const random = seededRandom(5)
  const served = await serveStore()
  onTestFinished(() => served.close())
  const proxy = await startFaultProxy(served.port, ({ isWatch }) => {
    if (random() > (isWatch ? 0.6 : 0.12)) return { is: 'none' }
    const faults = isWatch ? WATCH_FAULTS : FAULTS
    return faults[Math.floor(random() * faults.length)]!
  })
  onTestFinished(() => proxy.close())
  const { lines, log } = recordingLog()
  const cluster = served.adapter(
    {
      log,
      callLimits: { tryMs: 10_000, allMs: 60_000, tries: 10, pauses },
      watchTimes: { watchMs: 60_000, silenceMs: 1_000, relistMs: 600_000, healthyMs: 900, pauses },
    },
    proxy.port,
  )

  const dataDir = temporaryDirectory('over-http')
  const native = join(ROOT, 'entrypoint/build')
  const runtime = createProcessRuntime({
    rootDir: join(dataDir, 'pods'),
    shimPath: join(native, 'shim'),
    isolation: 'auto',
    shells: createShells({ dir: join(dataDir, 'shells'), path: process.env['PATH'] ?? '' }),
    messageBytes: POD_MESSAGE_BYTES,
  })
  onTestFinished(() => runtime.close())
  const entrypoint = await readClusterEntrypoint({ folder: native })
  const rewritesPaths = (await runtime.isolation()) === 'rewrite'
  const logs = createFileLogStore({ directory: join(dataDir, 'logs') })
  const baseEnv = { PATH: process.env['PATH'] ?? '', HOME: dataDir }
  const kubelet = await startKubelet({ cluster, runtime, logs, dataDir, now: Date.now, log, baseEnv, rewritesPaths })
  onTestFinished(() => kubelet.close())
  const queue = createMemoryQueue({ log })
  onTestFinished(() => queue.close())
  const settings = withKubelet(DEFAULT_SETTINGS, {
    containerMessageBytes: POD_MESSAGE_BYTES,
    podMessageBytes: POD_MESSAGE_BYTES,
  })
  const workers = startWorkers(
    {
      cluster,
      queue,
      settings: () => settings,
      entrypoint,
      now: Date.now,
      log,
    },
    { concurrency: 8 },
  )
  onTestFinished(() => workers.close())

  const admitted = admitManifests([{ file: 'run.yaml', text: RUN }])
  if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
  for (const object of admitted.objects) await cluster.create('PipelineRun', object as never)
  const key = { namespace: 'default', name: 'run' }
  const run = await until(
    'the run to end',
    async () => {
      const found = await served.store.get('PipelineRun', key)
      return succeededCondition(found!)?.status !== 'Unknown' && succeededCondition(found!) && found
    },
    90_000,
  )
  expect(succeededCondition(run)).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(run.status?.results).toEqual([{ name: 'sum', value: '91' }])
  // Once each, whatever was lost on the way.
  expect(await served.store.list('TaskRun')).toHaveLength(8)
  expect(await served.store.list('Pod')).toHaveLength(8)
  expect(lines.filter(line => line.level === 'error')).toEqual([])
})

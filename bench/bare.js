/** The engine without a kubelet of its own: what Pods come to is only written, so that what is measured is the engine. */
import { join } from 'node:path'
import { openEmbeddedCluster } from '../dist/src/cluster/embedded/store.js'
import { createLog } from '../dist/src/logging.js'
import { createMemoryQueue } from '../dist/src/queue/memory.js'
import { createEntrypointSource, NOTHING_REMEMBERED } from '../dist/src/reconcile/observe/entrypoint-source.js'
import { DEFAULT_SETTINGS } from '../dist/src/run/settings.js'
import { isDone, succeededCondition } from '../dist/src/status/conditions.js'
import { openDatabase } from '../dist/src/storage/lmdb.js'
import { startWorkers } from '../dist/workers/workers.js'
import { summary } from './measure.js'

const ENTRYPOINT = createEntrypointSource(
  {
    name: 'tektite-entrypoint-bench',
    offer: { architectures: ['amd64'], defaultArchitecture: 'amd64', hasNodes: false },
    binaryData: () => ({ 'entrypoint-amd64': 'AAAA' }),
  },
  NOTHING_REMEMBERED,
)
/** As in src/embedded.ts. */
const CONCURRENCY = 32

function openStore(folder, { durable = false } = {}) {
  const database = openDatabase(join(folder, 'store'), { durable })
  const cluster = openEmbeddedCluster({ database })
  return {
    cluster,
    async close() {
      await cluster.close()
      await database.close()
    },
  }
}

/** Watcher, worker, memory queue and an LMDB store in `folder`. */
export async function withBareEngine(folder, work, options = {}) {
  const { cluster, close } = openStore(folder, options)
  const log = createLog('warn')
  const queue = createMemoryQueue({ log })
  const workers = startWorkers(
    { cluster, queue, settings: () => DEFAULT_SETTINGS, entrypoint: ENTRYPOINT, now: Date.now, log },
    { concurrency: CONCURRENCY },
  )
  const stop = new AbortController()
  const kubelet = endPods(cluster, options.everyMs ?? 0, stop.signal)
  const waiting = new Map()
  const follower = follow(cluster, waiting, stop.signal)
  try {
    return await work({
      cluster,
      /** Creates the runs and resolves when all have succeeded. */
      async runToEnd(runs) {
        const ends = runs.map(async run => {
          const created = await cluster.create(run.kind, run)
          const ended = await new Promise(resolve => waiting.set(created.metadata.uid, resolve))
          const condition = succeededCondition(ended)
          if (condition?.status !== 'True') throw new Error(`${created.metadata.name}: ${condition?.message}`)
          return ended
        })
        return Promise.all(ends)
      },
    })
  } finally {
    await workers.close()
    await queue.close()
    stop.abort()
    await Promise.all([kubelet, follower])
    await close()
  }
}

/** Of so many parallel tasks of one step. */
export function pipelineRun(tasks) {
  const taskSpec = { steps: [{ name: 'one', image: 'alpine', command: ['true'] }] }
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { namespace: 'default', generateName: 'bench-' },
    spec: { pipelineSpec: { tasks: Array.from({ length: tasks }, (_, index) => ({ name: `t${index}`, taskSpec })) } },
  }
}

/** Runs of so many parallel tasks, one after the other: ms a task, of the clock and of the processor. */
export async function perTask(runToEnd, tasks, rounds) {
  const samples = []
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage()
    const started = performance.now()
    await runToEnd([pipelineRun(tasks)])
    const wall = performance.now() - started
    const { user, system } = process.cpuUsage(before)
    samples.push({ wall: wall / tasks, processor: (user + system) / 1_000 / tasks })
  }
  return { wall: summary(samples.map(one => one.wall)), processor: summary(samples.map(one => one.processor)) }
}

async function follow(cluster, waiting, signal) {
  for await (const change of cluster.watch('PipelineRun', {}, signal)) {
    for (const run of change.type === 'listed' ? change.items : [change.item]) {
      const tell = isDone(run) && waiting.get(run.metadata.uid)
      if (!tell) continue
      waiting.delete(run.metadata.uid)
      tell(run)
    }
  }
}

/**
 * A kubelet as far as the store can tell: a Pod runs, and after `everyMs` times its place in the line it has ended. With 0
 * all end at once.
 */
async function endPods(cluster, everyMs, signal) {
  const seen = new Set()
  const write = (pod, status) => cluster.replaceStatus('Pod', { ...pod, status }).catch(ignoreConflict)
  let line = Promise.resolve()
  const runPod = async pod => {
    if (everyMs === 0) return write(pod, endedStatus(pod))
    const running = await write(pod, runningStatus(pod))
    line = line.then(() => new Promise(resolve => setTimeout(resolve, everyMs)))
    await line
    if (running) await write(running, endedStatus(pod))
  }
  for await (const change of cluster.watch('Pod', {}, signal)) {
    for (const pod of change.type === 'listed' ? change.items : [change.item]) {
      if (change.type === 'removed') seen.delete(pod.metadata.uid)
      else if (pod.status?.phase === undefined && !seen.has(pod.metadata.uid)) {
        seen.add(pod.metadata.uid)
        void runPod(pod)
      }
    }
  }
}

function runningStatus(pod) {
  const startedAt = `${new Date().toISOString().slice(0, 19)}Z`
  return {
    phase: 'Running',
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready: true,
      restartCount: 0,
      state: { running: { startedAt } },
    })),
  }
}

function ignoreConflict(error) {
  if (error.reason !== 'Conflict' && error.reason !== 'NotFound') throw error
}

/** As the entrypoint and a kubelet leave it after steps that did nothing. */
function endedStatus(pod) {
  const at = new Date().toISOString()
  const message = JSON.stringify([{ key: 'StartedAt', value: at, type: 3 }])
  const seconds = `${at.slice(0, 19)}Z`
  const terminated = { exitCode: 0, reason: 'Completed', message, startedAt: seconds, finishedAt: seconds }
  return {
    phase: 'Succeeded',
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated },
    })),
  }
}

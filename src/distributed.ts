/**
 * Wiring: workers and listeners as processes of their own. The cluster is a Kubernetes API server, queue and inbox are
 * BullMQ's. The twin of `embedded.ts`.
 */
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Listeners } from '../listeners/listeners.js'
import { type KubernetesCluster, openKubernetesCluster } from './cluster/kubernetes.js'
import { readClusterEntrypoint } from './entrypoint-files.js'
import { growingPauseMs } from './lib/backoff.js'
import { describeError } from './lib/fault.js'
import type { CallMetrics } from './metrics/call-metrics.js'
import type { ProcessConfig } from './process/process-config.js'
import type { LISTENER_FLAGS, WORKER_FLAGS } from './process/process-flags.js'
import type { Life } from './process/run-process.js'
import { CLUSTER_SETTINGS } from './run/settings.js'
import { pause } from './timers.js'

/** Manifests that are fetched at once: each may be a git process and its memory. */
const FETCHES_AT_ONCE = 8
const REDIS_PAUSES = { firstMs: 500, maxMs: 5_000 }

export async function runWorkers(told: ProcessConfig<typeof WORKER_FLAGS>, life: Life): Promise<void> {
  const { log } = life
  const { config, values } = told
  const now = Date.now
  let calls: CallMetrics | undefined
  const cluster = openCluster(told, life, call => calls?.called(call))
  const entrypoint = await readClusterEntrypoint({
    folder: values['entrypoint-dir'] ?? config.nativeDir,
    image: values['entrypoint-image'],
  })
  const [{ startWorkers }, { startResolver }, { startReporting }, { openBullmqQueue }] = await Promise.all([
    import('../workers/workers.js'),
    import('../workers/resolver.js'),
    import('./reporting.js'),
    import('./queue/bullmq.js'),
  ])
  const queue = await whenRedisIsThere(life, () => openBullmqQueue({ ...told.redis, log, onEviction: 'refuse' }))
  life.onStop(() => queue.close())
  const settings = await followedSettings(told, cluster, life)
  const reporting = await startReporting(
    { cluster, settings, now, log },
    { runUrl: config.runUrl, tailOf: async () => '', allowedHosts: config.fetching.allowedHosts },
  )
  life.onStop(() => reporting.close())
  life.watch({ metrics: reporting.metrics })
  calls = reporting.metrics?.calls
  const workers = startWorkers(
    { cluster, queue, settings, entrypoint, now, log, observer: reporting.observer },
    { concurrency: values.concurrency },
  )
  const load = async () => {
    const { openResolvers } = await import('./resolve/resolvers.js')
    return openResolvers({ cluster, now, fetching: config.fetching, scratchDir: join(tmpdir(), 'tektite-fetches') })
  }
  const resolver = startResolver({ cluster, settings, now, log, load }, { concurrency: FETCHES_AT_ONCE })
  life.onStop(() => resolver.close())
  life.onStop(() => workers.close())
}

export async function runListeners(told: ProcessConfig<typeof LISTENER_FLAGS>, life: Life): Promise<void> {
  const { log } = life
  const { config, values } = told
  const now = Date.now
  const cluster = openCluster(told, life)
  const [{ startListeners }, { createOutside }, { createGuardedPost }, { openBullmqInbox }] = await Promise.all([
    import('../listeners/listeners.js'),
    import('../listeners/outside.js'),
    import('../listeners/listener-events.js'),
    import('./inbox/bullmq.js'),
  ])
  const inbox = await whenRedisIsThere(life, () => openBullmqInbox({ ...told.redis, log }))
  life.onStop(() => inbox.close())
  const settings = await followedSettings(told, cluster, life)
  const { allowedHosts } = config.fetching
  const outside = createOutside({ cluster, allowedHosts, gitHub: config.gitHub })
  const postCloudEvent = createGuardedPost({ cluster, allowedHosts })
  const admission = () => ({ settings: settings(), configNames: config.configNames })
  const listeners: Listeners = await startListeners(
    { cluster, inbox, admission, outside, postCloudEvent, log, now, newEventId: randomUUID },
    { port: values.port, ...(values['public-url'] && { publicUrl: values['public-url'] }) },
  )
  log.info('listening', { port: listeners.port })
  life.onStop(() => listeners.close())
}

function openCluster(
  { connection }: { readonly connection: ProcessConfig<never>['connection'] },
  life: Life,
  onCall: CallMetrics['called'] = () => {},
) {
  const cluster = openKubernetesCluster({ connection, log: life.log, onCall })
  life.onStop(async () => cluster.close())
  return cluster
}

async function followedSettings(
  { config, values }: ProcessConfig<typeof WORKER_FLAGS> | ProcessConfig<typeof LISTENER_FLAGS>,
  cluster: KubernetesCluster,
  life: Life,
) {
  const { followSettings } = await import('../workers/settings.js')
  const managedBy = 'managed-by' in values ? values['managed-by'] : undefined
  const base = { ...CLUSTER_SETTINGS, ...(managedBy !== undefined && { managedBy }) }
  const live = await followSettings({ cluster, names: config.configNames, log: life.log, base })
  life.onStop(() => live.close())
  return live.current
}

/** Redis may be started after us. What is wrong with it is wrong for good, and says so. */
async function whenRedisIsThere<T>(life: Life, open: () => Promise<T>): Promise<T> {
  let reason = 'not yet'
  let isThere = false
  life.watch({ readyz: [{ name: 'redis-found', problem: () => (isThere ? undefined : reason) }] })
  for (let failures = 1; ; failures++) {
    try {
      const opened = await open()
      isThere = true
      return opened
    } catch (error) {
      if (life.stopping.aborted || isSetUpWrong(error)) throw error
      reason = describeError(error)
      life.log.warn('waiting for Redis', { error: reason })
      await pause(growingPauseMs(failures, REDIS_PAUSES, Math.random()), life.stopping)
    }
  }
}

function isSetUpWrong(error: unknown): boolean {
  return error instanceof Error && error.message.includes('maxmemory-policy')
}

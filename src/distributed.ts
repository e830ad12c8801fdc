/**
 * Wiring: workers and listeners as processes of their own. The cluster is a Kubernetes API server, queue and inbox are
 * BullMQ's. The twin of `embedded.ts`.
 */
import { randomUUID } from 'node:crypto'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Listeners } from '../listeners/listeners.js'
import type { AdmitOptions } from './admission/admit.js'
import type { ReportQueue } from './api/queue.js'
import type { ArchiveReader } from './archive/archive.js'
import type { BlobsPlace } from './blobs/blobs-url.js'
import type { Cluster } from './cluster/cluster.js'
import { inNamespace } from './cluster/in-namespace.js'
import { type KubernetesCluster, openKubernetesCluster } from './cluster/kubernetes.js'
import { readClusterEntrypoint } from './entrypoint-files.js'
import type { KeepingLogs } from './keeping-logs.js'
import { growingPauseMs } from './lib/backoff.js'
import { describeError } from './lib/fault.js'
import type { MarkedLogStore } from './logs/log-store.js'
import { createProcessMetrics, type ProcessMetrics } from './metrics/process-metrics.js'
import { apiServerProblem, silenceProblem, takingProblem, watchProblem } from './process/checks.js'
import { startProbe } from './process/probe.js'
import type { ProcessConfig } from './process/process-config.js'
import type {
  CommonFlags,
  CommonValues,
  DASHBOARD_FLAGS,
  LISTENER_FLAGS,
  WORKER_FLAGS,
} from './process/process-flags.js'
import { type Life, ToldWrong } from './process/run-process.js'
import { createRestricted } from './reconcile/observe/restricted.js'
import type { ReconcileDeps } from './reconcile/reconcile.js'
import { observers } from './reconcile/run-observer.js'
import { connectForRequests, type Redis } from './redis/connection.js'
import { jobCounts, queueDepth } from './redis/depth.js'
import { createLocks, type Locks } from './redis/locks.js'
import { announce, type PresentProcess, presentProcesses } from './redis/presence.js'
import { DISPATCHES, RUNS } from './redis/queue-names.js'
import { type ConfigNames, placeOf } from './run/config-names.js'
import { CLUSTER_SETTINGS, type Settings } from './run/settings.js'
import { maskedTail } from './shipping/masked-tail.js'
import { pause } from './timers.js'
import { version } from './version.js'

/** Manifests that are fetched at once: each may be a git process and its memory. */
const FETCHES_AT_ONCE = 8
const REDIS_PAUSES = { firstMs: 500, maxMs: 5_000 }
/** A scrape is answered within a second, whatever is away. */
const DEPTH_WITHIN_MS = 500
const CANARY_MS = 2_000
const PROBE_MS = 5_000
/** Whoever routes to a listener needs a moment to hear that it stops. */
const LINGER_MS = 3_000

export async function runWorkers(told: ProcessConfig<typeof WORKER_FLAGS>, life: Life): Promise<void> {
  const { log } = life
  const { config, values } = told
  const now = Date.now
  const { api, cluster, metrics, locks, requests, announce } = openCommon(told, life)
  const entrypoint = await readClusterEntrypoint({
    folder: values['entrypoint-dir'] ?? config.nativeDir,
    image: values['entrypoint-image'],
    defaultArchitecture: values['node-architecture'],
  }).catch(toldWrong)
  const [{ startWorkers }, { startResolver }, { startReporting }, { openBullmqQueue }, { keepRuns }] =
    await Promise.all([
      import('../workers/workers.js'),
      import('../workers/resolver.js'),
      import('./reporting.js'),
      import('./queue/bullmq.js'),
      import('./keeping-runs.js'),
    ])
  const [queue, settings] = await Promise.all([
    whenRedisIsThere(life, () => openBullmqQueue({ ...told.redis, log, onEviction: 'refuse', canaryMs: CANARY_MS })),
    followedSettings(told, cluster, life, {
      ...(values['managed-by'] !== undefined && { managedBy: values['managed-by'] }),
      ...(values['log-store'] && { keepsLogs: true }),
    }),
  ])
  life.onStop(() => queue.close())
  const reporting = await startReporting(
    { cluster, settings, now, log },
    {
      runUrl: config.runUrl,
      tailOf: maskedTail({ cluster, logTail: api.logTail }),
      allowedHosts: config.fetching.allowedHosts,
    },
    { singly: locks.singly, metrics },
  )
  life.onStop(() => reporting.close())
  const keeping = values['log-store'] && (await startKeeping(values['log-store']))
  async function startKeeping(place: BlobsPlace): Promise<KeepingLogs> {
    const { startKeepingLogs } = await import('./keeping-logs.js')
    const deps = { api, cluster, settings, redis: requests, redisPrefix: told.redis.prefix, log }
    return startKeepingLogs(deps, place, told.logStoreAuthority)
  }
  life.onStop(async () => keeping?.close())
  const observer = keeping ? observers(reporting.observer, keeping.observer) : reporting.observer
  const load = async () => {
    const { openResolvers } = await import('./resolve/resolvers.js')
    return openResolvers({ cluster, now, fetching: config.fetching, scratchDir: join(tmpdir(), 'tektite-fetches') })
  }
  const resolver = locks.singly('resolver', () =>
    startResolver({ cluster, settings, now, log, load }, { concurrency: FETCHES_AT_ONCE }),
  )
  life.onStop(() => resolver.close())
  const counted = metrics.addRetention()
  const retention = keepRuns({ cluster, settings, kept: keeping, singly: locks.singly, counted, now, log })
  life.onStop(() => retention.close())
  const isRestricted = createRestricted(cluster)
  const askImages = askingImages(cluster, config.fetching.allowedHosts, life)
  const workers = startWorkers(
    { cluster, queue, settings, entrypoint, isRestricted, askImages, now, log, observer },
    { concurrency: values.concurrency },
  )
  life.onStop(() => workers.close())
  announce({ role: 'workers', concurrency: values.concurrency, active: queue.active })
  life.watch({
    livez: [{ name: 'queue', problem: () => silenceProblem(queue.signs()) }],
    readyz: [
      { name: 'queue', problem: () => takingProblem(queue.signs(), performance.now()) },
      { name: 'api-server', problem: () => apiServerProblem(api.signs(), performance.now()) },
      { name: 'watches', problem: () => watchProblem(api.signs(), performance.now()) },
    ],
  })
}

/** Loaded with the first step that says no command: most runs have none. */
function askingImages(
  cluster: Cluster,
  allowedHosts: string,
  { stopping }: Life,
): NonNullable<ReconcileDeps['askImages']> {
  let loaded: Promise<NonNullable<ReconcileDeps['askImages']>> | undefined
  const load = async () => {
    const [{ createAskImages }, { publicGuard }] = await Promise.all([
      import('./images/ask-images.js'),
      import('./fetch/guards.js'),
    ])
    const guard = () => publicGuard({ cluster, allowedHosts }, 'registries are asked about images at')
    return createAskImages({ cluster, guard, now: Date.now, stopping })
  }
  return async question => {
    loaded ??= load()
    return (await loaded)(question)
  }
}

export async function runListeners(told: ProcessConfig<typeof LISTENER_FLAGS>, life: Life): Promise<void> {
  const { log } = life
  const { config, values } = told
  const now = Date.now
  const { api, cluster, metrics, locks, announce } = openCommon(told, life)
  const [{ startListeners }, { createOutside }, { createGuardedPost }, { openBullmqInbox }] = await Promise.all([
    import('../listeners/listeners.js'),
    import('../listeners/outside.js'),
    import('../listeners/listener-events.js'),
    import('./inbox/bullmq.js'),
  ])
  const configNames = configNamesOf(told)
  const [inbox, admission] = await Promise.all([
    whenRedisIsThere(life, () => openBullmqInbox({ ...told.redis, log, onEviction: 'refuse', canaryMs: CANARY_MS })),
    followedSettings(told, cluster, life).then(async settings => {
      const admission = () => ({ settings: settings(), configNames })
      await startWebhook(values, admission, life)
      return admission
    }),
  ])
  life.onStop(() => inbox.close())
  const { allowedHosts } = config.fetching
  let started: Listeners | undefined
  const triggers = metrics.addTriggers(kind => started?.count(kind) ?? 0)
  const listening = startListeners(
    {
      cluster,
      inbox,
      admission,
      outside: createOutside({ cluster, allowedHosts, gitHub: config.gitHub, systemNamespace: placeOf(configNames) }),
      postCloudEvent: createGuardedPost({ cluster, allowedHosts }),
      metrics: { triggers },
      log,
      now,
      newEventId: randomUUID,
      creatingAs: api.creatingAs,
      singly: locks.singly,
      inTurn: locks.inTurn,
    },
    { port: values.port, ...(values['public-url'] && { publicUrl: values['public-url'] }) },
  )
  const listeners = await onPort('--port', values.port, listening)
  started = listeners
  log.info('listening', { port: listeners.port })
  announce({ role: 'listeners' })
  life.onStop(async () => {
    await pause(LINGER_MS, new AbortController().signal)
    await listeners.close()
  })
  const inboxProblem = startProbe(() => inbox.probe(), PROBE_MS / 2, life.stopping)
  life.watch({
    livez: [{ name: 'queue', problem: () => silenceProblem(inbox.signs()) }],
    readyz: [
      { name: 'inbox', problem: inboxProblem },
      { name: 'catalogue', problem: () => (listeners.isListed() ? undefined : 'not listed yet') },
    ],
  })
}

export async function runDashboard(told: ProcessConfig<typeof DASHBOARD_FLAGS>, life: Life): Promise<void> {
  const { log } = life
  const { connection, config, values, redis } = told
  const now = Date.now
  const { api, cluster, announce, requests } = openCommon(told, life)
  const [{ startDashboard }, { createReview }, { openStaticFiles }, { createOwnHandlers }, { openBullmqInbox }] =
    await Promise.all([
      import('../dashboard/dashboard.js'),
      import('../dashboard/may.js'),
      import('./dashboard/static-files.js'),
      import('../dashboard/own-handlers.js'),
      import('./inbox/bullmq.js'),
    ])
  const [inbox, settings] = await Promise.all([
    whenRedisIsThere(life, () => openBullmqInbox({ ...redis, log, onEviction: 'refuse', canaryMs: CANARY_MS })),
    followedSettings(told, cluster, life, {}),
  ])
  life.onStop(() => inbox.close())
  const configNames = configNamesOf(told)
  const kept = values['log-store'] && (await openKept(values['log-store'], told.logStoreAuthority, life))
  const own = createOwnHandlers({
    connection,
    cluster,
    inbox,
    logs: kept?.logs,
    archive: kept?.archive,
    admission: () => ({ settings: settings(), configNames }),
    reportQueue: () => reportQueue(requests, redis),
    now,
    newId: randomUUID,
    log,
  })
  life.onStop(() => own.close())
  const opening = startDashboard(
    {
      connection,
      review: createReview(connection, now),
      pages: openStaticFiles(config.dashboardDir),
      own: own.handlers,
      log,
    },
    { port: values.port },
  )
  const dashboard = await onPort('--port', values.port, opening)
  log.info('listening', { port: dashboard.port })
  announce({ role: 'dashboard' })
  life.onStop(() => dashboard.close())
  life.watch({ readyz: [{ name: 'api-server', problem: () => apiServerProblem(api.signs(), performance.now()) }] })
}

/** What workers keep of runs: their logs, and those whose objects are gone. */
async function openKept(
  place: BlobsPlace,
  authority: string | undefined,
  life: Life,
): Promise<{ readonly logs: MarkedLogStore; readonly archive: ArchiveReader }> {
  const [{ openBlobs }, { createBlobLogStore }, { openArchive }] = await Promise.all([
    import('./blobs/open-blobs.js'),
    import('./logs/blobs.js'),
    import('./keeping-runs.js'),
  ])
  const blobs = await openBlobs(place, authority)
  life.onStop(async () => blobs.close())
  return { logs: createBlobLogStore({ blobs }), archive: openArchive(blobs, life.log) }
}

/** @throws when Redis does not answer */
async function reportQueue(requests: Redis, { prefix }: { readonly prefix: string }): ReturnType<ReportQueue> {
  const [runs, deliveries, present] = await Promise.all([
    jobCounts(requests, { prefix, name: RUNS }, DEPTH_WITHIN_MS),
    jobCounts(requests, { prefix, name: DISPATCHES }, DEPTH_WITHIN_MS),
    presentProcesses(requests, { prefix }),
  ])
  const workers = present.filter(({ role }) => role === 'workers')
  return {
    queues: [
      { name: 'runs', ...runs },
      { name: 'deliveries', ...deliveries },
    ],
    workers: workers.map(({ role, concurrency = 0, active = 0, ...worker }) => ({ ...worker, concurrency, active })),
    listeners: present.filter(({ role }) => role === 'listeners').map(({ role, ...listener }) => listener),
  }
}

/** It needs no Redis, so it does not wait for one. */
async function startWebhook(
  { 'webhook-port': port, 'webhook-cert-dir': certDir }: ProcessConfig<typeof LISTENER_FLAGS>['values'],
  admission: () => AdmitOptions,
  life: Life,
): Promise<void> {
  if (port === undefined || certDir === undefined) return
  const { startAdmissionWebhook } = await import('../listeners/admission-webhook.js')
  const opening = startAdmissionWebhook({ admission, log: life.log }, { port, certDir })
  const webhook = await onPort('--webhook-port', port, opening)
  life.log.info('reviewing', { port: webhook.port })
  life.onStop(() => webhook.close())
}

interface Common {
  readonly api: KubernetesCluster
  /** As much of it as is looked at. */
  readonly cluster: Cluster
  readonly metrics: ProcessMetrics
  readonly locks: Locks
  /** To the Redis that has them. */
  readonly requests: Redis
  /** Tells the others that this process is there. */
  readonly announce: (process: Pick<PresentProcess, 'role'> & Activity) => void
}

/** Of workers, at each look. */
interface Activity {
  readonly concurrency?: number
  readonly active?: () => number
}

/** What both have, and can be asked for from the first moment on. */
function openCommon<F extends CommonFlags>(told: ProcessConfig<F>, life: Life): Common {
  const { connection, redis } = told
  const values: CommonValues = told.values
  const { log } = life
  const { prefix } = redis
  const requests = connectForRequests({ ...redis, log })
  const depth = (name: string) => () => queueDepth(requests, { prefix, name }, DEPTH_WITHIN_MS)
  const metrics = createProcessMetrics({ runs: depth(RUNS), deliveries: depth(DISPATCHES) })
  const api = openKubernetesCluster({ connection, log, onCall: metrics.calls.called })
  life.onStop(async () => {
    api.close()
    requests.disconnect()
  })
  life.watch({ metrics })
  startProbe(() => api.ping(), PROBE_MS, life.stopping)
  const { namespace } = values
  const cluster = namespace === undefined ? api : inNamespace(api, namespace)
  const self = { id: randomUUID(), host: hostname(), version: version(), startedAt: new Date().toISOString() }
  const announceSelf: Common['announce'] = ({ role, concurrency, active }) => {
    const told = () => ({ role, ...self, ...(concurrency && active && { concurrency, active: active() }) })
    const presence = announce(requests, { prefix, log }, told)
    life.onStop(() => presence.stop())
  }
  return { api, cluster, metrics, locks: createLocks(requests, { prefix, log }), requests, announce: announceSelf }
}

async function followedSettings<F extends CommonFlags>(
  told: ProcessConfig<F>,
  cluster: Cluster,
  { log, onStop }: Life,
  own: Pick<Settings, 'managedBy' | 'keepsLogs'> = {},
) {
  const { followSettings } = await import('../workers/settings.js')
  const base = { ...CLUSTER_SETTINGS, ...own }
  const live = await followSettings({ cluster, names: configNamesOf(told), log, base })
  onStop(() => live.close())
  return live.current
}

function configNamesOf<F extends CommonFlags>({ config, values }: ProcessConfig<F>): ConfigNames {
  const common: CommonValues = values
  return { ...config.configNames, namespace: common['system-namespace'] }
}

/** Redis may be started after us. What is wrong with it is wrong for good, and says so. */
async function whenRedisIsThere<T>(life: Life, open: () => Promise<T>): Promise<T> {
  let problem: string | undefined = 'not reached yet'
  life.watch({ readyz: [{ name: 'redis', problem: () => problem }] })
  for (let failures = 1; ; failures++) {
    try {
      const opened = await open()
      problem = undefined
      return opened
    } catch (error) {
      if (isSetUpWrong(error)) return toldWrong(error)
      if (life.stopping.aborted) throw error
      problem = describeError(error)
      life.log.warn('waiting for Redis', { error: problem })
      await pause(growingPauseMs(failures, REDIS_PAUSES, Math.random()), life.stopping)
    }
  }
}

/** A port is what we were told. */
function onPort<T>(flag: string, port: number, opening: Promise<T>): Promise<T> {
  return opening.catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    const why = code === 'EACCES' ? 'may not be opened by this user' : 'is in use by another process'
    return toldWrong(new Error(`port ${port} ${why}: give another with ${flag}, or 0 for any free one`))
  })
}

function toldWrong(error: unknown): never {
  throw new ToldWrong(describeError(error), { cause: error })
}

function isSetUpWrong(error: unknown): boolean {
  return error instanceof Error && error.message.includes('maxmemory-policy')
}

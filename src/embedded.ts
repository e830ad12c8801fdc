/**
 * Wiring: everything in one process. The store is LMDB, the queue is memory, the kubelet is ours; with a Redis, queue
 * and inbox are BullMQ's. Nothing else in the code knows which adapter serves a port.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { startResolver } from '../workers/resolver.js'
import { removingLogs, retentionRules } from '../workers/retention-rules.js'
import { followSettings } from '../workers/settings.js'
import { startWorkers } from '../workers/workers.js'
import type { AdmitOptions } from './admission/admit.js'
import { type OpenRuns, openRuns } from './api/open-runs.js'
import type { ReportQueue } from './api/queue.js'
import type { Archive } from './archive/archive.js'
import { createBlobArchive } from './archive/blob-archive.js'
import { openFolderBlobs } from './blobs/folder.js'
import { type EmbeddedCluster, openEmbeddedCluster } from './cluster/embedded/store.js'
import { type Config, PARTS, type Part } from './config.js'
import { readOwnEntrypoint } from './entrypoint-files.js'
import { startEventExpiry } from './events/event-expiry.js'
import { logTail } from './feedback/log-tail.js'
import type { Inbox } from './inbox/inbox.js'
import { openLmdbInbox } from './inbox/lmdb.js'
import { type Kubelet, startKubelet } from './kubelet/kubelet.js'
import { createProcessRuntime, type ProcessRuntime } from './kubelet/process.js'
import { createShells } from './kubelet/shells.js'
import { POD_MESSAGE_BYTES } from './kubelet/termination-share.js'
import { makeWorkingCopies, type WorkingCopy } from './kubelet/working-copies.js'
import type { Log } from './lib/log.js'
import { createFileLogStore } from './logs/files.js'
import type { LogStore } from './logs/log-store.js'
import { createMemoryQueue, type MemoryQueue } from './queue/memory.js'
import type { RunQueue } from './queue/queue.js'
import { type Reporting, type ReportingDeps, reportForOneCommand, startReporting } from './reporting.js'
import type { Resolution } from './resolve/resolve.js'
import type { ResolversDeps } from './resolve/resolvers.js'
import { HOST_PATH_ANNOTATION } from './resources/annotations.js'
import { WITH_AN_ARCHIVE } from './retention/rules.js'
import { CONFIG_NAMESPACE } from './run/config-names.js'
import { DEFAULT_SETTINGS, withKubelet } from './run/settings.js'
import { type EventsOf, namedEvents } from './run-index/events-of.js'
import { openDatabase } from './storage/lmdb.js'
import { writeFileAtomically } from './storage/write-file.js'
import { version } from './version.js'

/** Runs one worker process looks at together: passes are short, and mostly wait for the store. */
const WORKER_CONCURRENCY = 32
/** Manifests that are fetched at once: each may be a git process and its memory. */
const FETCHES_AT_ONCE = 8

/** There from the start, as on a cluster with Tekton: the latter two are where its settings and its resolvers' are. */
const NAMESPACES = ['default', CONFIG_NAMESPACE, 'tekton-pipelines-resolvers']

const BASE_SETTINGS = withKubelet(DEFAULT_SETTINGS, {
  containerMessageBytes: POD_MESSAGE_BYTES,
  podMessageBytes: POD_MESSAGE_BYTES,
})

/** What workers of another process archived is listed after so long. */
const OTHERS_ARCHIVE_MS = 2_000

const NO_IMAGES = 'images are not used here: steps run the programs of this machine (docs/local.md)'
const REWRITTEN_PATHS =
  'this machine allows no mount namespaces: /workspace, /tekton and other mount paths are rewritten in commands, env and scripts (docs/local.md)'

export interface EmbeddedOptions {
  readonly config: Config
  readonly log: Log
  readonly now: () => number
  readonly dataDir: string
  /** The folder will be thrown away: nothing waits for the disk, and claims may stand for folders of this machine. */
  readonly throwAway: boolean
  /** Folders of this machine that claims may stand for; steps write in copies of them. Only where it is thrown away. */
  readonly workingFolders?: WorkingFolders
  readonly redisUrl?: string
  /** What of the engine runs in this process; what does not is in others, over the API. Default: all of it. */
  readonly parts?: readonly Part[]
}

export interface WorkingFolders {
  /** Absolute and free of links. */
  readonly folders: readonly string[]
  /** Protected too, where this machine can. */
  readonly besides: readonly string[]
}

export interface EmbeddedEngine {
  readonly cluster: EmbeddedCluster
  readonly inbox: Inbox
  /** Live and archived. */
  readonly runs: OpenRuns
  /** What objects are admitted with, as it is now. */
  readonly admission: () => AdmitOptions
  readonly readLogs: Kubelet['readLogs']
  readonly logSize: Kubelet['logSize']
  readonly storedPods: LogStore['pods']
  readonly exec: Kubelet['exec']
  readonly metrics: Reporting['metrics']
  /** Undefined when the queue is not this process's own. */
  readonly reportQueue: ReportQueue | undefined
  readonly workingCopies: readonly WorkingCopy[]
  /** What a user should know about this machine, once: one line each. */
  readonly notes: readonly string[]
  /** Stops the engine. Pods go on; an engine opened on the same folder finds them. */
  close(): Promise<void>
  /** Stops every Pod, then the engine. */
  destroy(): Promise<void>
}

export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedEngine> {
  const { config, log, now, dataDir, throwAway } = options
  const closing: (() => Promise<void>)[] = []
  const closeAll = async (): Promise<void> => {
    // In the reverse order of opening; each once, also when called again.
    for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close()
  }
  const { parts = PARTS } = options
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const runtime = parts.includes('kubelet') ? openRuntime(config, dataDir) : undefined
    if (runtime) closing.push(() => runtime.close())
    // Runs a container to see what this machine allows. Meanwhile the databases are opened.
    const isolation = runtime?.isolation()
    isolation?.catch(() => undefined) // awaited below, or something else failed first
    const database = openDatabase(join(dataDir, 'store'), { durable: !throwAway })
    closing.push(() => database.close())
    const copying = runtime && openWorkingCopies(runtime, options)
    copying?.catch(() => undefined) // as above
    const cluster = openEmbeddedCluster({ database })
    closing.push(() => cluster.close())
    if (!throwAway) for (const name of NAMESPACES) await ensureNamespace(cluster, name)
    const redis = options.redisUrl === undefined ? undefined : await redisPlace(options.redisUrl, config, dataDir)
    const inbox = redis ? await openRedisInbox(redis, log) : openLmdbInbox({ dir: join(dataDir, 'inbox'), log })
    closing.push(() => inbox.close())

    const logs = createFileLogStore({ directory: join(dataDir, 'logs') })
    const rewritesPaths = (await isolation) === 'rewrite'
    const workingCopies = (await copying) ?? []
    const kubelet =
      runtime &&
      (await startKubelet({
        cluster,
        runtime,
        logs,
        dataDir,
        now,
        log,
        baseEnv: config.stepEnvironment,
        rewritesPaths,
        ...(throwAway && {
          folderOfClaim: ({ metadata }) =>
            workingCopies.find(({ folder }) => folder === metadata.annotations?.[HOST_PATH_ANNOTATION]),
        }),
      }))
    if (kubelet) closing.push(() => kubelet.close())
    const { configNames } = config
    const live = await followSettings({ cluster, names: configNames, log, base: BASE_SETTINGS })
    closing.push(() => live.close())
    const settings = live.current
    const expiry = throwAway
      ? undefined
      : startEventExpiry({ cluster, now, log, othersWrite: !parts.includes('workers') })
    if (expiry) closing.push(() => expiry.close())
    const reportingDeps = { cluster, settings, now, log, eventWritten: expiry?.written }
    const archive = throwAway
      ? undefined
      : createBlobArchive({
          blobs: openFolderBlobs({ folder: join(dataDir, 'archive') }),
          log,
          ...(!parts.includes('workers') && { othersWrite: { seenAfterMs: OTHERS_ARCHIVE_MS } }),
        })
    const eventsOf = namedEvents(cluster)
    const work = parts.includes('workers')
      ? await openWorkers(options, { ...reportingDeps, logs, redis, archive, eventsOf }, close => closing.push(close))
      : undefined
    const runs = openRuns({ cluster, archive, eventsOf, log, now })
    closing.push(() => runs.index.close())
    return {
      cluster,
      inbox,
      runs,
      admission: () => ({ settings: settings(), configNames, kinds: cluster.kinds() }),
      // Without a kubelet: what was stored of Pods, should there have been one.
      readLogs:
        kubelet?.readLogs ??
        (async ({ podUid, ...key }, reading, signal) =>
          podUid === undefined ? undefined : logs.read({ ...key, podUid }, reading, signal)),
      logSize: kubelet?.logSize ?? logs.size,
      storedPods: logs.pods,
      exec: kubelet?.exec ?? (async () => undefined),
      metrics: work?.metrics,
      reportQueue: work?.counts && reportOf(work.counts, options),
      workingCopies,
      notes: kubelet === undefined ? [] : rewritesPaths ? [NO_IMAGES, REWRITTEN_PATHS] : [NO_IMAGES],
      close: closeAll,
      async destroy() {
        await kubelet?.stopAll()
        await closeAll()
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function openRuntime(config: Config, dataDir: string) {
  return createProcessRuntime({
    rootDir: join(dataDir, 'pods'),
    shimPath: join(config.nativeDir, 'shim'),
    isolation: config.isolation,
    shells: createShells({ dir: join(dataDir, 'shells'), path: config.stepEnvironment['PATH'] ?? '/usr/bin:/bin' }),
    messageBytes: POD_MESSAGE_BYTES,
  })
}

async function openWorkingCopies(
  runtime: ProcessRuntime,
  { config, dataDir, workingFolders }: EmbeddedOptions,
): Promise<readonly WorkingCopy[]> {
  if (workingFolders === undefined) return []
  return makeWorkingCopies(workingFolders.folders, workingFolders.besides, {
    rootDir: join(dataDir, 'working-copies'),
    overlay: config.isolation === 'rewrite' ? undefined : runtime.overlay,
    viewOf: runtime.viewOf,
  })
}

interface WorkersDeps extends ReportingDeps {
  readonly logs: LogStore
  readonly archive: Archive | undefined
  readonly eventsOf: EventsOf
  readonly redis: RedisPlace | undefined
}

/** Hands over what closes each of its parts when it is open. */
async function openWorkers(
  { config, throwAway, dataDir }: EmbeddedOptions,
  deps: WorkersDeps,
  opened: (close: () => Promise<void>) => void,
): Promise<Pick<Reporting, 'metrics'> & { readonly counts?: MemoryQueue['counts'] }> {
  const { cluster, settings, now, log, logs, redis, archive, eventsOf } = deps
  const entrypoint = await readOwnEntrypoint(config.nativeDir)
  const memory = redis ? undefined : createMemoryQueue({ log })
  const queue = memory ?? (await openRedisQueue(redis!, log))
  opened(() => queue.close())
  const { allowedHosts } = config.fetching
  const reporting = throwAway
    ? reportForOneCommand(deps)
    : await startReporting(deps, { runUrl: config.runUrl, tailOf: logTail(cluster, logs), allowedHosts })
  opened(() => reporting.close())
  const workers = startWorkers(
    { cluster, queue, settings, entrypoint, now, log, observer: reporting.observer, isAdmitted: true },
    { concurrency: WORKER_CONCURRENCY },
  )
  opened(() => workers.close())
  const scratchDir = join(dataDir, 'fetches')
  const load = () => loadResolvers({ cluster, now, fetching: config.fetching, scratchDir })
  const resolver = startResolver({ cluster, settings, now, log, load }, { concurrency: FETCHES_AT_ONCE })
  opened(() => resolver.close())
  if (archive !== undefined) {
    const { startRetention } = await import('../workers/retention.js')
    const retention = startRetention({
      cluster,
      rules: retentionRules(settings, WITH_AN_ARCHIVE),
      archive,
      logs,
      removeLogs: removingLogs(logs),
      eventsOf,
      isOurs: () => true,
      ...(reporting.metrics && { counted: reporting.metrics.retention }),
      now,
      log,
    })
    opened(() => retention.close())
  }
  return { metrics: reporting.metrics, ...(memory && { counts: memory.counts }) }
}

/** The workers are this process, and the listeners, if there are any. */
function reportOf(counts: MemoryQueue['counts'], { now, parts = PARTS }: EmbeddedOptions): ReportQueue {
  const startedAt = new Date(now()).toISOString()
  return async () => {
    const self = { id: 'this process', host: hostname(), version: version(), startedAt }
    const runs = counts()
    return {
      queues: [runs],
      workers: [{ ...self, concurrency: WORKER_CONCURRENCY, active: runs.active }],
      listeners: parts.includes('listeners') ? [self] : [],
    }
  }
}

async function ensureNamespace(cluster: EmbeddedCluster, name: string): Promise<void> {
  const key = { namespace: '', name }
  if (cluster.exists('Namespace', key)) return
  await cluster.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: key })
}

/** Loaded with the first ResolutionRequest. */
async function loadResolvers(deps: ResolversDeps): Promise<Resolution> {
  const { openResolvers } = await import('./resolve/resolvers.js')
  return openResolvers(deps)
}

/** BullMQ is loaded only where a Redis is used: it is most of what a start would wait for. */
async function openRedisQueue(redis: RedisPlace, log: Log): Promise<RunQueue> {
  const { openBullmqQueue } = await import('./queue/bullmq.js')
  return openBullmqQueue({ ...redis, log })
}

async function openRedisInbox(redis: RedisPlace, log: Log): Promise<Inbox> {
  const { openBullmqInbox } = await import('./inbox/bullmq.js')
  return openBullmqInbox({ ...redis, log })
}

interface RedisPlace {
  readonly redisUrl: string
  readonly prefix: string
}

/** Where workers and listeners of other processes look, or else in a place of its own. */
async function redisPlace(redisUrl: string, { redisPrefix }: Config, dataDir: string): Promise<RedisPlace> {
  return { redisUrl, prefix: redisPrefix ?? (await ownPrefix(dataDir)) }
}

/** Engines that share a Redis must not take each other's work: each data folder has a name of its own there. */
async function ownPrefix(dataDir: string): Promise<string> {
  const file = join(dataDir, 'installation')
  const written = await readFile(file, 'utf8').catch(() => undefined)
  if (written) return `tektite:${written.trim()}`
  const id = randomUUID()
  await writeFileAtomically(file, `${id}\n`)
  return `tektite:${id}`
}

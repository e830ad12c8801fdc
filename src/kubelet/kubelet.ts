/**
 * The kubelet of embedded mode: keeps this machine's processes as the cluster's Pods say.
 *
 * No process lives without its Pod object: what a kubelet before us left is adopted if the Pod is still there, and
 * stopped if it is not. A Pod's folder goes only when its logs are in the store to the end.
 */
import { join } from 'node:path'
import type { Cluster } from '../cluster/cluster.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import type { LogKey, LogStore } from '../logs/log-store.js'
import type { PersistentVolumeClaim, Pod } from '../resources/core.js'
import { keyOf } from '../resources/meta.js'
import { watchClaims } from './claims.js'
import { shipTimes } from './log-shipping.js'
import { failMalformedPod, podMalformation } from './malformed-pod.js'
import { type PodWorker, startPodWorker, type WorkerDeps } from './pod-worker.js'
import type { ExecOptions, ExecProcess, PodRuntime, PodSandbox } from './runtime.js'
import { createSharedVolumes } from './shared-volumes.js'
import type { FolderOfClaim } from './volumes.js'

export interface KubeletOptions {
  readonly cluster: Cluster
  readonly runtime: PodRuntime
  readonly logs: LogStore
  /** Volumes that outlive Pods are kept here. */
  readonly dataDir: string
  readonly now: () => number
  readonly log: Log
  /** Pods that run at a time; the others wait as Pending. As a real kubelet: 110. */
  readonly concurrency?: number
  /** What every process gets: PATH, HOME, USER, LANG and TMPDIR of the engine. Nothing else of its environment leaks. */
  readonly baseEnv?: Readonly<Record<string, string>>
  /** The runtime does not mount volumes where containers expect them: scripts are rewritten too. */
  readonly rewritesPaths?: boolean
  /** For a claim that stands for a folder of this machine, as a throw-away engine may have. */
  readonly folderOfClaim?: FolderOfClaim
}

export interface Kubelet {
  /**
   * A container's output from byte `offset`: of a Pod that runs, as it comes; of one that ended, from the store.
   * Undefined when there is none. With `follow`, waits for the container to start and ends with it.
   */
  readLogs(
    key: ReadLogKey,
    options: { readonly follow: boolean; readonly offset?: number },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Bytes of output so far. */
  logSize(key: LogKey): Promise<number>
  /** A command in a container's surroundings, see `PodRuntime.startExec`. Undefined when the container does not run. */
  exec(key: LogKey, options: ExecOptions, signal: AbortSignal): Promise<ExecProcess | undefined>
  /** Stops looking after Pods. Their containers go on, and the next kubelet finds them. Safe to repeat. */
  close(): Promise<void>
  /** Kills every container and removes every Pod's folder, then closes: for an engine that is thrown away. */
  stopAll(): Promise<void>
}

/** Without a uid: of the Pod that has the name now. */
export type ReadLogKey = Omit<LogKey, 'podUid'> & { readonly podUid?: string }

const SANE_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }

export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { cluster, runtime, logs, dataDir, log } = options
  const claimsDir = join(dataDir, 'claims')
  const shared = createSharedVolumes({ rootDir: join(dataDir, 'volumes') })
  const workers = new Map<string, PodWorker>()
  const leftovers = new Map<string, PodSandbox>()
  const places = createPlaces(options.concurrency ?? 110)
  const closing = new AbortController()

  const deps: WorkerDeps = {
    cluster,
    runtime,
    logs,
    now: options.now,
    log,
    baseEnv: { ...SANE_ENV, ...options.baseEnv },
    rewritesPaths: options.rewritesPaths === true,
    volumes: { shared, claimsDir, ...(options.folderOfClaim ? { folderOfClaim: options.folderOfClaim } : {}) },
    admit: places.admit,
    leave: places.leave,
  }

  for (const sandbox of await runtime.listPods()) leftovers.set(sandbox.uid, sandbox)
  if (leftovers.size === 0) await shared.clear()

  const put = (pod: Pod): void => {
    const { uid } = pod.metadata
    const known = workers.get(uid)
    if (known !== undefined) {
      known.update(pod)
      return
    }
    const malformed = podMalformation(pod)
    if (malformed !== undefined) {
      failMalformedPod(cluster, pod, malformed, options.now()).catch((error: unknown) =>
        log.error('failing a malformed pod failed', { pod: uid, error: describeError(error) }),
      )
      return
    }
    const adopted = leftovers.get(uid)
    leftovers.delete(uid)
    if (adopted !== undefined) places.take(uid)
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    if (adopted === undefined && isOver && pod.metadata.deletionTimestamp === undefined) return
    const worker = startPodWorker(pod, adopted, deps)
    workers.set(uid, worker)
    void worker.done.then(() => {
      if (workers.get(uid) !== worker || closing.signal.aborted) return
      workers.delete(uid)
      places.leave(uid)
      // Something came in after its last look, such as a deletion.
      if (worker.pod !== pod && worker.pod.metadata.deletionTimestamp !== undefined) void revisit(worker.pod)
    })
  }

  /** A worker that ended while its Pod was being deleted may not have seen that. */
  const revisit = async (pod: Pod): Promise<void> => {
    try {
      const { namespace, name, uid } = pod.metadata
      const fresh = await cluster.get('Pod', { namespace, name })
      if (fresh?.metadata.uid === uid && !closing.signal.aborted) put(fresh)
    } catch (error) {
      log.error('looking at a deleted pod failed', { error: describeError(error) })
    }
  }

  /** What an engine before us started for Pods that are gone. */
  const clearLeftovers = async (): Promise<void> => {
    const orphans = [...leftovers.values()]
    leftovers.clear()
    for (const sandbox of orphans) {
      try {
        for (const [container] of await runtime.inspect(sandbox)) {
          await runtime.stopContainer(sandbox, container, 0)
          const key = { namespace: sandbox.namespace, pod: sandbox.name, podUid: sandbox.uid, container }
          let offset = await logs.size(key)
          for await (const bytes of runtime.logs(sandbox, container, { follow: false, offset }, closing.signal)) {
            await logs.append(key, offset, bytes)
            offset += bytes.byteLength
          }
          await shipTimes(runtime, sandbox, key, logs, closing.signal)
          await logs.finish(key)
        }
        await runtime.removePod(sandbox)
      } catch (error) {
        log.error('clearing away a leftover pod failed', { pod: sandbox.uid, error: describeError(error) })
      }
    }
  }

  /** Of a Pod that is no longer among the unfinished ones: it has ended, which its worker knows, or it is gone. */
  const missed = async (worker: PodWorker): Promise<void> => {
    try {
      const found = await cluster.get('Pod', keyOf(worker.pod))
      if (found?.metadata.uid === worker.uid) worker.update(found)
      else worker.gone()
    } catch (error) {
      log.error('looking for a pod failed', { error: describeError(error) })
    }
  }

  const watchPods = async (): Promise<void> => {
    // What has ended long ago is not read again at every start; what an earlier engine left of it is a leftover.
    for await (const change of cluster.watch('Pod', { unfinished: true }, closing.signal)) {
      switch (change.type) {
        case 'listed': {
          const present = new Set(change.items.map(pod => pod.metadata.uid))
          for (const worker of workers.values()) if (!present.has(worker.uid)) await missed(worker)
          for (const pod of change.items) put(pod)
          await clearLeftovers()
          break
        }
        case 'put':
          put(change.item)
          break
        case 'removed':
          {
            const worker = workers.get(change.item.metadata.uid)
            if (worker !== undefined) await missed(worker)
          }
          break
        default:
          throw new Error(`unknown change ${JSON.stringify(change satisfies never)}`)
      }
    }
  }

  const unused = async ({ metadata: { namespace, name } }: PersistentVolumeClaim): Promise<void> => {
    const users = [...workers.values()].filter(
      ({ pod }) =>
        pod.metadata.namespace === namespace &&
        pod.spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name),
    )
    await Promise.all(users.map(worker => worker.done))
  }

  const watching = Promise.all(
    [watchPods, () => watchClaims({ cluster, claimsDir, log, unused }, closing.signal)].map(watch =>
      watch().catch(error => {
        if (!closing.signal.aborted) log.error('watching failed', { error: describeError(error) })
      }),
    ),
  )

  /** From the Pod's folder while it is there, and the rest from the store. */
  async function* wholeLog(
    sandbox: PodSandbox,
    key: LogKey,
    options: { readonly follow: boolean; readonly offset: number },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { container, part } = key
    let { offset } = options
    for await (const bytes of runtime.logs(sandbox, container, { ...options, ...(part && { part }) }, signal)) {
      offset += bytes.byteLength
      yield bytes
    }
    if (signal.aborted) return
    // A folder goes only when the store has all of it: what went under our hands is there.
    const rest = await logs.read(key, { follow: false, offset }, signal)
    if (rest !== undefined) yield* rest
  }

  const workerOf = (key: ReadLogKey): PodWorker | undefined =>
    [...workers.values()].find(
      ({ uid, pod: { metadata } }) =>
        metadata.namespace === key.namespace &&
        metadata.name === key.pod &&
        (key.podUid === undefined || key.podUid === uid),
    )

  const close = async (): Promise<void> => {
    closing.abort()
    await Promise.all([...workers.values()].map(worker => worker.close()))
    await watching
  }

  return {
    async readLogs(key, { follow, offset = 0 }, signal) {
      for (;;) {
        const worker = workerOf(key)
        const sandbox = worker?.sandbox
        if (worker === undefined || signal.aborted) break
        if (sandbox !== undefined && (await runtime.wasStarted(sandbox, key.container))) {
          return wholeLog(sandbox, { ...key, podUid: worker.uid }, { follow, offset }, signal)
        }
        if (!follow) break
        await Promise.race([worker.changed(), worker.done, aborted(signal)])
      }
      const podUid = key.podUid ?? (await cluster.get('Pod', { namespace: key.namespace, name: key.pod }))?.metadata.uid
      return podUid === undefined ? undefined : logs.read({ ...key, podUid }, { follow: false, offset }, signal)
    },

    async logSize(key) {
      const sandbox = workerOf(key)?.sandbox
      const running = sandbox === undefined ? 0 : await runtime.logSize(sandbox, key.container)
      // Whichever has more: a folder that is going has nothing left, a store that follows is behind.
      return Math.max(running, await logs.size(key))
    },

    async exec(key, options, signal) {
      const sandbox = workerOf(key)?.sandbox
      if (sandbox === undefined || !(await runtime.wasStarted(sandbox, key.container))) return undefined
      return runtime.startExec(sandbox, key.container, options, signal)
    },

    close,

    async stopAll() {
      await close()
      await Promise.all((await runtime.listPods()).map(sandbox => runtime.removePod(sandbox)))
    },
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** A number of places; who comes when all are taken waits for its turn. */
function createPlaces(count: number) {
  const taken = new Set<string>()
  const line = new Map<string, () => void>()
  const fill = (): void => {
    for (const [who, wake] of line) {
      if (taken.size >= count) return
      line.delete(who)
      taken.add(who)
      wake()
    }
  }
  return {
    admit(who: string, wake: () => void): boolean {
      if (taken.has(who)) return true
      if (taken.size >= count) {
        line.set(who, wake)
        return false
      }
      taken.add(who)
      return true
    },
    /** For one that runs already. */
    take(who: string): void {
      taken.add(who)
    },
    leave(who: string): void {
      line.delete(who)
      taken.delete(who)
      fill()
    },
  }
}

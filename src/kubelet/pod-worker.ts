/**
 * Looks after one Pod: observe, ask pod-lifecycle.ts, do what it says, report; then wait until something changes.
 * All of it may be done twice, because the runtime starts a container at most once.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Cluster } from '../cluster/cluster.js'
import { isClusterError } from '../cluster/cluster.js'
import { growingPauseMs } from '../lib/backoff.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import type { LogStore } from '../logs/log-store.js'
import type { Pod, PodStatus } from '../resources/core.js'
import { keyOf } from '../resources/meta.js'
import { createAttendance } from './attendance.js'
import { configReader } from './config-reader.js'
import { configureContainer } from './container-config.js'
import { hostsMounts } from './hosts-file.js'
import { type KubeletStep, nextKubeletSteps } from './pod-lifecycle.js'
import { rewriteWith } from './rewrite.js'
import type { ContainerState, PodRuntime, PodSandbox } from './runtime.js'
import { createSecretValues } from './secret-values.js'
import { type MadeVolume, makeVolumes, refreshDownward, type VolumeDeps } from './volumes.js'

export interface WorkerDeps {
  readonly cluster: Cluster
  readonly runtime: PodRuntime
  readonly logs: LogStore
  readonly now: () => number
  readonly log: Log
  readonly baseEnv: Readonly<Record<string, string>>
  readonly rewritesPaths: boolean
  readonly volumes: Pick<VolumeDeps, 'shared' | 'claimsDir' | 'folderOfClaim'>
  /** True when this Pod has a place among those that run. If not, `wake` is called as soon as it has. */
  readonly admit: (uid: string, wake: () => void) => boolean
  /** Its place is free again. */
  readonly leave: (uid: string) => void
}

export interface PodWorker {
  readonly uid: string
  /** The Pod as last seen in the cluster. */
  readonly pod: Pod
  readonly sandbox: PodSandbox | undefined
  update(pod: Pod): void
  /** The object is gone: everything of it is stopped and removed. */
  gone(): void
  /** Resolves when there is nothing left to do for this Pod, or after `close`. */
  readonly done: Promise<void>
  /** Resolves when anything about it has changed. */
  changed(): Promise<void>
  /** Lets go of the Pod. Its containers go on. */
  close(): Promise<void>
}

/** How soon something that could not be made (a missing secret), or a fault of the machine, is tried again. */
const RETRY = { firstMs: 500, maxMs: 10_000 } as const

/**
 * Until an annotation that was set later shows in its file. A cluster's kubelet takes a second or more, and tasks rely on
 * it: their first step expects that a sidecar, ready as soon as it runs, has done its first work by then.
 */
const PROJECTION_DELAY_MS = 200

export function startPodWorker(first: Pod, adopted: PodSandbox | undefined, deps: WorkerDeps): PodWorker {
  const { cluster, runtime, log, now } = deps
  const uid = first.metadata.uid
  const closing = new AbortController()
  const stopping = new Map<string, number>()
  const watchers = new Set<() => void>()
  const secrets = createSecretValues()
  let refused = new Map<string, ContainerState>()
  let unschedulable: string | undefined
  let retryAt: number | undefined
  let refusals = 0
  let volumes: ReadonlyMap<string, MadeVolume> | undefined
  let pod = first
  let shown: Pod | undefined // whose metadata the downward files show; unknown after a restart
  let isGone = false
  let sandbox = adopted
  let pending = true
  let wake: (() => void) | undefined

  const notice = (): void => {
    pending = true
    wake?.()
    for (const watcher of watchers) watcher()
  }
  closing.signal.addEventListener('abort', notice)
  const attendance = createAttendance({ runtime, logs: deps.logs, log, now, adopted: adopted !== undefined, notice })

  const volumeDeps = (): VolumeDeps => ({
    cluster,
    read: secrets.noting(configReader(cluster, pod.metadata.namespace)),
    ...deps.volumes,
    rewrite: deps.rewritesPaths && volumes !== undefined ? rewriteWith(allMounts(pod, volumes)) : text => text,
  })

  const refuse = (message: string): void => {
    for (const { name } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      refused.set(name, { kind: 'waiting', reason: 'CreateContainerConfigError', message })
    }
  }

  /** The sandbox and its volumes, or undefined when something is missing that may come. */
  const prepare = async (): Promise<PodSandbox | undefined> => {
    if (sandbox === undefined) {
      if (!deps.admit(uid, notice)) return undefined
      sandbox = await runtime.createPod({ uid, ...keyOf(pod) })
    }
    if (volumes !== undefined) return sandbox
    const asOf = pod
    let made = await makeVolumes(asOf, sandbox.rootDir, volumeDeps())
    if (made.kind === 'made' && deps.rewritesPaths) {
      // Scripts name the folders, which are known only now.
      volumes = made.volumes
      made = await makeVolumes(asOf, sandbox.rootDir, volumeDeps())
    }
    unschedulable = made.kind === 'unschedulable' ? made.message : undefined
    if (made.kind === 'problem') refuse(made.message)
    if (made.kind !== 'made') return undefined
    volumes = made.volumes
    shown = asOf
    return sandbox
  }

  const start = async (names: readonly string[]): Promise<void> => {
    const place = await prepare()
    if (place === undefined || volumes === undefined) return
    const made = volumes
    const { read } = volumeDeps()
    // Where paths are rewritten no program would look for the file.
    const more = deps.rewritesPaths ? [] : hostsMounts(pod, place.rootDir)
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].filter(({ name }) => names.includes(name))
    const configs = await Promise.all(
      all.map(container => configureContainer(pod, container, made, more, deps.baseEnv, read)),
    )
    const hidden = secrets.patterns(pod)
    await Promise.all(
      configs.map(async (config, index) => {
        if (typeof config !== 'string') return runtime.startContainer(place, { ...config, hidden })
        const message = config
        refused.set(all[index]?.name ?? '', { kind: 'waiting', reason: 'CreateContainerConfigError', message })
      }),
    )
  }

  const stop = (container: string, graceMs: number): void => {
    // Asked again only when there is less time now, as after a forced deletion.
    if (sandbox === undefined || (stopping.get(container) ?? Number.POSITIVE_INFINITY) <= graceMs) return
    const isFirst = !stopping.has(container)
    const place = sandbox
    stopping.set(container, graceMs)
    void (isFirst ? attendance.beforeStop(pod, place, container, graceMs) : Promise.resolve(0))
      .then(spentMs => runtime.stopContainer(place, container, Math.max(graceMs === 0 ? 0 : 1, graceMs - spentMs)))
      .catch(error => log.error('stopping a container failed', { pod: uid, container, error: describeError(error) }))
      .finally(() => {
        stopping.delete(container)
        notice()
      })
  }

  const release = async (): Promise<void> => {
    if (sandbox === undefined) return
    await attendance.finish()
    await runtime.removePod(sandbox)
    sandbox = undefined
    await deps.volumes.shared.release(uid)
    deps.leave(uid)
  }

  const report = async (status: PodStatus): Promise<void> => {
    while (!isGone && !closing.signal.aborted && JSON.stringify(pod.status) !== JSON.stringify(status)) {
      try {
        pod = await cluster.replaceStatus('Pod', { ...pod, status })
        return
      } catch (error) {
        if (!isClusterError(error, 'Conflict') && !isClusterError(error, 'NotFound')) throw error
        const fresh = await cluster.get('Pod', keyOf(pod))
        if (fresh?.metadata.uid !== uid) isGone = true
        // Whoever wrote first did not write the status: that is ours.
        else pod = fresh
      }
    }
  }

  /** Stops what an object that no longer exists has left, keeping only its logs. */
  const clearAway = async (): Promise<void> => {
    if (sandbox === undefined) return
    const states = await runtime.inspect(sandbox)
    const place = sandbox
    attendance.attend(pod, place, states)
    await Promise.all([...states.keys()].map(name => runtime.stopContainer(place, name, 0)))
    await release()
  }

  const carryOut = async (steps: readonly KubeletStep[]): Promise<'over' | 'waits'> => {
    for (const step of steps) {
      switch (step.do) {
        case 'start':
          break // before the report, all at once
        case 'stop':
          stop(step.container, step.graceMs)
          break
        case 'release':
          await release()
          break
        case 'delete':
          await cluster.delete('Pod', keyOf(pod), { uid, graceSeconds: 0 })
          break
        default:
          throw new Error(`unknown step ${JSON.stringify(step satisfies never)}`)
      }
    }
    return steps.some(step => step.do === 'release') ? 'over' : 'waits'
  }

  const look = async () => {
    const seen = sandbox === undefined ? new Map<string, ContainerState>() : await runtime.inspect(sandbox)
    if (sandbox !== undefined) attendance.attend(pod, sandbox, seen)
    const containers = new Map([...refused, ...seen])
    const { started, ready, unhealthy } = attendance
    const seenPod = { containers, started, ready, unhealthy, ...(unschedulable === undefined ? {} : { unschedulable }) }
    return nextKubeletSteps(pod, seenPod, now())
  }

  const pass = async (): Promise<'over' | 'waits'> => {
    if (isGone) {
      await clearAway()
      return 'over'
    }
    const hasVolumes = volumes !== undefined || adopted !== undefined
    if (sandbox !== undefined && hasVolumes && shown !== pod) {
      const before = shown
      const isChange = before !== undefined && !isDeepStrictEqual(before.metadata.annotations, pod.metadata.annotations)
      if (isChange) refreshAt ??= now() + PROJECTION_DELAY_MS
      if (refreshAt === undefined || now() >= refreshAt) {
        refreshAt = undefined
        shown = pod
        refreshDownward(before, pod, sandbox.rootDir, volumeDeps())
      }
    }
    if (retryAt !== undefined && now() >= retryAt) {
      refused = new Map()
      unschedulable = undefined
      retryAt = undefined
    }
    let plan = await look()
    const starts = plan.steps.filter(step => step.do === 'start').map(step => step.container)
    if (starts.length > 0 && retryAt === undefined) {
      // Started first, reported once: one write says "running" instead of one more for "about to".
      await start(starts)
      if (refused.size > 0 || unschedulable !== undefined) {
        refusals += 1
        retryAt = now() + growingPauseMs(refusals, RETRY, 1)
      }
      plan = await look()
    }
    await report(plan.status)
    if (isGone) return pass()
    const outcome = await carryOut(plan.steps)
    lookAgainAt = plan.lookAgainAt
    return outcome
  }

  let lookAgainAt: number | undefined
  let refreshAt: number | undefined

  const wait = async (): Promise<void> => {
    const times = [lookAgainAt, retryAt, refreshAt].filter(at => at !== undefined)
    const until = new AbortController()
    // A day at most: a longer timer would fire at once.
    const ms = Math.min(Math.max(0, Math.min(...times) - now()), 86_400_000)
    const timer = times.length === 0 ? undefined : setTimeout(notice, ms)
    if (sandbox !== undefined) {
      void runtime.changed(sandbox, until.signal).then(() => {
        if (!until.signal.aborted) notice()
      })
    }
    if (!pending) await new Promise<void>(resolve => (wake = resolve))
    wake = undefined
    clearTimeout(timer)
    until.abort()
  }

  const run = async (): Promise<void> => {
    let faults = 0
    while (!closing.signal.aborted) {
      pending = false
      try {
        if ((await pass()) === 'over') break
        faults = 0
      } catch (error) {
        if (closing.signal.aborted) break
        faults += 1
        const fields = { pod: `${pod.metadata.namespace}/${pod.metadata.name}`, error: describeError(error) }
        log.error('looking after a pod failed', fields)
        retryAt ??= now() + growingPauseMs(faults, RETRY, 1)
      }
      await wait()
    }
    await attendance.cancel()
    notice()
  }

  const done = run()
  return {
    uid,
    get pod() {
      return pod
    },
    get sandbox() {
      return sandbox
    },
    update(next) {
      if (Number(next.metadata.resourceVersion) <= Number(pod.metadata.resourceVersion)) return // our own write, come back
      pod = next
      notice()
    },
    gone() {
      isGone = true
      notice()
    },
    done,
    changed: () =>
      new Promise(resolve => {
        const finish = (): void => {
          watchers.delete(finish)
          resolve()
        }
        watchers.add(finish)
      }),
    async close() {
      closing.abort()
      await done
    },
  }
}

function allMounts(pod: Pod, volumes: ReadonlyMap<string, MadeVolume>) {
  const mounts = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(
    ({ volumeMounts }) => volumeMounts ?? [],
  )
  return mounts.flatMap(({ name, mountPath, subPath }) => {
    const volume = volumes.get(name)
    if (volume === undefined) return []
    return [{ hostPath: subPath ? `${volume.hostPath}/${subPath}` : volume.hostPath, containerPath: mountPath }]
  })
}

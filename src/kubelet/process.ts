/**
 * Pods as processes of this machine. Each container has a shim (shim/README.md), which outlives us, and a folder:
 *
 *     <rootDir>/<pod uid>/sandbox.json
 *                         volumes/…               made by volumes.ts
 *                         containers/<name>/      pid, log, termination, exit; mounts (mounts-file.ts)
 *
 * The folders are the truth. What we started ourselves we also remember, so that the usual pod costs few file reads.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, realpath } from 'node:fs/promises'
import { constants as signals } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathSegment } from '../lib/path-segment.js'
import { toTimestamp } from '../lib/time.js'
import { timerMs } from '../timers.js'
import { readContainer, readShimPid, signalShim, watchContainer } from './container-folder.js'
import { followLog, logSize } from './container-log.js'
import { parseExit, type ShimPid } from './container-record.js'
import { execBeside, hasBegun, startBeside } from './exec.js'
import { proveIsolation } from './isolation.js'
import { readMounts, writeMounts } from './mounts-file.js'
import { rewriteWith } from './rewrite.js'
import type { ContainerState, PodRuntime, PodSandbox } from './runtime.js'
import type { Shells } from './shells.js'
import { shimFlags } from './shim-flags.js'
import { createShimServer, type StartedShim } from './shim-server.js'

export type Isolation = 'namespace' | 'rewrite'

export interface ProcessRuntime extends PodRuntime {
  readonly name: 'process'
  /** What `check` found: mounts where containers expect them, or rewritten paths (rewrite.ts tells the limits). */
  isolation(): Promise<Isolation>
  /** A container's image is not used: its command runs with what this machine has. The user should be told once. */
  readonly ignoresImages: true
  /** Before any container is started, see `ShimServer.overlay`. */
  overlay(folder: string, upper: string, work: string): Promise<string | undefined>
  /** Where this process finds what containers begin with at `path`: it does not see the overlays. */
  viewOf(path: string): string
  /** Lets go of containers that run; they go on. */
  close(): Promise<void>
}

export interface ProcessRuntimeOptions {
  /** Holds all pods. Made when missing. */
  readonly rootDir: string
  /** The program built from shim/. */
  readonly shimPath: string
  /** `auto`: namespaces if this machine allows them, else rewritten paths. */
  readonly isolation: 'auto' | Isolation
  /** The shells that images have; without them every container has this machine's. */
  readonly shells?: Shells
  /** How much is kept of a container's termination message; Kubernetes' 4096 when not given. */
  readonly messageBytes?: number
  readonly now?: () => number
}

interface Entry {
  state: ContainerState
  /** Started by this process, and its server still knows it. */
  shim: StartedShim | undefined
  unwatch: (() => void) | undefined
}

interface Held {
  readonly dir: string
  readonly entries: Map<string, Entry>
  /** The folder was read, or is new. */
  loaded: boolean
  version: number
  seen: number
  readonly waiters: Set<() => void>
}

/** Another nudge, in case a process was born between the look and the kill, or hangs in the kernel. */
const KILL_AGAIN_MS = 2_000

/** How often a command beside a container that has only just been asked for looks whether it is there. */
const BEGIN_POLL_MS = 5

export function createProcessRuntime(options: ProcessRuntimeOptions): ProcessRuntime {
  const now = options.now ?? Date.now
  const shimPath = resolve(options.shimPath) // the server runs in /
  const server = createShimServer({ shimPath })
  const held = new Map<string, Held>()
  let root: Promise<string> | undefined
  let proven: Promise<Isolation> | undefined

  const rootDir = (): Promise<string> => {
    // Free of links: the shim compares paths.
    root ??= mkdir(options.rootDir, { recursive: true, mode: 0o755 }).then(() => realpath(options.rootDir))
    return root
  }

  const isolation = (): Promise<Isolation> => {
    proven ??= rootDir().then(dir => proveIsolation(options.isolation, server, dir, shimPath))
    return proven
  }

  const hold = (sandbox: PodSandbox): Held => {
    let pod = held.get(sandbox.uid)
    if (pod === undefined) {
      pod = { dir: sandbox.rootDir, entries: new Map(), loaded: false, version: 1, seen: 0, waiters: new Set() }
      held.set(sandbox.uid, pod)
    }
    return pod
  }

  const changedNow = (pod: Held): void => {
    pod.version += 1
    for (const wake of pod.waiters) wake()
  }

  const folderOf = (pod: Held, container: string): string => join(pod.dir, 'containers', pathSegment(container))

  const settle = (pod: Held, entry: Entry, state: ContainerState): void => {
    entry.unwatch?.()
    entry.unwatch = undefined
    entry.shim = undefined
    entry.state = state
    changedNow(pod)
  }

  /** For a container that is not, or no longer, our server's: its folder tells, and is watched while it runs. */
  const adopt = async (pod: Held, name: string, entry: Entry): Promise<void> => {
    entry.shim = undefined
    const folder = folderOf(pod, name)
    const state = await readContainer(folder, now())
    if (state === undefined) {
      const at = toTimestamp(now())
      const message = `${shimPath} could not be started for this container`
      const failed = { kind: 'exited', startedAt: at, finishedAt: at, exitCode: 128, signal: 0, message } as const
      settle(pod, entry, { ...failed, reason: 'StartError' })
      return
    }
    if (state.kind === 'exited') {
      settle(pod, entry, state)
      return
    }
    entry.state = state
    entry.unwatch ??= watchContainer(folder, () => {
      void readContainer(folder, now()).then(
        next => {
          if (next?.kind === 'exited' && entry.state.kind !== 'exited') settle(pod, entry, next)
        },
        () => undefined, // the folder was removed under us: removePod has forgotten the container too
      )
    })
  }

  const load = async (pod: Held): Promise<void> => {
    if (pod.loaded) return
    const names = await readdir(join(pod.dir, 'containers')).catch(() => [])
    for (const segment of names) {
      const name = decodeURIComponent(segment)
      if (pod.entries.has(name)) continue
      const state = await readContainer(folderOf(pod, name), now())
      // A folder without a claim: a kubelet before us died before it asked for the start. It was not started.
      if (state === undefined) continue
      const entry: Entry = { state, shim: undefined, unwatch: undefined }
      pod.entries.set(name, entry)
      if (state.kind === 'running') await adopt(pod, name, entry)
    }
    pod.loaded = true
  }

  const send = async (pod: Held, name: string, entry: Entry, signal: number): Promise<void> => {
    if (entry.shim !== undefined) entry.shim.signal(signal)
    else await signalShim(folderOf(pod, name), signal)
  }

  /** Resolves to false when `ms` have passed and it still runs. */
  const ends = (pod: Held, entry: Entry, ms: number): Promise<boolean> =>
    new Promise(resolve => {
      const look = (): void => {
        if (entry.state.kind === 'exited') finish(true)
      }
      const timer = setTimeout(() => finish(false), timerMs(ms))
      const finish = (ended: boolean): void => {
        clearTimeout(timer)
        pod.waiters.delete(look)
        resolve(ended)
      }
      pod.waiters.add(look)
      look()
    })

  const stop = async (pod: Held, name: string, graceMs: number): Promise<void> => {
    const entry = pod.entries.get(name)
    if (entry === undefined || entry.state.kind === 'exited') return
    if (graceMs > 0) {
      await send(pod, name, entry, signals.signals.SIGTERM)
      if (await ends(pod, entry, graceMs)) return
    }
    do await send(pod, name, entry, signals.signals.SIGUSR1)
    while (!(await ends(pod, entry, KILL_AGAIN_MS)))
  }

  /** The shim of a container that runs, once its own command does. */
  const begun = async (pod: Held, container: string, signal: AbortSignal): Promise<ShimPid | undefined> => {
    const folder = folderOf(pod, container)
    await load(pod)
    let shim = await readShimPid(folder)
    while (pod.entries.get(container)?.state.kind === 'running' && !signal.aborted) {
      if (shim !== undefined && (await hasBegun(shim.pid))) break
      await delay(BEGIN_POLL_MS)
      shim = await readShimPid(folder)
    }
    return shim
  }

  const runtime: ProcessRuntime = {
    name: 'process',
    ignoresImages: true,
    isolation,
    overlay: server.overlay,
    viewOf: path => `/proc/${server.pid}/root${path}`,
    async check() {
      await isolation()
    },

    async listPods() {
      const dir = await rootDir()
      const entries = await readdir(dir, { withFileTypes: true })
      const pods = entries.filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
      return Promise.all(pods.map(entry => readSandbox(join(dir, entry.name), entry.name)))
    },

    async createPod({ uid, namespace, name }) {
      const dir = join(await rootDir(), pathSegment(uid))
      const sandbox: PodSandbox = { uid, namespace, name, rootDir: dir, podIP: '127.0.0.1' }
      if (held.has(uid)) return sandbox
      let fresh = true
      try {
        mkdirSync(dir, { mode: 0o755 })
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
          throw new Error(`making the folder of pod "${namespace}/${name}"`, { cause: error })
        }
        fresh = false
      }
      writeFileSync(join(dir, 'sandbox.json'), JSON.stringify({ uid, namespace, name }))
      hold(sandbox).loaded = fresh
      return sandbox
    },

    async startContainer(sandbox, config) {
      const pod = hold(sandbox)
      await load(pod)
      const { name } = config.container
      if (pod.entries.has(name)) return
      const mode = await isolation()
      const folder = folderOf(pod, name)
      if (pod.entries.has(name)) return // a second call, while we waited
      mkdirSync(folder, { recursive: true, mode: 0o755 })
      const programs = options.shells?.layersFor(config.container.image)
      const { flags, env } = shimFlags(config, folder, mode, programs, options.messageBytes)
      if (mode === 'rewrite') writeMounts(folder, config.mounts)
      const shim = server.start(flags, env)
      const entry: Entry = { state: { kind: 'running', startedAt: toTimestamp(now()) }, shim, unwatch: undefined }
      pod.entries.set(name, entry)
      changedNow(pod)
      void shim.ended.then(async record => {
        const state = record === undefined ? undefined : parseExit(record)
        if (state !== undefined) settle(pod, entry, state)
        else if (held.get(sandbox.uid) === pod) await adopt(pod, name, entry)
      })
    },

    async inspect(sandbox) {
      const pod = hold(sandbox)
      await load(pod)
      pod.seen = pod.version
      return new Map([...pod.entries].map(([name, entry]) => [name, entry.state]))
    },

    async wasStarted(sandbox, container) {
      const pod = hold(sandbox)
      await load(pod)
      return pod.entries.has(container)
    },

    changed(sandbox, signal) {
      const pod = hold(sandbox)
      return new Promise(resolve => {
        const finish = (): void => {
          pod.waiters.delete(finish)
          signal.removeEventListener('abort', finish)
          resolve()
        }
        pod.waiters.add(finish)
        signal.addEventListener('abort', finish)
        if (pod.version !== pod.seen || signal.aborted) finish()
      })
    },

    logs(sandbox, container, { follow, offset = 0, part = 'output' }, signal) {
      const pod = hold(sandbox)
      const ended = async (): Promise<boolean> => {
        await load(pod)
        return pod.entries.get(container)?.state.kind === 'exited'
      }
      return followLog({
        folder: folderOf(pod, container),
        part,
        offset,
        ended: follow ? ended : undefined,
        signal,
        wakes: pod.waiters,
      })
    },

    logSize: async (sandbox, container) => logSize(folderOf(hold(sandbox), container)),

    async exec(sandbox, container, command, signal) {
      const pod = hold(sandbox)
      const shim = await begun(pod, container, signal)
      if (shim === undefined)
        throw new Error(`container "${container}" of pod "${sandbox.namespace}/${sandbox.name}" does not run`)
      const rewrite = rewriteWith(await readMounts(folderOf(pod, container)))
      return execBeside(shimPath, shim.pid, command.map(rewrite), signal)
    },

    async startExec(sandbox, container, options, signal) {
      const pod = hold(sandbox)
      const shim = await begun(pod, container, signal)
      const entry = pod.entries.get(container)
      if (shim === undefined || entry?.state.kind !== 'running') return undefined
      const rewrite = rewriteWith(await readMounts(folderOf(pod, container)))
      const command = options.command.map(rewrite)
      const over = new AbortController()
      const look = (): void => {
        if (entry.state.kind === 'exited' || held.get(sandbox.uid) !== pod) over.abort()
      }
      pod.waiters.add(look)
      const either = AbortSignal.any([signal, over.signal])
      const process = await startBeside(shimPath, shim.pid, { ...options, command }, either).catch((error: unknown) => {
        pod.waiters.delete(look)
        throw error
      })
      void process.ended.then(() => pod.waiters.delete(look))
      look() // it may have ended meanwhile
      return process
    },

    async stopContainer(sandbox, container, graceMs) {
      const pod = hold(sandbox)
      await load(pod)
      await stop(pod, container, graceMs)
    },

    async removePod(sandbox) {
      const pod = hold(sandbox)
      await load(pod)
      await Promise.all([...pod.entries.keys()].map(name => stop(pod, name, 0)))
      for (const entry of pod.entries.values()) entry.unwatch?.()
      await server.remove(pod.dir)
      held.delete(sandbox.uid)
    },

    async close() {
      for (const pod of held.values()) for (const entry of pod.entries.values()) entry.unwatch?.()
      held.clear()
      await server.close()
    },
  }
  return runtime
}

async function readSandbox(dir: string, segment: string): Promise<PodSandbox> {
  try {
    const { uid, namespace, name } = JSON.parse(await readFile(join(dir, 'sandbox.json'), 'utf8'))
    return { uid: String(uid), namespace: String(namespace), name: String(name), rootDir: dir, podIP: '127.0.0.1' }
  } catch {
    // A kubelet died between making the folder and writing the file. Nothing was started in it yet.
    return { uid: decodeURIComponent(segment), namespace: '', name: '', rootDir: dir, podIP: '127.0.0.1' }
  }
}

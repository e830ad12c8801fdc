import type { Readable, Writable } from 'node:stream'
import type { LogPart } from '../logs/log-store.js'
import type { Container } from '../resources/core.js'

export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly kind: 'running'; readonly startedAt: string }
  | {
      readonly kind: 'exited'
      readonly startedAt: string
      readonly finishedAt: string
      readonly exitCode: number
      /** The signal that ended it, 0 when it exited by itself. */
      readonly signal: number
      /** `StartError`, with exit code 128: its process could not be started, and `message` says why. */
      readonly reason: 'Completed' | 'Error' | 'OOMKilled' | 'ContainerStatusUnknown' | 'StartError'
      /** What the container left at its termination path; '' when nothing. */
      readonly message: string
    }

/** A pod's place on this machine: made by `createPod`, handed back to every later call. */
export interface PodSandbox {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly rootDir: string
  readonly podIP: string
}

/** Where a mounted volume lies on this machine. */
export interface Mount {
  readonly hostPath: string
  readonly containerPath: string
  readonly readOnly: boolean
}

/** A container with everything resolved: env from secrets read, volumes made, subPaths checked. */
export interface ContainerConfig {
  readonly container: Container
  readonly env: Readonly<Record<string, string>>
  readonly mounts: readonly Mount[]
  readonly runAsUser?: number
  readonly runAsGroup?: number
  /** Of its process, besides its own. */
  readonly groups?: readonly number[]
  /** Hidden wherever it says them, before anything is stored: see `src/logs/mask-patterns.ts`. */
  readonly hidden?: readonly Uint8Array[]
}

export interface ExecOptions {
  readonly command: readonly string[]
  /** It is given a standard input. */
  readonly input: boolean
  /** It has a terminal, on which standard output and error are one. */
  readonly tty: boolean
}

export interface ExecProcess {
  /** Only when it was asked for. */
  readonly stdin: Writable | undefined
  readonly stdout: Readable
  readonly stderr: Readable
  /** Of its terminal, in characters. */
  resize(columns: number, rows: number): void
  /** Its exit code, 128+n when it was killed; after all of its output. */
  readonly ended: Promise<number>
}

/**
 * Runs one pod's containers on this machine, as processes or (later) through podman.
 *
 * Pods are independent: calls for different pods may overlap freely. Within a pod the kubelet calls in order:
 * createPod, startContainer (init containers one by one, then all others), stopContainer, removePod.
 *
 * The runtime, not our memory, is the truth. After a kubelet restart `listPods` and `inspect` must still tell what
 * runs and how what ended did end. A container is started at most once, whoever asks and however often: that is what
 * keeps a step's side effect from happening twice.
 */
export interface PodRuntime {
  readonly name: 'process' | 'podman'
  /** Resolves when the machine can run pods. @throws Error saying what to install or enable. */
  check(): Promise<void>

  /** All pods that this runtime holds, also those of a kubelet before us. */
  listPods(): Promise<readonly PodSandbox[]>
  /** Safe to repeat. */
  createPod(pod: { readonly uid: string; readonly namespace: string; readonly name: string }): Promise<PodSandbox>
  /** Safe to repeat: a container that was ever started in this pod is not started again. */
  startContainer(sandbox: PodSandbox, config: ContainerConfig): Promise<void>
  /** The containers that were started, by name. */
  inspect(sandbox: PodSandbox): Promise<ReadonlyMap<string, ContainerState>>
  /** Whether the container was ever started. Unlike `inspect`, no change counts as seen by it: anybody may ask. */
  wasStarted(sandbox: PodSandbox, container: string): Promise<boolean>
  /** Resolves when the pod's state has changed since the last `inspect` (or spuriously), so the kubelet need not poll. */
  changed(sandbox: PodSandbox, signal: AbortSignal): Promise<void>
  /** A running or ended container's output from byte `offset`; with `follow` until the container has ended. */
  logs(
    sandbox: PodSandbox,
    container: string,
    options: { readonly follow: boolean; readonly offset?: number; readonly part?: LogPart },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>
  /** Bytes of output so far. */
  logSize(sandbox: PodSandbox, container: string): Promise<number>
  /**
   * Runs a command in the container's surroundings (same mounts and env), for probes and hooks: not before its own command
   * has begun. Resolves to its exit code.
   */
  exec(sandbox: PodSandbox, container: string, command: readonly string[], signal: AbortSignal): Promise<number>

  /**
   * The same for a person: with its streams, and perhaps a terminal. It is killed, with all it started, at `signal` and
   * when the container ends. Undefined when the container does not run.
   */
  startExec(
    sandbox: PodSandbox,
    container: string,
    options: ExecOptions,
    signal: AbortSignal,
  ): Promise<ExecProcess | undefined>

  /** SIGTERM to the container's process group, SIGKILL to everything it left after the grace. Safe to repeat. */
  stopContainer(sandbox: PodSandbox, container: string, graceMs: number): Promise<void>
  /** Stops what is left and frees every file and mount. Safe to repeat, or before createPod finished. */
  removePod(sandbox: PodSandbox): Promise<void>
}

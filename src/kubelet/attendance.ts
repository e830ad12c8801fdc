import type { Log } from '../lib/log.js'
import type { LogStore } from '../logs/log-store.js'
import type { Container, LifecycleHandler, Pod, Probe } from '../resources/core.js'
import { deadline, pause } from '../timers.js'
import { type Shipment, shipLog } from './log-shipping.js'
import { succeeds } from './probe-action.js'
import { watchProbe } from './probes.js'
import type { ContainerState, PodRuntime, PodSandbox } from './runtime.js'

/** What goes along with a Pod's containers while they run: their output is stored, their hooks and probes are run. */
export interface Attendance {
  /** Running containers whose postStart hook and startup probe have succeeded. */
  readonly started: ReadonlySet<string>
  /** Of those, the ones that are ready. */
  readonly ready: ReadonlySet<string>
  /** Running containers that must be stopped, and the grace their probe gives them: undefined means the Pod's. */
  readonly unhealthy: ReadonlyMap<string, number | undefined>
  /** Follows what runs, and lets go of what has ended. */
  attend(pod: Pod, sandbox: PodSandbox, states: ReadonlyMap<string, ContainerState>): void
  /** Runs the container's preStop hook, for `graceMs` at most. The milliseconds that it took. */
  beforeStop(pod: Pod, sandbox: PodSandbox, container: string, graceMs: number): Promise<number>
  /** Every container has ended: stores all logs to their end. @throws when the store refuses; safe to repeat. */
  finish(): Promise<void>
  /** Lets go in the middle. */
  cancel(): Promise<void>
}

export interface AttendanceDeps {
  readonly runtime: PodRuntime
  readonly logs: LogStore
  readonly log: Log
  readonly now: () => number
  /** The containers run since before us: their postStart hooks are not run again. */
  readonly adopted: boolean
  /** A container has started, become ready or unhealthy. */
  readonly notice: () => void
}

export function createAttendance({ runtime, logs, log, now, adopted, notice }: AttendanceDeps): Attendance {
  const shipments = new Map<string, Shipment>()
  const minded = new Map<string, AbortController>()
  const started = new Set<string>()
  const ready = new Set<string>()
  const unhealthy = new Map<string, number | undefined>()
  let isFirstLook = true

  const mind = (sandbox: PodSandbox, container: Container, signal: AbortSignal, hookDone: boolean): void => {
    const { name, startupProbe, readinessProbe, livenessProbe, lifecycle } = container
    const watch = (probe: Probe, initially: boolean, tell: (good: boolean) => boolean): void => {
      const ask = (timeout: AbortSignal) => succeeds(runtime, sandbox, container, probe, timeout)
      const noticed = (good: boolean): boolean => {
        const goOn = tell(good)
        notice()
        return goOn
      }
      void watchProbe({ probe, initially, ask, tell: noticed }, signal)
    }
    const condemn = (probe?: Probe): boolean => {
      unhealthy.set(name, probe?.terminationGracePeriodSeconds)
      return false
    }
    const setReady = (good: boolean): boolean => {
      if (good) ready.add(name)
      else ready.delete(name)
      return true
    }
    const whenStarted = (): boolean => {
      started.add(name)
      if (readinessProbe === undefined) ready.add(name)
      else watch(readinessProbe, false, setReady)
      if (livenessProbe !== undefined) watch(livenessProbe, true, () => condemn(livenessProbe))
      return false
    }
    const whenHooked = (): void => {
      if (startupProbe === undefined) whenStarted()
      else watch(startupProbe, false, good => (good ? whenStarted() : condemn(startupProbe)))
    }
    const hook = lifecycle?.postStart
    if (hook === undefined || hookDone) {
      whenHooked()
      return
    }
    void runHook(runtime, sandbox, container, hook, signal).then(worked => {
      if (signal.aborted) return
      if (worked) whenHooked()
      else condemn()
      notice()
    })
  }

  const letGo = (name: string): void => {
    minded.get(name)?.abort()
    for (const set of [started, ready, unhealthy]) set.delete(name)
  }

  return {
    started,
    ready,
    unhealthy,
    attend(pod, sandbox, states) {
      const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
      for (const [name, state] of states) {
        if (state.kind === 'waiting') continue
        if (!shipments.has(name)) {
          const { namespace, name: podName, uid: podUid } = pod.metadata
          const key = { namespace, pod: podName, podUid, container: name }
          shipments.set(name, shipLog(runtime, sandbox, key, logs, log))
        }
        const container = containers.find(candidate => candidate.name === name)
        if (state.kind !== 'running') {
          letGo(name)
        } else if (container !== undefined && !minded.has(name)) {
          const abort = new AbortController()
          minded.set(name, abort)
          mind(sandbox, container, abort.signal, adopted && isFirstLook)
        }
      }
      isFirstLook = false
    },
    async beforeStop(pod, sandbox, name, graceMs) {
      const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
      const container = all.find(candidate => candidate.name === name)
      const hook = container?.lifecycle?.preStop
      if (container === undefined || hook === undefined || graceMs <= 0) return 0
      const begun = now()
      await runHook(runtime, sandbox, container, hook, deadline(graceMs))
      return now() - begun
    },
    async finish() {
      for (const name of minded.keys()) letGo(name)
      await Promise.all([...shipments.values()].map(shipment => shipment.finish()))
      shipments.clear()
    },
    async cancel() {
      for (const abort of minded.values()) abort.abort()
      await Promise.all([...shipments.values()].map(shipment => shipment.cancel()))
    },
  }
}

async function runHook(
  runtime: PodRuntime,
  sandbox: PodSandbox,
  container: Container,
  hook: LifecycleHandler,
  signal: AbortSignal,
): Promise<boolean> {
  if (hook.sleep === undefined) return succeeds(runtime, sandbox, container, hook, signal)
  await pause(hook.sleep.seconds * 1000, signal)
  return !signal.aborted
}

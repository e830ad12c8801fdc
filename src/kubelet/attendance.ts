import type { Log } from '../lib/log.js'
import type { LogStore } from '../logs/log-store.js'
import type { Pod } from '../resources/core.js'
import { type Shipment, shipLog } from './log-shipping.js'
import { probeReadiness } from './probes.js'
import type { ContainerState, PodRuntime, PodSandbox } from './runtime.js'

/** What goes along with a Pod's containers while they run: their output is stored, their readiness is probed. */
export interface Attendance {
  /** Running containers that are ready. */
  readonly ready: ReadonlySet<string>
  /** Follows what runs, and lets go of what has ended. */
  attend(pod: Pod, sandbox: PodSandbox, states: ReadonlyMap<string, ContainerState>): void
  /** Every container has ended: stores all logs to their end. @throws when the store refuses; safe to repeat. */
  finish(): Promise<void>
  /** Lets go in the middle. */
  cancel(): Promise<void>
}

export interface AttendanceDeps {
  readonly runtime: PodRuntime
  readonly logs: LogStore
  readonly log: Log
  /** A container's readiness has changed. */
  readonly notice: () => void
}

export function createAttendance({ runtime, logs, log, notice }: AttendanceDeps): Attendance {
  const shipments = new Map<string, Shipment>()
  const probes = new Map<string, AbortController>()
  const ready = new Set<string>()

  const probe = (pod: Pod, sandbox: PodSandbox, name: string): void => {
    const container = pod.spec.containers.find(candidate => candidate.name === name)
    if (container?.readinessProbe === undefined) {
      ready.add(name)
      return
    }
    if (probes.has(name)) return
    const abort = new AbortController()
    probes.set(name, abort)
    const tell = (isReady: boolean): void => {
      if (isReady) ready.add(name)
      else ready.delete(name)
      notice()
    }
    void probeReadiness(runtime, sandbox, container, container.readinessProbe, tell, abort.signal)
  }

  const stopProbes = (): void => {
    for (const abort of probes.values()) abort.abort()
  }

  return {
    ready,
    attend(pod, sandbox, states) {
      for (const [name, state] of states) {
        if (state.kind === 'waiting') continue
        if (!shipments.has(name)) {
          const { namespace, name: podName, uid: podUid } = pod.metadata
          const key = { namespace, pod: podName, podUid, container: name }
          shipments.set(name, shipLog(runtime, sandbox, key, logs, log))
        }
        if (state.kind === 'running') {
          probe(pod, sandbox, name)
        } else {
          probes.get(name)?.abort()
          ready.delete(name)
        }
      }
    },
    async finish() {
      stopProbes()
      await Promise.all([...shipments.values()].map(shipment => shipment.finish()))
      shipments.clear()
    },
    async cancel() {
      stopProbes()
      await Promise.all([...shipments.values()].map(shipment => shipment.cancel()))
    },
  }
}

import { toTimestamp } from '../lib/time.js'
import type { Pod, PodPhase } from '../resources/core.js'
import type { Condition } from '../resources/meta.js'
import type { ContainerState } from './runtime.js'

interface Seen {
  readonly started: ReadonlySet<string>
  readonly ready: ReadonlySet<string>
  readonly unschedulable?: string
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>

/** The four conditions a kubelet (and, for PodScheduled, the scheduler) writes, in their order and words. */
export function podConditions(
  pod: Pod,
  phase: PodPhase,
  states: ReadonlyMap<string, ContainerState>,
  seen: Seen,
  now: number,
): readonly Condition[] {
  const scheduled: Verdict =
    seen.unschedulable === undefined
      ? { status: 'True' }
      : { status: 'False', reason: 'Unschedulable', message: `0/1 nodes are available: ${seen.unschedulable}.` }
  const ready = readiness(pod, phase, states, seen)
  const verdicts: Readonly<Record<string, Verdict>> = {
    Initialized: initialized(pod, phase, states, seen),
    Ready: ready,
    ContainersReady: ready,
    PodScheduled: scheduled,
  }
  return Object.entries(verdicts).map(([type, verdict]) => {
    const last = pod.status?.conditions?.find(condition => condition.type === type)
    const since = last?.status === verdict.status ? last.lastTransitionTime : undefined
    return { type, ...verdict, lastTransitionTime: since ?? toTimestamp(now) }
  })
}

function initialized(pod: Pod, phase: PodPhase, states: ReadonlyMap<string, ContainerState>, seen: Seen): Verdict {
  const missing = (pod.spec.initContainers ?? []).filter(({ name, restartPolicy }) => {
    const state = states.get(name)
    if (restartPolicy === 'Always') return !seen.started.has(name) && state?.kind !== 'exited'
    return state?.kind !== 'exited' || state.exitCode !== 0
  })
  if (missing.length > 0) {
    const message = `containers with incomplete status: [${missing.map(({ name }) => name).join(' ')}]`
    return { status: 'False', reason: 'ContainersNotInitialized', message }
  }
  return phase === 'Succeeded' ? { status: 'True', reason: 'PodCompleted' } : { status: 'True' }
}

function readiness(pod: Pod, phase: PodPhase, states: ReadonlyMap<string, ContainerState>, seen: Seen): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const unready = [...sidecars, ...pod.spec.containers].filter(
    ({ name }) => states.get(name)?.kind !== 'running' || !seen.ready.has(name),
  )
  if (unready.length === 0) return { status: 'True' }
  const message = `containers with unready status: [${unready.map(({ name }) => name).join(' ')}]`
  return { status: 'False', reason: 'ContainersNotReady', message }
}

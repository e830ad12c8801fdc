/**
 * The life of a Pod on this machine, as a pure function from what is seen to what to do and what to report.
 *
 *     Pending ──▶ Running ──▶ Succeeded      every container ended with 0
 *        │           │  └───▶ Failed         some container did not
 *        │           └──────▶ Failed         its activeDeadlineSeconds passed (reason DeadlineExceeded)
 *        └──────────────────▶ Failed         an init container failed, or the deadline passed
 *
 * - Pending: init containers run one after the other, each once the one before has ended with 0. A container whose
 *   configuration cannot be made (a missing secret) waits with the reason, and is tried again.
 * - An init container with restartPolicy Always is a sidecar: the next one does not wait for its end but for its start
 *   (startup probe and postStart hook included). It goes on beside the others, its exit code does not count, and it is
 *   stopped when all others have ended, the last one first.
 * - Running: begins with the first container that is no init container; all of them start together.
 * - A container that a probe or its postStart hook condemns is stopped, and not started again.
 * - Succeeded and Failed are left by nothing. What still runs then (after a deadline) is stopped.
 * - deletionTimestamp, in any phase: nothing new starts, what runs is stopped, and when nothing runs any more the
 *   object is deleted.
 * - restartPolicy is Never: a container that was ever started is not started again, a sidecar neither. One that the last status calls
 *   running, but the runtime does not know, is lost: it ended with 137, ContainerStatusUnknown.
 * - A container whose image was changed to the nop image (Tekton's way to end sidecars) is stopped, and reported as the
 *   nop image would end: Completed, 0.
 */
import { fromTimestamp, toTimestamp } from '../lib/time.js'
import type { Container, ContainerStatus, Pod, PodPhase, PodStatus } from '../resources/core.js'
import { isAskedToStop } from '../resources/stopped-sidecars.js'
import { vanished } from './container-record.js'
import { podConditions } from './pod-conditions.js'
import type { ContainerState } from './runtime.js'
import { lastWords } from './termination-share.js'

/** Kubernetes' default for terminationGracePeriodSeconds. */
const DEFAULT_GRACE_SECONDS = 30

export type KubeletStep =
  | { readonly do: 'start'; readonly container: string }
  | { readonly do: 'stop'; readonly container: string; readonly graceMs: number }
  /** Nothing runs and nothing will: store the logs to their end, then free the sandbox. */
  | { readonly do: 'release' }
  /** After `release`: take the object out of the cluster. */
  | { readonly do: 'delete' }

export interface SeenPod {
  /** From the runtime, and as `waiting` what the kubelet could not start. */
  readonly containers: ReadonlyMap<string, ContainerState>
  /** Running containers whose postStart hook and startup probe have succeeded. */
  readonly started: ReadonlySet<string>
  /** Of those, the ones whose readiness probe succeeds. One without a probe is ready when it has started. */
  readonly ready: ReadonlySet<string>
  /** Running containers to be stopped, with the seconds of grace that their probe has of its own. */
  readonly unhealthy: ReadonlyMap<string, number | undefined>
  /** Why this Pod cannot be placed on this machine yet. */
  readonly unschedulable?: string
}

export interface KubeletPlan {
  readonly steps: readonly KubeletStep[]
  /** The whole new status. */
  readonly status: PodStatus
  /** Look again then, even if nothing changes. Epoch ms. */
  readonly lookAgainAt?: number
}

export function nextKubeletSteps(pod: Pod, seen: SeenPod, now: number): KubeletPlan {
  const startTime = pod.status?.startTime ?? toTimestamp(now)
  const states = currentStates(pod, seen, now)
  const deadlineAt = deadlineOf(pod, startTime)
  const late = deadlineAt !== undefined && now >= deadlineAt && !isOver(pod.status?.phase)
  const inits = pod.spec.initContainers ?? []
  const initFailed = inits.some(init => !isSidecar(init) && endedWith(states.get(init.name)) === 'failure')
  const deleting = pod.metadata.deletionTimestamp !== undefined
  const allEnded = pod.spec.containers.every(({ name }) => states.get(name)?.kind === 'exited')
  const over = deleting || late || initFailed || allEnded || isOver(pod.status?.phase)

  const steps = over
    ? stopSteps(pod, states)
    : [...startSteps(pod, states, seen), ...nopSteps(pod, states), ...unhealthySteps(pod, states, seen)]
  const idle = [...states.values()].every(state => state.kind !== 'running')
  const released = idle && over
  const end: readonly KubeletStep[] = deleting ? [{ do: 'release' }, { do: 'delete' }] : [{ do: 'release' }]

  const outcome = outcomeOf(pod, states, late, initFailed, released)
  const conditions = podConditions(pod, outcome.phase, states, seen, now)
  const status: PodStatus = {
    ...outcome,
    conditions,
    podIP: '127.0.0.1',
    startTime,
    ...(inits.length > 0
      ? {
          initContainerStatuses: inits.map(init =>
            containerStatus(pod, init, states, seen, isSidecar(init) ? 'sidecar' : 'init'),
          ),
        }
      : {}),
    containerStatuses: pod.spec.containers.map(container => containerStatus(pod, container, states, seen, 'main')),
  }
  // No kubelet has seen a Pod that has no node yet.
  const unseen = seen.unschedulable !== undefined && outcome.phase === 'Pending'
  return {
    steps: released ? end : steps,
    status: unseen ? { ...outcome, conditions: conditions.filter(({ type }) => type === 'PodScheduled') } : status,
    ...(deadlineAt !== undefined && !over ? { lookAgainAt: deadlineAt } : {}),
  }
}

type States = ReadonlyMap<string, ContainerState>

/** What the runtime says; for a container it does not know, what the status said last. */
function currentStates(pod: Pod, seen: SeenPod, now: number): States {
  const states = new Map(seen.containers)
  const last = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  for (const { name, state } of last) {
    if (states.has(name)) continue
    const { running, terminated } = state
    if (running !== undefined) states.set(name, vanished(running.startedAt ?? toTimestamp(now), toTimestamp(now)))
    if (terminated === undefined) continue
    states.set(name, {
      kind: 'exited',
      startedAt: terminated.startedAt ?? toTimestamp(now),
      finishedAt: terminated.finishedAt ?? toTimestamp(now),
      exitCode: terminated.exitCode,
      signal: terminated.signal ?? 0,
      reason: asReason(terminated.reason),
      message: terminated.message ?? '',
    })
  }
  return states
}

const EXIT_REASONS = ['Completed', 'Error', 'OOMKilled', 'ContainerStatusUnknown', 'StartError'] as const

function asReason(text: string | undefined): (typeof EXIT_REASONS)[number] {
  return EXIT_REASONS.find(reason => reason === text) ?? 'Error'
}

function endedWith(state: ContainerState | undefined): 'success' | 'failure' | undefined {
  if (state?.kind !== 'exited') return undefined
  return state.exitCode === 0 ? 'success' : 'failure'
}

function isSidecar(init: Container): boolean {
  return init.restartPolicy === 'Always'
}

function startSteps(pod: Pod, states: States, seen: SeenPod): readonly KubeletStep[] {
  for (const init of pod.spec.initContainers ?? []) {
    const { name } = init
    const state = states.get(name)
    if (state === undefined) return [{ do: 'start', container: name }]
    const isDone = isSidecar(init) ? seen.started.has(name) || state.kind === 'exited' : endedWith(state) === 'success'
    if (!isDone) return []
  }
  return pod.spec.containers
    .filter(({ name }) => !states.has(name))
    .map(({ name }) => ({ do: 'start', container: name }))
}

/** Sidecars end after all others, the last one first. */
function stopSteps(pod: Pod, states: States): readonly KubeletStep[] {
  const running = [...states].flatMap(([name, state]) => (state.kind === 'running' ? [name] : []))
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name)
  const others = running.filter(name => !sidecars.includes(name))
  const last = sidecars.filter(name => running.includes(name)).slice(-1)
  const graceMs = graceMsOf(pod)
  return (others.length > 0 ? others : last).map(container => ({ do: 'stop', container, graceMs }))
}

function unhealthySteps(pod: Pod, states: States, seen: SeenPod): readonly KubeletStep[] {
  const running = [...seen.unhealthy].filter(([name]) => states.get(name)?.kind === 'running')
  return running.map(([container, seconds]) => ({
    do: 'stop',
    container,
    graceMs: seconds === undefined ? graceMsOf(pod) : seconds * 1000,
  }))
}

function nopSteps(pod: Pod, states: States): readonly KubeletStep[] {
  const replaced = pod.spec.containers.filter(
    container => isAskedToStop(pod, container) && states.get(container.name)?.kind === 'running',
  )
  return replaced.map(({ name }) => ({ do: 'stop', container: name, graceMs: graceMsOf(pod) }))
}

function graceMsOf(pod: Pod): number {
  const { deletionGracePeriodSeconds } = pod.metadata
  return (deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000
}

function deadlineOf(pod: Pod, startTime: string): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds
  return seconds === undefined ? undefined : fromTimestamp(startTime) + seconds * 1000
}

function isOver(phase: PodPhase | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed'
}

type Outcome = Pick<PodStatus, 'phase' | 'reason' | 'message'>

function outcomeOf(pod: Pod, states: States, late: boolean, initFailed: boolean, released: boolean): Outcome {
  const { phase, reason, message } = pod.status ?? {}
  if (phase !== undefined && isOver(phase)) {
    return { phase, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) }
  }
  if (late) {
    const words = 'Pod was active on the node longer than the specified deadline'
    return { phase: 'Failed', reason: 'DeadlineExceeded', message: words }
  }
  if (initFailed) return { phase: 'Failed' }
  const ends = pod.spec.containers.map(container => {
    const ended = endedWith(states.get(container.name))
    return ended !== undefined && isAskedToStop(pod, container) ? 'success' : ended
  })
  const sidecarRuns = (pod.spec.initContainers ?? []).some(
    init => isSidecar(init) && states.get(init.name)?.kind === 'running',
  )
  if (ends.every(end => end === 'success') && !sidecarRuns) return { phase: 'Succeeded' }
  // Also a Pod that was deleted before all of it had started.
  if (released) return { phase: 'Failed' }
  const begun = pod.spec.containers.some(({ name }) => {
    const kind = states.get(name)?.kind
    return kind === 'running' || kind === 'exited'
  })
  return { phase: begun ? 'Running' : 'Pending' }
}

function containerStatus(
  pod: Pod,
  container: Container,
  states: States,
  seen: SeenPod,
  role: 'init' | 'sidecar' | 'main',
): ContainerStatus {
  const { name, image } = container
  const state = states.get(name)
  const base = { name, restartCount: 0, image, imageID: '' }
  const id = { containerID: `tektite://${pod.metadata.uid}/${name}` }
  if (state === undefined) {
    const reason = (pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating'
    return { ...base, state: { waiting: { reason } }, ready: false, started: false }
  }
  switch (state.kind) {
    case 'waiting':
      return {
        ...base,
        state: { waiting: { reason: state.reason, message: state.message } },
        ready: false,
        started: false,
      }
    case 'running':
      return {
        ...base,
        ...id,
        state: { running: { startedAt: state.startedAt } },
        ready: role !== 'init' && seen.ready.has(name),
        started: seen.started.has(name),
      }
    case 'exited': {
      const asNop = isAskedToStop(pod, { name, image }) && role === 'main'
      const { startedAt, finishedAt, signal } = state
      const message = lastWords(pod, state.message)
      const terminated = {
        exitCode: state.exitCode,
        ...(signal === 0 ? {} : { signal }),
        reason: state.reason,
        ...(message === '' ? {} : { message }),
        startedAt,
        finishedAt,
        ...id,
      }
      const ended = { ...base, ...id, ready: role === 'init' && state.exitCode === 0, started: false }
      if (!asNop) return { ...ended, state: { terminated } }
      // As if the nop image had been started in its place, and had ended at once.
      const nop = { exitCode: 0, reason: 'Completed', startedAt: finishedAt, finishedAt, ...id }
      return { ...ended, restartCount: 1, state: { terminated: nop }, lastState: { terminated } }
    }
    default:
      throw new Error(`unknown container state ${JSON.stringify(state satisfies never)}`)
  }
}

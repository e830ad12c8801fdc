/**
 * What a change of a Pod means to its TaskRun. A real kubelet writes a Pod's status half a dozen times, and what most of
 * those writes say, no status of a TaskRun shows. What it does show but nobody waits for is told when it has lasted: a step
 * that has ended while others go on, a container that is being created.
 */
import { createHash } from 'node:crypto'
import { CANCEL_ANNOTATION } from '../../pod/volumes.js'
import { READY_ANNOTATION } from '../../resources/annotations.js'
import type { ContainerStatus, Pod } from '../../resources/core.js'
import type { Condition } from '../../resources/meta.js'

/** All that is remembered of a Pod. */
export interface PodMemory {
  /** Of everything that counts. */
  readonly digest: string
  readonly phase: string
}

export type PodNews =
  | 'nothing'
  /** May wait for more. */
  | 'progress'
  /** Something waits for it: the next step, the next task, the end. */
  | 'pressing'

/** How long progress may wait to be told. */
export const PROGRESS_MS = 1_000

function podMemory(pod: Pod): PodMemory {
  const { metadata, spec, status } = pod
  const { podIP: _, startTime: __, conditions, ...told } = status ?? {}
  const containers = [status?.containerStatuses, status?.initContainerStatuses].map(all => (all ?? []).map(withoutIds))
  const counts = [
    metadata.deletionTimestamp,
    metadata.annotations?.[READY_ANNOTATION],
    metadata.annotations?.[CANCEL_ANNOTATION],
    spec.containers.map(({ image }) => image),
    { ...told, hostIP: 0, hostIPs: 0, podIPs: 0, qosClass: 0, containerStatuses: 0, initContainerStatuses: 0 },
    containers,
    (conditions ?? [])
      .filter(one => !isOrdinary(one))
      .map(({ type, status, reason, message }) => [type, status, reason, message]),
  ]
  const digest = createHash('sha256').update(JSON.stringify(counts)).digest('base64')
  return { digest, phase: status?.phase ?? 'Pending' }
}

export function podNews(
  pod: Pod,
  before: PodMemory | undefined,
): { readonly news: PodNews; readonly memory: PodMemory | undefined } {
  try {
    const memory = podMemory(pod)
    return { news: compare(pod, before, memory), memory }
  } catch {
    // Nobody can make sense of it: its TaskRun's pass says so.
    return { news: 'pressing', memory: undefined }
  }
}

function compare(pod: Pod, before: PodMemory | undefined, now: PodMemory): PodNews {
  // Whoever made it knows that it is there.
  if (before === undefined && isUntouched(pod)) return 'nothing'
  if (before?.digest === now.digest) return 'nothing'
  return isCalm(pod, before) ? 'progress' : 'pressing'
}

function withoutIds({ containerID: _, ...status }: ContainerStatus): object {
  return status
}

/** True of every Pod that does well. */
const ORDINARY: ReadonlySet<string> = new Set([
  'PodScheduled',
  'Initialized',
  'ContainersReady',
  'Ready',
  'PodReadyToStartContainers',
])

function isOrdinary({ type, status }: Condition): boolean {
  return ORDINARY.has(type) && status === 'True'
}

function isUntouched({ metadata, status = { phase: 'Pending' } }: Pod): boolean {
  const { phase, conditions = [], containerStatuses = [], initContainerStatuses = [], reason } = status
  if (metadata.deletionTimestamp !== undefined || phase !== 'Pending' || reason !== undefined) return false
  return conditions.every(isOrdinary) && containerStatuses.length + initContainerStatuses.length === 0
}

/** What a container waits for in the ordinary course. Anything else may be there to stay. */
const ORDINARY_WAITS: ReadonlySet<string | undefined> = new Set([undefined, 'ContainerCreating', 'PodInitializing'])

function isCalm({ metadata, status }: Pod, before: PodMemory | undefined): boolean {
  const { phase = 'Pending', reason, conditions = [] } = status ?? {}
  if (metadata.deletionTimestamp !== undefined || reason !== undefined) return false
  if (conditions.some(({ type }) => !ORDINARY.has(type))) return false
  const containers = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  if (containers.some(({ state }) => !ORDINARY_WAITS.has(state.waiting?.reason))) return false
  if (containers.some(({ state }) => (state.terminated?.exitCode ?? 0) !== 0)) return false
  if (phase === 'Pending') return true
  // The first step waits for the annotation, the end for all steps.
  const isHeld = metadata.annotations?.[READY_ANNOTATION] === undefined
  const steps = containers.filter(({ name }) => name.startsWith('step-'))
  const isOver = steps.every(({ state }) => state.terminated !== undefined)
  return phase === 'Running' && before?.phase === 'Running' && !isHeld && !isOver
}

/** A Pod that has not started yet: what it waits for, and whether waiting can still help. */
import { fromTimestamp } from '../lib/time.js'
import type { ContainerStatus, Pod } from '../resources/core.js'
import { TASK_RUN_REASONS, type TaskRunReason } from './reasons.js'

export interface Waiting {
  readonly reason: TaskRunReason
  readonly message: string
}

export interface Hindrance extends Waiting {
  /** What an installation may be patient with, counted from `since`. */
  readonly patience?: 'image pull' | 'container creation'
  /** Epoch ms: when containers could begin to start. Absent if the Pod does not say. */
  readonly since?: number
}

/** What stops the run for good. `ErrImagePull` does not: the kubelet tries again, and says `ImagePullBackOff` when it waits. */
export function hindranceOf(taskRun: string, pod: Pod): Hindrance | undefined {
  const since = readyToStartAt(pod)
  const patient = (patience: NonNullable<Hindrance['patience']>) => ({
    patience,
    ...(since !== undefined && { since }),
  })
  for (const status of waitingContainers(pod)) {
    const { reason, message = '' } = status.state.waiting ?? {}
    const who = `the ${kindAndName(status)} in TaskRun "${taskRun}"`
    const said = `The pod errored with the message: "${message}."`
    const late = message.includes('context deadline exceeded') && patient('container creation')
    switch (reason) {
      case 'ImagePullBackOff':
      case 'InvalidImageName':
        return {
          reason: TASK_RUN_REASONS.TaskRunImagePullFailed,
          message: `${who} failed to pull the image "${status.imageID || status.image}". ${said}`,
          ...(reason === 'ImagePullBackOff' && patient('image pull')),
        }
      case 'CreateContainerConfigError':
        if (isAboutSubPath(message)) break
        return {
          reason: TASK_RUN_REASONS.CreateContainerConfigError,
          message: 'Failed to create pod due to config error',
          ...late,
        }
      case 'CreateContainerError':
        return { reason: TASK_RUN_REASONS.PodCreationFailed, message: `${who} failed to start. ${said}`, ...late }
    }
  }
  return undefined
}

/** The kubelet's words for an image that it may still get. */
const IMAGE_ERRORS: ReadonlySet<string | undefined> = new Set([
  'ImagePullBackOff',
  'ImageInspectError',
  'ErrImagePull',
  'ErrImageNeverPull',
  'RegistryUnavailable',
  'InvalidImageName',
])

/** Reason and message while nothing is wrong for good. */
export function waitingOf(pod: Pod): Waiting {
  if (isOverNodeResources(pod)) {
    return { reason: TASK_RUN_REASONS.ExceededNodeResources, message: 'TaskRun Pod exceeded available resources' }
  }
  const waiting = waitingContainers(pod).map(({ state }) => state.waiting)
  if (waiting.some(one => one?.reason === 'CreateContainerConfigError' && isAboutSubPath(one.message ?? ''))) {
    return { reason: TASK_RUN_REASONS.Pending, message: 'Waiting for subPath directory creation to complete' }
  }
  const pulling = waiting.some(one => IMAGE_ERRORS.has(one?.reason))
  return {
    reason: pulling ? TASK_RUN_REASONS.PullImageFailed : TASK_RUN_REASONS.Pending,
    message: waitingMessage(pod),
  }
}

/** It passes: the folder appears once the volume is mounted elsewhere as well. */
function isAboutSubPath(message: string): boolean {
  return message.includes('failed to create subPath directory')
}

function waitingContainers({ status }: Pod): readonly ContainerStatus[] {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  return all.filter(({ state }) => state.waiting !== undefined)
}

function readyToStartAt({ status }: Pod): number | undefined {
  const times = (status?.conditions ?? [])
    .filter(({ type }) => type === 'Initialized' || type === 'PodReadyToStartContainers')
    .map(({ lastTransitionTime }) => fromTimestamp(lastTransitionTime ?? ''))
    .filter(Number.isFinite)
  return times.length === 0 ? undefined : Math.max(...times)
}

function waitingMessage(pod: Pod): string {
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state.waiting?.message)
  if (waiting) return `build step "${waiting.name}" is pending with reason "${waiting.state.waiting?.message}"`
  const condition = pod.status?.conditions?.find(({ status }) => status !== 'True')
  if (condition) {
    return `pod status "${condition.type}":"${condition.status}"; message: "${condition.message ?? ''}"`
  }
  return pod.status?.message || 'Pending'
}

function isOverNodeResources(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(
    ({ type, status, reason, message }) =>
      type === 'PodScheduled' &&
      status === 'False' &&
      reason === 'Unschedulable' &&
      (message ?? '').includes('Insufficient'),
  )
}

function kindAndName({ name }: ContainerStatus): string {
  if (name.startsWith('step-')) return `step "${name.slice('step-'.length)}"`
  if (name.startsWith('sidecar-')) return `sidecar "${name.slice('sidecar-'.length)}"`
  return `container "${name}"`
}

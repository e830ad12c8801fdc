/** A Pod that has not started yet: what it waits for, and whether waiting can still help. */
import type { ContainerStatus, Pod } from '../resources/core.js'
import { TASK_RUN_REASONS, type TaskRunReason } from './reasons.js'

export interface Hindrance {
  readonly reason: TaskRunReason
  readonly message: string
}

/** What stops the run for good. `ErrImagePull` does not: the kubelet tries again, and says `ImagePullBackOff` when it waits. */
export function hindranceOf(taskRun: string, pod: Pod): Hindrance | undefined {
  for (const status of pod.status?.containerStatuses ?? []) {
    const { reason, message = '' } = status.state.waiting ?? {}
    const who = `the ${kindAndName(status)} in TaskRun "${taskRun}"`
    const said = `The pod errored with the message: "${message}."`
    switch (reason) {
      case 'ImagePullBackOff':
      case 'InvalidImageName':
        return {
          reason: TASK_RUN_REASONS.TaskRunImagePullFailed,
          message: `${who} failed to pull the image "${status.imageID || status.image}". ${said}`,
        }
      case 'CreateContainerConfigError':
        return { reason: TASK_RUN_REASONS.CreateContainerConfigError, message: `${who} failed to start. ${said}` }
      case 'CreateContainerError':
        return { reason: TASK_RUN_REASONS.PodCreationFailed, message: `${who} failed to start. ${said}` }
    }
  }
  return undefined
}

/** Reason and message while nothing is wrong for good. */
export function waitingOf(pod: Pod): Hindrance {
  if (isOverNodeResources(pod)) {
    return { reason: TASK_RUN_REASONS.ExceededNodeResources, message: 'TaskRun Pod exceeded available resources' }
  }
  const pulling = (pod.status?.containerStatuses ?? []).some(({ state }) => state.waiting?.reason === 'ErrImagePull')
  return {
    reason: pulling ? TASK_RUN_REASONS.PullImageFailed : TASK_RUN_REASONS.Pending,
    message: waitingMessage(pod),
  }
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

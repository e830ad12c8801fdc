/** A Pod that has not started yet: what it waits for, and whether waiting can still help. */
import { fromTimestamp } from '../lib/time.js'
import type { ContainerStatus, Pod } from '../resources/core.js'
import type { FailureClass, FailureKind } from './failure-class.js'
import { isFinalPullError } from './image-pull.js'
import { neverStarted } from './never-started.js'
import { TASK_RUN_REASONS, type TaskRunReason } from './reasons.js'
import { classOfStartError } from './start-error.js'

export interface Waiting {
  readonly reason: TaskRunReason
  readonly message: string
}

export interface Hindrance extends Waiting, FailureKind {
  /** What an installation may be patient with, counted from `since`. */
  readonly patience?: 'image pull' | 'container creation'
  /** When containers could begin to start, and when the Pod was placed: epoch ms, of the node's clock and the cluster's. */
  readonly since?: { readonly ready: number; readonly placed: number }
}

/**
 * What stops the run for good, or will if it lasts. `ErrImagePull` alone does not: the kubelet tries again, and says
 * `ImagePullBackOff` when it waits; unless it says why trying is in vain.
 */
export function hindranceOf(taskRun: string, pod: Pod): Hindrance | undefined {
  const found = waitingContainers(pod).flatMap(status => hindranceBy(taskRun, pod, status) ?? [])
  return found.find(({ patience }) => patience === undefined) ?? found[0]
}

function hindranceBy(taskRun: string, pod: Pod, status: ContainerStatus): Hindrance | undefined {
  const { reason, message = '' } = status.state.waiting ?? {}
  const who = `the ${kindAndName(status)} in TaskRun "${taskRun}"`
  const said = `The pod errored with the message: "${message}."`
  const final = (waiting: Waiting, failureClass: FailureClass): Hindrance => ({
    ...waiting,
    failureClass,
    neverStarted: neverStarted(pod),
  })
  const passing = (waiting: Waiting, patience: NonNullable<Hindrance['patience']>): Hindrance => {
    // When patience is at its end the kubelet has tried for minutes, which is no failure to try again after unasked.
    return { ...final(waiting, 'infrastructure'), neverStarted: false, patience, since: readyToStartAt(pod) }
  }
  const { TaskRunImagePullFailed, CreateContainerConfigError, PodCreationFailed } = TASK_RUN_REASONS
  const notPulled: Waiting = {
    reason: TaskRunImagePullFailed,
    message: `${who} failed to pull the image "${status.imageID || status.image}". ${said}`,
  }
  switch (reason) {
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
    case 'SignatureValidationFailed':
      return final(notPulled, 'user')
    case 'ErrImagePull':
      return isFinalPullError(message) ? final(notPulled, 'user') : undefined
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
    case 'ImageInspectError':
      return isFinalPullError(message) ? final(notPulled, 'user') : passing(notPulled, 'image pull')
    case 'CreateContainerConfigError': {
      if (isAboutSubPath(message)) return undefined
      const words = {
        reason: CreateContainerConfigError,
        message: `Failed to create pod due to config error: ${message}`,
      }
      return isPassing(message) ? passing(words, 'container creation') : final(words, 'user')
    }
    case 'CreateContainerError':
    case 'RunContainerError': {
      const words = { reason: PodCreationFailed, message: `${who} failed to start. ${said}` }
      return isPassing(message) ? passing(words, 'container creation') : final(words, classOfStartError(message))
    }
    default:
      return undefined
  }
}

/** A runtime that is slow, or a kubelet that has not read what the Pod refers to yet. */
function isPassing(message: string): boolean {
  return /context deadline exceeded|is reserved for|failed to sync (?:secret|configmap) cache|timed out waiting/.test(
    message,
  )
}

/** The kubelet's words for an image that it may still get. */
const IMAGE_ERRORS: ReadonlySet<string | undefined> = new Set([
  'ImagePullBackOff',
  'ImageInspectError',
  'ErrImagePull',
  'ErrImageNeverPull',
  'RegistryUnavailable',
  'InvalidImageName',
  'SignatureValidationFailed',
])

/** Reason and message while nothing is wrong for good. */
export function waitingOf(pod: Pod): Waiting {
  const lack = lackOfResources(pod)
  if (lack !== undefined) {
    const message = `TaskRun Pod exceeded available resources: ${lack}`
    return { reason: TASK_RUN_REASONS.ExceededNodeResources, message }
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

function readyToStartAt({ metadata, status }: Pod): NonNullable<Hindrance['since']> {
  const latest = (...types: readonly string[]) =>
    Math.max(
      fromTimestamp(metadata.creationTimestamp),
      ...(status?.conditions ?? [])
        .filter(({ type }) => types.includes(type))
        .map(({ lastTransitionTime }) => fromTimestamp(lastTransitionTime ?? ''))
        .filter(Number.isFinite),
    )
  return { ready: latest('Initialized', 'PodReadyToStartContainers'), placed: latest('PodScheduled') }
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

/** The scheduler's words, if there is not enough of something. */
function lackOfResources(pod: Pod): string | undefined {
  const found = pod.status?.conditions?.find(
    ({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable',
  )
  return found?.message?.includes('Insufficient') ? found.message : undefined
}

function kindAndName({ name }: ContainerStatus): string {
  if (name.startsWith('step-')) return `step "${name.slice('step-'.length)}"`
  if (name.startsWith('sidecar-')) return `sidecar "${name.slice('sidecar-'.length)}"`
  return `container "${name}"`
}

/**
 * A Pod whose volumes do not come: the kubelet tries again for ever and says so in Events only. The one that we are to
 * blame for is the namespace's entrypoint, if somebody deleted it after we had looked.
 */
import { fromTimestamp } from '../../lib/time.js'
import type { ContainerStatus, Pod } from '../../resources/core.js'
import type { TaskRun } from '../../resources/tekton.js'
import type { Action, TaskRunWorld } from '../decision.js'
import { entrypointActions } from './task-run-pod.js'

/** Volumes come within a few seconds. */
const FIRST_CHECK_MS = 10_000

export function waitsForVolumes({ status }: Pod): boolean {
  // Asked before the status is known to make sense.
  const all = [status?.initContainerStatuses, status?.containerStatuses]
  const states = all.flatMap(
    statuses => (Array.isArray(statuses) ? statuses : []) as readonly Partial<ContainerStatus>[],
  )
  const reasons = states.map(({ state }) => state?.waiting?.reason)
  return (
    status?.phase === 'Pending' &&
    reasons.length > 0 &&
    reasons.every(reason => reason === 'ContainerCreating' || reason === 'PodInitializing')
  )
}

export function firstCheckOfVolumes(pod: Pod): number {
  return fromTimestamp(pod.metadata.creationTimestamp) + FIRST_CHECK_MS
}

export interface VolumeCheck {
  readonly actions: readonly Action[]
  /** Epoch ms; each time the Pod has to have waited twice as long. */
  readonly lookAgainAt?: number
}

export function checkVolumes(run: TaskRun, pod: Pod, { now, awaitedEntrypoint }: TaskRunWorld): VolumeCheck {
  if (!waitsForVolumes(pod)) return { actions: [] }
  const waited = now - fromTimestamp(pod.metadata.creationTimestamp)
  let next = FIRST_CHECK_MS
  while (next <= waited) next *= 2
  return {
    actions:
      awaitedEntrypoint && usesConfigMap(pod, awaitedEntrypoint.name) ? entrypointActions(run, awaitedEntrypoint) : [],
    lookAgainAt: now - waited + next,
  }
}

function usesConfigMap({ spec }: Pod, name: string): boolean {
  return (spec.volumes ?? []).some(({ configMap }) => configMap?.name === name)
}

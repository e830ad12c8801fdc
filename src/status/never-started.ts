/** Whether it is known for sure that no step of a Pod was begun: then trying again repeats nothing. */
import { READY_ANNOTATION } from '../resources/annotations.js'
import type { Pod } from '../resources/core.js'
import { isFarFromNode } from './disruption.js'

/**
 * The steps after the first wait for it, so it decides. Only what a kubelet says itself is sure: a Pod that is not placed
 * may be by now, and one whose node is gone may have run since it was last heard of.
 */
export function neverStarted(pod: Pod): boolean {
  if (isFarFromNode(pod)) return false
  // It waits for its sidecars, and we have not told it to go.
  if (pod.metadata.annotations?.[READY_ANNOTATION] === undefined) return true
  const first = pod.spec.containers.find(({ name }) => name.startsWith('step-'))
  const status = pod.status?.containerStatuses?.find(({ name }) => name === first?.name)
  const { waiting, terminated } = status?.state ?? {}
  // The kubelet's last word.
  if (pod.status?.phase === 'Failed' && (status === undefined || waiting)) return true
  if (terminated) return NOT_STARTED.has(terminated.reason)
  return waiting?.reason !== undefined && !STARTING.has(waiting.reason)
}

/** A container that the runtime could not start. */
export const NOT_STARTED: ReadonlySet<string | undefined> = new Set(['StartError', 'ContainerCannotRun'])

/** It may have started a moment ago. */
const STARTING: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing'])

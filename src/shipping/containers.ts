/** What a Pod's status says of its containers, for whoever reads their output. Pure. */
import type { ContainerStatus, Pod } from '../resources/core.js'

/** As long as it has said nothing, there is nothing to be read. */
export type Life = 'waits' | 'runs' | 'ended' | 'never ran'

export function containerNames({ spec }: Pod): readonly string[] {
  return [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name)
}

export function lifeOf(pod: Pod, container: string): Life {
  const state = statusOf(pod, container)?.state
  if (state?.running) return 'runs'
  // A node that has lost a container says so in its place.
  if (state?.terminated) return state.terminated.startedAt ? 'ended' : 'never ran'
  return isPodOver(pod) ? 'never ran' : 'waits'
}

export function isPodOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

function statusOf({ status }: Pod, container: string): ContainerStatus | undefined {
  const all = [status?.containerStatuses, status?.initContainerStatuses].filter(Array.isArray).flat()
  return (all as readonly (ContainerStatus | null)[]).find(one => one?.name === container) ?? undefined
}

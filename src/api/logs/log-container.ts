/** Which container's output is asked for, and whether it has any yet: in the words of API server and kubelet. Pure. */
import type { ContainerStatus, Pod } from '../../resources/core.js'
import { badRequest } from '../status.js'

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

/** @throws ApiError 400 */
export function containerOf({ metadata, spec }: Pod, asked: string | undefined): string {
  const { name, annotations } = metadata
  const init = (spec.initContainers ?? []).map(container => container.name)
  const others = spec.containers.map(container => container.name)
  const all = [...others, ...init]
  if (asked !== undefined) {
    if (all.includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  const preferred = annotations?.[DEFAULT_CONTAINER]
  if (preferred !== undefined && all.includes(preferred)) return preferred
  const [only, ...more] = others
  if (only !== undefined && more.length === 0) return only
  const orInit = init.length === 0 ? '' : ` or one of the init containers: [${init.join(' ')}]`
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${others.join(' ')}]${orInit}`)
}

/** The container's status, once it has started. @throws ApiError 400 */
export function startedContainer(pod: Pod, container: string): ContainerStatus {
  // A status is what its writer says: it may be anything.
  const statuses = [pod.status?.containerStatuses, pod.status?.initContainerStatuses].filter(Array.isArray).flat()
  const found = (statuses as readonly (ContainerStatus | null)[]).find(status => status?.name === container)
  if (found?.state?.running || found?.state?.terminated) return found
  const reason = found?.state?.waiting?.reason ?? 'ContainerCreating'
  throw badRequest(
    `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)} is waiting to start: ${reason}`,
  )
}

/** What took a Pod away, or refused it, that did nothing wrong itself: Kubernetes says so in several places. */
import type { Pod } from '../resources/core.js'

/** In Kubernetes' words, with its reason at the end. Undefined when nothing did. */
export function disruptionOf({ metadata, status }: Pod): string | undefined {
  const target = status?.conditions?.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True')
  if (target) return words(target.message, target.reason)
  if (isByNode(status?.reason)) return words(status?.message, status?.reason)
  return metadata.deletionTimestamp === undefined ? undefined : 'the Pod was deleted'
}

/** The node that ran the Pod is not asked any more: what the status says of containers may be older than their start. */
export function isFarFromNode({ status }: Pod): boolean {
  const target = status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  return status?.reason === 'NodeLost' || CONTROL_PLANE.has(target?.reason)
}

const CONTROL_PLANE: ReadonlySet<string | undefined> = new Set(['DeletionByTaintManager', 'DeletionByPodGC'])

/** What a kubelet says of the whole Pod, before its containers began or while they ran. */
const BY_NODE: ReadonlySet<string> = new Set([
  // It shuts down, or needs the place.
  ...['NodeShutdown', 'Shutdown', 'Terminated', 'Preempting', 'NodeLost'],
  // It does not take what the scheduler gave it.
  ...['NodeAffinity', 'NodeName', 'NodePorts', 'TaintToleration', 'TopologyAffinityError', 'UnexpectedAdmissionError'],
  ...['InvalidNodeInfo', 'UnexpectedPredicateFailureType'],
])

function isByNode(reason: string | undefined): boolean {
  return reason !== undefined && (BY_NODE.has(reason) || /^OutOf/i.test(reason))
}

function words(message: string | undefined, reason: string | undefined): string {
  return message ? `${message.replace(/\.$/, '')} (${reason})` : `${reason}`
}

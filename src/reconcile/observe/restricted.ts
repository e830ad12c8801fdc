/** Which namespaces enforce the restricted profile of Pod Security, without asking for every Pod. */
import { type Cluster, isClusterError } from '../../cluster/cluster.js'

const ENFORCE_LABEL = 'pod-security.kubernetes.io/enforce'
/** Who changes the label may wait that long for Pods that keep to it. */
const REMEMBERED_MS = 60_000

/** A namespace that we may not read is taken to enforce nothing. */
export function createRestricted(cluster: Cluster): (namespace: string, now: number) => Promise<boolean> {
  const known = new Map<string, { readonly restricted: boolean; readonly since: number }>()
  return async (namespace, now) => {
    const last = known.get(namespace)
    if (last !== undefined && now - last.since < REMEMBERED_MS) return last.restricted
    const restricted = await isRestricted(cluster, namespace)
    known.set(namespace, { restricted, since: now })
    return restricted
  }
}

async function isRestricted(cluster: Cluster, name: string): Promise<boolean> {
  try {
    const found = await cluster.get('Namespace', { namespace: '', name })
    return found?.metadata.labels?.[ENFORCE_LABEL] === 'restricted'
  } catch (error) {
    if (isClusterError(error, 'Forbidden')) return false
    throw error
  }
}

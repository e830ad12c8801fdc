/** A cluster of which one namespace is looked at: for who has a Role there, and no ClusterRole. */
import { type AnyKind, isKind, KINDS } from '../resources/kinds.js'
import { type Change, type Cluster, isClusterError, type Selector } from './cluster.js'

/**
 * Lists and watches that name no namespace are of this one. Kinds that are in no namespace are not asked for: as far as
 * this cluster shows there are none. What names a namespace goes where it says, such as settings in another one; settings
 * that we may not read there are as if there were none.
 */
export function inNamespace(cluster: Cluster, namespace: string): Cluster {
  const isHidden = (kind: AnyKind) => isKind(kind) && !KINDS[kind].namespaced
  const within = (selector: Selector = {}) => ({ namespace, ...selector })
  return {
    ...cluster,
    async get(kind, key) {
      // A Namespace itself may be read by who has a Role in it.
      if (isHidden(kind) && kind !== 'Namespace') return undefined
      try {
        return await cluster.get(kind, key)
      } catch (error) {
        const isOthers = kind === 'ConfigMap' && key.namespace !== namespace
        if (isOthers && isClusterError(error, 'Forbidden')) return undefined
        throw error
      }
    },
    list: (kind, selector) => (isHidden(kind) ? Promise.resolve([]) : cluster.list(kind, within(selector))),
    watch: (kind, selector, signal) =>
      isHidden(kind) ? nothing(signal) : cluster.watch(kind, within(selector), signal),
  }
}

async function* nothing<T>(signal: AbortSignal): AsyncGenerator<Change<T>> {
  yield { type: 'listed', items: [] }
  await new Promise<void>(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })
}

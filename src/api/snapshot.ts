/** What is selected now, and the version that says when now is. */
import type { EmbeddedCluster } from '../cluster/embedded/store.js'
import type { KindEntry } from '../resources/kind-table.js'
import type { Resource } from '../resources/meta.js'
import { requiredLabels } from './selectors/labels.js'
import { isSelected, type Selection } from './selectors/selection.js'
import { ApiError } from './status.js'

export interface Snapshot {
  /** A stream of events from here on misses nothing and repeats nothing. */
  readonly version: string
  readonly items: readonly Resource[]
}

/** By namespace, then name. */
export async function snapshotOf(cluster: EmbeddedCluster, info: KindEntry, selection: Selection): Promise<Snapshot> {
  const { namespace, name } = selection
  if (name !== undefined && (namespace !== '' || !info.namespaced)) {
    // In one turn of the event loop the store does not change, so the version is that of what is got.
    const got = cluster.get(info.id, { namespace, name })
    const version = cluster.version()
    const object = (await got) as Resource | undefined
    return { version, items: object !== undefined && isSelected(selection, object) ? [object] : [] }
  }
  const labels = requiredLabels(selection.labels)
  const { version, items } = await cluster.listAt(info.id, { ...(namespace !== '' && { namespace }), labels })
  return { version, items: (items as readonly Resource[]).filter(item => isSelected(selection, item)) }
}

/**
 * For a read that is to be no older than a version. The store is never behind what it gave out, so there is nothing to
 * wait for: who asks for more has it from another store.
 * @throws ApiError 504, as the API server after it waited
 */
export function checkNotAhead(cluster: EmbeddedCluster, resourceVersion: string): void {
  if (Number(resourceVersion) <= Number(cluster.version())) return
  const message = `Timeout: Too large resource version: ${resourceVersion}, current: ${cluster.version()}`
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  throw new ApiError(504, 'Timeout', message, { causes, retryAfterSeconds: 1 })
}

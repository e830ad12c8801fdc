/** What is selected, of now or of an earlier version, all of it or a page. */
import type { EmbeddedCluster, Page, PageOptions, Row } from '../../cluster/embedded/store.js'
import type { KindEntry } from '../../resources/kind-table.js'
import type { AnyResource } from '../../resources/kinds.js'
import type { Key, Resource } from '../../resources/meta.js'
import { requiredLabels } from '../selectors/labels.js'
import { isExact, isSelected, type Selection } from '../selectors/selection.js'
import { ApiError } from '../status.js'

export type ListRow = Row<Resource>
export type ListPage = Page<Resource>

export interface Wanted {
  /** 0: all. */
  readonly limit?: number
  readonly after?: Key
  /** Without one: what is there now. */
  readonly version?: string | undefined
}

/** By namespace, then name. Undefined when the version is no longer known. */
export async function readList(
  cluster: EmbeddedCluster,
  info: KindEntry,
  selection: Selection,
  { limit = 0, after, version }: Wanted = {},
): Promise<ListPage | undefined> {
  const { namespace, name } = selection
  if (name !== undefined && (namespace !== '' || !info.namespaced) && after === undefined && version === undefined) {
    return readOne(cluster, info, selection, { namespace, name })
  }
  const options: PageOptions<Resource> = {
    ...(namespace !== '' && { namespace }),
    labels: requiredLabels(selection.labels),
    // What a store can tell by itself need not be parsed.
    ...(!isExact(selection) && { matches: (object: Resource) => isSelected(selection, object) }),
    ...(limit > 0 && { limit }),
    ...(after !== undefined && { after }),
    ...(version !== undefined && { version }),
  }
  return cluster.page(info.id, options as PageOptions<AnyResource>) as ListPage | undefined
}

async function readOne(cluster: EmbeddedCluster, info: KindEntry, selection: Selection, key: Key): Promise<ListPage> {
  // In one turn of the event loop the store does not change, so the version is that of what is got.
  const got = cluster.get(info.id, key)
  const version = cluster.version()
  const object = (await got) as Resource | undefined
  if (object === undefined || !isSelected(selection, object)) return { version, rows: [] }
  return { version, rows: [{ key, object, json: JSON.stringify(object) }] }
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

import type { Removal } from '../../cluster/embedded/store.js'
import type { Resource } from '../../resources/meta.js'
import type { ObjectAnswer } from '../answer.js'
import { deleteOptionsOf } from '../delete-options.js'
import type { ApiDeps } from '../deps.js'
import { formOf } from '../form.js'
import { listOptionsOf } from '../lists/options.js'
import { readList } from '../lists/read-list.js'
import { shownList } from '../present.js'
import type { ResourceRequest } from '../request.js'
import { selectionOf } from '../selectors/selection.js'

/** Deletes what a list with the same selectors would show, and answers with it. What is gone already is no error. */
export async function deleteCollection(deps: ApiDeps, request: ResourceRequest): Promise<ObjectAnswer> {
  const { info } = request
  const form = formOf(request)
  const selection = selectionOf(request)
  const { limit } = listOptionsOf(request.query)
  const { dryRun, options } = await deleteOptionsOf(request)
  // Of now, which is always known.
  const { version, rows } = (await readList(deps.cluster, info, selection, { limit }))!
  const removed: Resource[] = []
  for (const { key, object } of rows) {
    if (request.signal.aborted) break
    // Not a namesake that came after the list.
    const removal = await deps.cluster.remove(info.id, key, {
      ...options,
      uid: options.uid ?? object.metadata.uid,
      dryRun,
    })
    if (removal !== undefined) removed.push((removal as unknown as Removal<Resource>).object)
  }
  return { code: 200, body: shownList(form, { resourceVersion: version }, removed) }
}

import type { Answer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { formOf } from '../form.js'
import { shownList } from '../present.js'
import type { ResourceRequest } from '../request.js'
import { selectionOf } from '../selectors/selection.js'
import { checkNotAhead, snapshotOf } from '../snapshot.js'
import { listOptionsOf } from '../watch/options.js'
import { watch } from './watch.js'

/** A list, or with `watch=true` what becomes of it. */
export async function list(deps: ApiDeps, request: ResourceRequest): Promise<Answer> {
  const options = listOptionsOf(request.query)
  if (options.watch) return watch(deps, request, options)
  const form = formOf(request)
  const selection = selectionOf(request)
  checkNotAhead(deps.cluster, options.resourceVersion)
  const { version, items } = await snapshotOf(deps.cluster, request.info, selection)
  return { code: 200, body: shownList(form, { resourceVersion: version }, items) }
}

import type { AnyResource } from '../../resources/kinds.js'
import type { ObjectAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { checkVersion } from '../lists/options.js'
import { checkNotAhead } from '../lists/read-list.js'
import { gonePod, isForLogs } from '../logs/gone-pod.js'
import { present } from '../present.js'
import type { ObjectRequest } from '../request.js'
import { notFound } from '../status.js'

export async function get(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const resourceVersion = request.query.get('resourceVersion') ?? ''
  checkVersion(resourceVersion)
  checkNotAhead(deps.cluster, resourceVersion)
  try {
    return present(request, 200, await existing(deps, request))
  } catch (error) {
    const gone = isForLogs(request) ? await gonePod(deps, request) : undefined
    if (gone === undefined) throw error
    return present(request, 200, gone)
  }
}

/** @throws ApiError 404 */
export async function existing({ cluster }: ApiDeps, { info, namespace, name }: ObjectRequest): Promise<AnyResource> {
  const found = await cluster.get(info.id, { namespace, name })
  if (found !== undefined) return found as AnyResource
  throw notFound(info, name)
}

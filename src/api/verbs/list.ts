import { groupVersion } from '../../resources/kind-table.js'
import type { ObjectAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import type { ResourceRequest } from '../request.js'
import { parseLabelSelector } from '../route.js'
import { ApiError } from '../status.js'

export async function list({ cluster }: ApiDeps, request: ResourceRequest): Promise<ObjectAnswer> {
  const { info, namespace, query } = request
  if (query.get('watch') === 'true') {
    throw new ApiError(405, 'MethodNotAllowed', 'watch is not supported by this version of Tektite; list again instead')
  }
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  if (labels === undefined || query.has('fieldSelector')) {
    throw new ApiError(400, 'BadRequest', 'only label selectors of the form name=value are supported')
  }
  const { version, items } = await cluster.listAt(info.id, { ...(namespace !== '' && { namespace }), labels })
  const metadata = { resourceVersion: version }
  return {
    code: 200,
    body: { kind: info.listKind, apiVersion: groupVersion(info.group, info.version), metadata, items },
  }
}

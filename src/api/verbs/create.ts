import type { AnyResource } from '../../resources/kinds.js'
import { admitted } from '../admit-request.js'
import type { ObjectAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { present } from '../present.js'
import { type ResourceRequest, readJson } from '../request.js'

export async function create({ cluster, admission }: ApiDeps, request: ResourceRequest): Promise<ObjectAnswer> {
  const { object, warnings } = admitted(request, await readJson(request), admission())
  return present(request, 201, (await cluster.create(request.info.id, object as never)) as AnyResource, warnings)
}

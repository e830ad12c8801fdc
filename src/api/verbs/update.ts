import { admitStatusUpdate, admitUpdate } from '../../admission/admit-update.js'
import type { AnyResource } from '../../resources/kinds.js'
import { admitted, denied } from '../admit-request.js'
import type { ObjectAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { present } from '../present.js'
import { type ObjectRequest, readJson } from '../request.js'
import { ApiError } from '../status.js'
import { existing } from './get.js'

export async function update(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const { cluster } = deps
  const { info, name, subresource } = request
  const body = await readJson(request)
  const options = deps.admission()
  const stored = await existing(deps, request)
  const given = body as { metadata?: { resourceVersion?: string; name?: string }; status?: unknown } | null
  if (given?.metadata?.name !== name) {
    throw new ApiError(
      400,
      'BadRequest',
      `the name of the object (${given?.metadata?.name}) does not match the name on the URL (${name})`,
    )
  }
  const resourceVersion = given.metadata.resourceVersion ?? stored.metadata.resourceVersion
  if (subresource === 'status') {
    const problems = admitStatusUpdate(stored, given.status)
    if (problems.length > 0) throw denied(problems, info)
    const changed = { ...stored, metadata: { ...stored.metadata, resourceVersion }, status: given.status }
    return present(request, 200, (await cluster.replaceStatus(info.id, changed as never)) as AnyResource)
  }
  const { object, warnings } = admitted(request, body, options)
  const problems = admitUpdate(stored, object, options)
  if (problems.length > 0) throw denied(problems, info)
  const changed = { ...object, metadata: { ...stored.metadata, ...object.metadata, resourceVersion } }
  return present(request, 200, (await cluster.replace(info.id, changed as never)) as AnyResource, warnings)
}

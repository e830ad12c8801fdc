import type { AnyKind } from '../../resources/kinds.js'
import { asRecord } from '../../resources/shape.js'
import type { ObjectAnswer } from '../answer.js'
import { readObject } from '../body.js'
import type { ApiDeps } from '../deps.js'
import { present } from '../present.js'
import type { ObjectRequest } from '../request.js'
import { writeOptionsOf } from '../write-options.js'
import { createObject } from './create.js'
import { checkIdentity, writeObject } from './write-object.js'

/** Those that a PUT makes when they are not there, as on a cluster. */
const CREATED_BY_UPDATE: readonly AnyKind[] = [
  'Endpoints',
  'Event',
  'Lease',
  'LimitRange',
  'PodTemplate',
  'Service',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
]

export async function update(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const { info, namespace, name, subresource } = request
  const options = writeOptionsOf(request, 'UpdateOptions')
  const body = await readObject(request, info.kind)
  if (subresource === undefined && CREATED_BY_UPDATE.includes(info.id)) {
    if ((await deps.cluster.get(info.id, { namespace, name })) === undefined) {
      checkIdentity(request, asRecord(body.value))
      const { object, warnings } = await createObject(deps, request, options, body)
      return present(request, 201, object, warnings)
    }
  }
  const { object, warnings } = await writeObject(deps, request, options, { wanted: () => body })
  return present(request, 200, object, warnings)
}

import type { Removal } from '../../cluster/embedded/store.js'
import type { AnyKind, AnyResource } from '../../resources/kinds.js'
import type { ObjectAnswer } from '../answer.js'
import { deleteOptionsOf } from '../delete-options.js'
import type { ApiDeps } from '../deps.js'
import { present } from '../present.js'
import type { ObjectRequest } from '../request.js'
import { detailsOf, notFound } from '../status.js'

/** Their delete is answered with the object even when it is gone, as on a cluster. */
const ANSWERED_WITH_OBJECT: readonly AnyKind[] = [
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'PodTemplate',
  'ResourceQuota',
  'ServiceAccount',
]

export async function deleteObject(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const { info, namespace, name } = request
  const { dryRun, options, isCascading } = await deleteOptionsOf(request)
  const removal = await deps.cluster.remove(info.id, { namespace, name }, { ...options, dryRun })
  if (removal === undefined) throw notFound(info, name)
  const { object, isGone } = removal as unknown as Removal<AnyResource>
  if (!isGone) return present(request, isCascading ? 202 : 200, object)
  if (ANSWERED_WITH_OBJECT.includes(info.id)) return present(request, 200, object)
  const details = { ...detailsOf(info, name), uid: object.metadata.uid }
  return { code: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } }
}

import { groupResource } from '../../resources/kind-table.js'
import type { AnyResource } from '../../resources/kinds.js'
import { asRecord, type Json } from '../../resources/shape.js'
import { admitted } from '../admit-request.js'
import type { ObjectAnswer } from '../answer.js'
import { type Body, readObject } from '../body.js'
import type { ApiDeps } from '../deps.js'
import { managedWhenCreated } from '../managed.js'
import { present } from '../present.js'
import type { ResourceRequest } from '../request.js'
import { ApiError, badRequest, detailsOf } from '../status.js'
import { type WriteOptions, writeOptionsOf } from '../write-options.js'
import type { Written } from './write-object.js'

export async function create(deps: ApiDeps, request: ResourceRequest): Promise<ObjectAnswer> {
  const options = writeOptionsOf(request, 'CreateOptions')
  const { object, warnings } = await createObject(deps, request, options, await readObject(request, request.info.kind))
  return present(request, 201, object, warnings)
}

/** @throws ApiError, ClusterError. With managed fields of its own (of an apply), the object keeps those. */
export async function createObject(
  deps: ApiDeps,
  request: ResourceRequest,
  options: WriteOptions,
  { value, duplicates }: Body,
): Promise<Written> {
  const { cluster } = deps
  const { info } = request
  await checkNamespace(deps, request, asRecord(asRecord(value)['metadata'])['name'])
  const { fieldValidation, dryRun } = options
  const admission = { options: deps.admission(), fieldValidation, duplicates }
  const { object, warnings } = admitted(request, value, admission)
  const { resourceVersion, managedFields: applied } = asRecord(asRecord(value)['metadata'])
  if (resourceVersion !== undefined && resourceVersion !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created')
  }
  const isApplied = request.method === 'PATCH'
  const managedFields = isApplied ? applied : managedWhenCreated(request, options, object as unknown as Json)
  const made = { ...object, metadata: { ...object.metadata, managedFields } }
  return { object: (await cluster.create(info.id, made as never, { dryRun })) as AnyResource, warnings }
}

/** @throws ApiError 404, 403 */
async function checkNamespace(
  { cluster }: ApiDeps,
  { info, namespace }: ResourceRequest,
  name: unknown,
): Promise<void> {
  if (!info.namespaced) return
  const found = await cluster.get('Namespace', { namespace: '', name: namespace })
  if (found === undefined) {
    const message = `namespaces ${JSON.stringify(namespace)} not found`
    throw new ApiError(404, 'NotFound', message, { name: namespace, kind: 'namespaces' })
  }
  if (found.metadata.deletionTimestamp === undefined) return
  const named = typeof name === 'string' ? name : ''
  const message = `${groupResource(info)} ${JSON.stringify(named)} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  throw new ApiError(403, 'Forbidden', message, { ...detailsOf(info, named), causes: [cause] })
}

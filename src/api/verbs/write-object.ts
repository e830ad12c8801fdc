/** From what a client wants an object to become to the write: one way through admission, whichever verb it came by. */
import { admitStatusUpdate, admitUpdate } from '../../admission/admit-update.js'
import { ClusterError } from '../../cluster/cluster.js'
import { objectText } from '../../cluster/embedded/keys.js'
import { inVersion } from '../../resources/in-version.js'
import { groupKind, groupResource } from '../../resources/kind-table.js'
import type { AnyResource } from '../../resources/kinds.js'
import type { ManagedFields } from '../../resources/meta.js'
import type { Problem } from '../../resources/problem.js'
import { asRecord, isRecord, type Json } from '../../resources/shape.js'
import { admitted, admittedStatus } from '../admit-request.js'
import type { Body } from '../body.js'
import { denied } from '../denied.js'
import type { ApiDeps } from '../deps.js'
import { immutableProblems } from '../immutable-fields.js'
import { managedWhenUpdated } from '../managed.js'
import { isOfKubernetes } from '../patch/patch-type.js'
import type { ObjectRequest } from '../request.js'
import { ApiError, badRequest, detailsOf } from '../status.js'
import type { WriteOptions } from '../write-options.js'
import { existing } from './get.js'

export interface Written {
  readonly object: AnyResource
  readonly warnings: readonly Problem[]
}

/** A client that names no version has its change made again to whatever others wrote in between. */
const MAX_TRIES = 100

export interface Change {
  /** What the object shall become. */
  readonly wanted: (stored: AnyResource & Json) => Body
  /** The managed fields are those that it brings: it was applied. */
  readonly isApply?: boolean
}

/**
 * Reads, asks what the object shall become, and writes that; again when somebody else was faster, unless the client
 * named the version that it means.
 */
export async function writeObject(
  deps: ApiDeps,
  request: ObjectRequest,
  options: WriteOptions,
  change: Change,
): Promise<Written> {
  for (let tries = 1; ; tries++) {
    const stored = (await existing(deps, request)) as AnyResource & Json
    const body = change.wanted(inVersion(request.info, request.version, stored) as AnyResource & Json)
    const next = objectIn(body.value)
    checkIdentity(request, next)
    const conditional = checkVersion(request, stored, next)
    try {
      return await writeOver(deps, request, options, { stored, next, body, isApply: change.isApply ?? false })
    } catch (error) {
      const lost = error instanceof ClusterError && error.reason === 'Conflict'
      if (!lost || conditional || tries >= MAX_TRIES) throw error
    }
  }
}

interface Revision {
  readonly stored: AnyResource & Json
  readonly next: Json
  readonly body: Body
  readonly isApply: boolean
}

async function writeOver(
  deps: ApiDeps,
  request: ObjectRequest,
  options: WriteOptions,
  { stored, next, body, isApply }: Revision,
): Promise<Written> {
  const { cluster } = deps
  const { info, name, subresource } = request
  const { uid, resourceVersion } = stored.metadata
  const { dryRun } = options
  const given = asRecord(next['metadata'])['managedFields']
  const managedIn = (changed: Json) =>
    isApply
      ? (given as readonly ManagedFields[])
      : managedWhenUpdated(request, options, { stored, next: changed, given })
  if (subresource === 'status') {
    const problems = admitStatusUpdate(stored, next['status'])
    if (problems.length > 0) throw denied(problems, info, name)
    const { status: _status, ...rest } = stored
    const status = info.definition === undefined ? next['status'] : admittedStatus(info, stored, next['status'])
    const changed = { ...rest, ...(status !== undefined && { status }) }
    const tracked = { ...changed, metadata: { ...stored.metadata, managedFields: managedIn(changed) } }
    return { object: (await cluster.replaceStatus(info.id, tracked as never, { dryRun })) as AnyResource, warnings: [] }
  }
  const admission = {
    options: deps.admission(),
    fieldValidation: options.fieldValidation,
    duplicates: body.duplicates,
    stored,
  }
  const { object, warnings } = admitted(request, next, admission)
  const problems = [
    ...admitUpdate(stored, object, admission.options),
    ...immutableProblems(info, stored, object as unknown as Json),
  ]
  if (problems.length > 0) throw denied(problems, info, name)
  const status =
    info.status || info.definition !== undefined || next['status'] === undefined ? {} : { status: next['status'] }
  const changed = { ...object, ...status, metadata: { ...object.metadata, uid, resourceVersion } }
  const tracked = {
    ...changed,
    metadata: { ...changed.metadata, managedFields: managedIn(changed as unknown as Json) },
  }
  return { object: (await cluster.replace(info.id, tracked as never, { dryRun })) as AnyResource, warnings }
}

function objectIn(value: unknown): Json {
  if (isRecord(value)) return value
  throw badRequest('the object is no JSON object')
}

/** @throws ApiError 400 when it is not the object that the URL names */
export function checkIdentity({ name, namespace }: Pick<ObjectRequest, 'name' | 'namespace'>, object: Json): void {
  const metadata = asRecord(object['metadata'])
  if (metadata['name'] !== name) {
    const given = String(metadata['name'] ?? '')
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)
  }
  const given = metadata['namespace']
  if (given !== undefined && given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}

/** Whether the client named a version. @throws ApiError when it means another state or another object */
function checkVersion({ info, name, method }: ObjectRequest, stored: AnyResource, object: Json): boolean {
  const { resourceVersion, uid } = asRecord(object['metadata'])
  const current = stored.metadata
  const conflict = (text: string) => {
    const message = `Operation cannot be fulfilled on ${objectText(info, name)}: ${text}`
    return new ApiError(409, 'Conflict', message, detailsOf(info, name))
  }
  if (uid !== undefined && uid !== '' && uid !== current.uid) {
    if (method === 'PATCH') throw invalidField(info, name, 'metadata.uid', JSON.stringify(uid), 'field is immutable')
    throw conflict(`Precondition failed: UID in precondition: ${String(uid)}, UID in object meta: ${current.uid}`)
  }
  if (resourceVersion === undefined || resourceVersion === '') {
    if (isOfKubernetes(info) && info.id !== 'CustomResourceDefinition') return false
    const of = { ...info, kind: groupResource(info), group: '' }
    throw invalidField(of, name, 'metadata.resourceVersion', '0x0', 'must be specified for an update')
  }
  if (resourceVersion === current.resourceVersion) return method === 'PUT'
  throw conflict('the object has been modified; please apply your changes to the latest version and try again')
}

function invalidField(
  { group, kind }: Pick<ObjectRequest['info'], 'group' | 'kind'>,
  name: string,
  field: string,
  shown: string,
  rule: string,
): ApiError {
  const message = `Invalid value: ${shown}: ${rule}`
  const causes = [{ reason: 'FieldValueInvalid', message, field }]
  const details = { name, ...(group !== '' && { group }), kind, causes }
  return new ApiError(
    422,
    'Invalid',
    `${groupKind({ group, kind })} ${JSON.stringify(name)} is invalid: ${field}: ${message}`,
    details,
  )
}

/** From what a client wants an object to become to the write: one way through admission, whichever verb it came by. */
import { admitStatusUpdate, admitUpdate } from '../../admission/admit-update.js'
import { ClusterError } from '../../cluster/cluster.js'
import { objectText } from '../../cluster/embedded/keys.js'
import { EVENTS_GROUP } from '../../resources/events-v1.js'
import { inVersion } from '../../resources/in-version.js'
import { groupResource } from '../../resources/kind-table.js'
import type { AnyResource } from '../../resources/kinds.js'
import type { Problem } from '../../resources/problem.js'
import { asRecord, isRecord, type Json } from '../../resources/shape.js'
import { admitted, admittedStatus, denied } from '../admit-request.js'
import type { ApiDeps } from '../deps.js'
import { isOfKubernetes } from '../patch/patch-type.js'
import type { ObjectRequest } from '../request.js'
import { ApiError } from '../status.js'
import { existing } from './get.js'

export interface Written {
  readonly object: AnyResource
  readonly warnings: readonly Problem[]
}

/** A client that names no version has its change made again to whatever others wrote in between. */
const MAX_TRIES = 100

/**
 * Reads, asks `wanted` what the object shall become, and writes that; again when somebody else was faster, unless the
 * client named the version that it means.
 */
export async function writeObject(
  deps: ApiDeps,
  request: ObjectRequest,
  wanted: (stored: AnyResource & Json) => unknown,
): Promise<Written> {
  for (let tries = 1; ; tries++) {
    const stored = (await existing(deps, request)) as AnyResource & Json
    // What is patched is what the client sees.
    const seen = request.info.group === EVENTS_GROUP ? inVersion(request.info, request.version, stored) : stored
    const next = objectIn(wanted(seen as AnyResource & Json))
    checkIdentity(request, next)
    const conditional = checkVersion(request, stored, next)
    try {
      return await writeOver(deps, request, stored, next)
    } catch (error) {
      const lost = error instanceof ClusterError && error.reason === 'Conflict'
      if (!lost || conditional || tries >= MAX_TRIES) throw error
    }
  }
}

async function writeOver(
  deps: ApiDeps,
  request: ObjectRequest,
  stored: AnyResource & Json,
  next: Json,
): Promise<Written> {
  const { cluster } = deps
  const { info, name, subresource } = request
  const { uid, resourceVersion } = stored.metadata
  if (subresource === 'status' && info.definition !== undefined) {
    const changed = { ...stored, status: admittedStatus(info, stored, next['status']) }
    return { object: (await cluster.replaceStatus(info.id, changed as never)) as AnyResource, warnings: [] }
  }
  if (subresource === 'status') {
    const problems = admitStatusUpdate(stored, next['status'])
    if (problems.length > 0) throw denied(problems, info, name)
    const changed = { ...stored, status: next['status'] }
    return { object: (await cluster.replaceStatus(info.id, changed as never)) as AnyResource, warnings: [] }
  }
  const options = deps.admission()
  const { object, warnings } = admitted(request, next, options, stored)
  const problems = admitUpdate(stored, object, options)
  if (problems.length > 0) throw denied(problems, info, name)
  const status = info.status || info.definition !== undefined ? {} : { status: next['status'] }
  const changed = { ...object, ...status, metadata: { ...object.metadata, uid, resourceVersion } }
  return { object: (await cluster.replace(info.id, changed as never)) as AnyResource, warnings }
}

function objectIn(value: unknown): Json {
  if (isRecord(value)) return value
  throw new ApiError(400, 'BadRequest', 'the object is no JSON object')
}

/** @throws ApiError 400 when it is not the object that the URL names */
function checkIdentity({ name, namespace }: ObjectRequest, object: Json): void {
  const metadata = asRecord(object['metadata'])
  if (metadata['name'] !== name) {
    const given = String(metadata['name'] ?? '')
    throw new ApiError(
      400,
      'BadRequest',
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    )
  }
  const given = metadata['namespace']
  if (given !== undefined && given !== '' && given !== namespace) {
    throw new ApiError(
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
}

/** Whether the client named a version. @throws ApiError when it means another state or another object */
function checkVersion({ info, name, method }: ObjectRequest, stored: AnyResource, object: Json): boolean {
  const { resourceVersion, uid } = asRecord(object['metadata'])
  const current = stored.metadata
  if (uid !== undefined && uid !== '' && uid !== current.uid) {
    if (method === 'PATCH') throw invalidField(info, name, 'metadata.uid', uid, 'field is immutable')
    const text = `Precondition failed: UID in precondition: ${String(uid)}, UID in object meta: ${current.uid}`
    throw new ApiError(409, 'Conflict', `Operation cannot be fulfilled on ${objectText(info, name)}: ${text}`)
  }
  if (resourceVersion === undefined || resourceVersion === '') {
    if (isOfKubernetes(info) && info.id !== 'CustomResourceDefinition') return false
    const text = 'metadata.resourceVersion: Invalid value: 0x0: must be specified for an update'
    throw new ApiError(422, 'Invalid', `${groupResource(info)} ${JSON.stringify(name)} is invalid: ${text}`)
  }
  if (resourceVersion === current.resourceVersion) return method === 'PUT'
  const text = 'the object has been modified; please apply your changes to the latest version and try again'
  throw new ApiError(409, 'Conflict', `Operation cannot be fulfilled on ${objectText(info, name)}: ${text}`)
}

function invalidField(
  { group, kind }: ObjectRequest['info'],
  name: string,
  path: string,
  value: unknown,
  rule: string,
) {
  const whose = group === '' ? kind : `${kind}.${group}`
  const message = `${whose} ${JSON.stringify(name)} is invalid: ${path}: Invalid value: ${JSON.stringify(value)}: ${rule}`
  return new ApiError(422, 'Invalid', message)
}

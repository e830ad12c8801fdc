/** PATCH: read, change as the patch says, write as an update would. */
import { jsonLimitProblem } from '../../resources/json-limits.js'
import { asRecord, isRecord, type Json } from '../../resources/shape.js'
import type { ObjectAnswer } from '../answer.js'
import { readObject, readYamlBody } from '../body.js'
import type { ApiDeps } from '../deps.js'
import { appliedOver } from '../managed.js'
import { schemaOf } from '../openapi/schemas.js'
import { jsonPatched } from '../patch/json-patch.js'
import { mergePatched } from '../patch/merge-patch.js'
import { mergeRulesOf } from '../patch/merge-rules.js'
import { type PatchType, patchTypeOf } from '../patch/patch-type.js'
import { strategicallyPatched } from '../patch/strategic-merge-patch.js'
import { present } from '../present.js'
import type { ObjectRequest } from '../request.js'
import { ApiError, badRequest } from '../status.js'
import { type WriteOptions, writeOptionsOf } from '../write-options.js'
import { createObject } from './create.js'
import { checkIdentity, writeObject } from './write-object.js'

export async function patch(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const type = patchTypeOf(request.info, request.headers['content-type'])
  if (type === 'apply') return apply(deps, request)
  const options = writeOptionsOf(request, 'PatchOptions')
  const body = await readPatch(request)
  const { object, warnings } = await writeObject(deps, request, options, {
    wanted: stored => ({ value: patched(type, request, stored, body.value), duplicates: body.duplicates }),
  })
  return present(request, 200, object, warnings)
}

async function readPatch(request: ObjectRequest) {
  // A patch is JSON, whatever its content type is called.
  const body = await readObject({ ...request, headers: {} }, 'patch')
  const limit = jsonLimitProblem(body.value)
  if (limit !== undefined) throw badRequest(`error decoding patch: ${limit.message}`)
  return body
}

function patched(
  type: Exclude<PatchType, 'apply'>,
  { info, version }: ObjectRequest,
  stored: Json,
  body: unknown,
): unknown {
  switch (type) {
    case 'json':
      return jsonPatched(stored, body)
    case 'merge':
      return mergePatched(stored, body)
    default:
      return strategicallyPatched(stored, body, mergeRulesOf(schemaOf(info, version)))
  }
}

/** Server-side apply: also makes what is not there. */
async function apply(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const { info, namespace, name, subresource } = request
  const options = writeOptionsOf(request, 'ApplyOptions')
  const config = readConfig(await request.readBody(), info.kind)
  const key = { namespace, name }
  for (let tries = 1; ; tries++) {
    const isThere = (await deps.cluster.get(info.id, key)) !== undefined
    try {
      return isThere || subresource !== undefined
        ? await applyOver(deps, request, options, config)
        : await applyNew(deps, request, options, config)
    } catch (error) {
      // Somebody else made it, or took it away, in between.
      const raced =
        error instanceof Error && 'reason' in error && ['AlreadyExists', 'NotFound'].includes(String(error.reason))
      const isThereNow = (await deps.cluster.get(info.id, key)) !== undefined
      if (!raced || isThere === isThereNow || tries >= MAX_TRIES) throw error
    }
  }
}

const MAX_TRIES = 10

function readConfig(bytes: Buffer, kind: string): Json {
  const value = readYamlBody(bytes, kind)
  if (!isRecord(value)) throw badRequest('error decoding patch: it is no object')
  const limit = jsonLimitProblem(value)
  if (limit !== undefined) throw badRequest(`error decoding patch: ${limit.message}`)
  return value
}

async function applyOver(
  deps: ApiDeps,
  request: ObjectRequest,
  options: WriteOptions,
  config: Json,
): Promise<ObjectAnswer> {
  const { object, warnings } = await writeObject(deps, request, options, {
    wanted: stored => ({ value: appliedOver(request, options, stored, config), duplicates: [] }),
    isApply: true,
  })
  return present(request, 200, object, warnings)
}

async function applyNew(
  deps: ApiDeps,
  request: ObjectRequest,
  options: WriteOptions,
  config: Json,
): Promise<ObjectAnswer> {
  checkIdentity(request, config)
  const { uid } = asRecord(config['metadata'])
  if (uid !== undefined && uid !== '') {
    const text = `uid mismatch: the provided object specified uid ${String(uid)}, and no existing object was found`
    throw new ApiError(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${request.info.plural} "${request.name}": ${text}`,
    )
  }
  const value = appliedOver(request, options, undefined, config)
  const { object, warnings } = await createObject(deps, request, options, { value, duplicates: [] })
  return present(request, 201, object, warnings)
}

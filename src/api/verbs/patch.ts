/** PATCH: read, change as the patch says, write as an update would. */
import { jsonLimitProblem } from '../../resources/json-limits.js'
import type { Json } from '../../resources/shape.js'
import type { ObjectAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { jsonPatched } from '../patch/json-patch.js'
import { CORE_MERGE_RULES } from '../patch/merge-keys.js'
import { mergePatched } from '../patch/merge-patch.js'
import { type PatchType, patchTypeOf } from '../patch/patch-type.js'
import { strategicallyPatched } from '../patch/strategic-merge-patch.js'
import { present } from '../present.js'
import { type ObjectRequest, readJson } from '../request.js'
import { ApiError } from '../status.js'
import { writeObject } from './write-object.js'

export async function patch(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const type = patchTypeOf(request.info, request.headers['content-type'])
  const body = await readJson(request)
  const limit = jsonLimitProblem(body)
  if (limit !== undefined) throw new ApiError(400, 'BadRequest', `error decoding patch: ${limit.message}`)
  const { object, warnings } = await writeObject(deps, request, stored => patched(type, stored, body))
  return present(request, 200, object, warnings)
}

function patched(type: PatchType, stored: Json, body: unknown): unknown {
  switch (type) {
    case 'json':
      return jsonPatched(stored, body)
    case 'merge':
      return mergePatched(stored, body)
    case 'strategic':
      return strategicallyPatched(stored, body, CORE_MERGE_RULES)
    default:
      throw new ApiError(415, 'UnsupportedMediaType', 'server-side apply is not supported by this version of Tektite')
  }
}

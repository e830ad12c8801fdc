import type { ObjectAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { present } from '../present.js'
import { type ObjectRequest, readJson } from '../request.js'
import { writeObject } from './write-object.js'

export async function update(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const body = await readJson(request)
  const { object, warnings } = await writeObject(deps, request, () => body)
  return present(request, 200, object, warnings)
}

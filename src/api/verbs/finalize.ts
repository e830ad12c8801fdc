import { asRecord } from '../../resources/shape.js'
import type { ObjectAnswer } from '../answer.js'
import { readObject } from '../body.js'
import type { ApiDeps } from '../deps.js'
import { present } from '../present.js'
import type { ObjectRequest } from '../request.js'
import { writeOptionsOf } from '../write-options.js'
import { checkIdentity, writeObject } from './write-object.js'

/** `namespaces/NAME/finalize`: writes `spec.finalizers` and nothing else. A namespace goes when it is empty, whatever they say. */
export async function finalize(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const options = writeOptionsOf(request, 'UpdateOptions')
  const { value, duplicates } = await readObject(request, request.info.kind)
  checkIdentity(request, asRecord(value))
  const { finalizers } = asRecord(asRecord(value)['spec'])
  const { object, warnings } = await writeObject(deps, { ...request, subresource: undefined }, options, {
    wanted: stored => ({ value: { ...stored, spec: { ...asRecord(stored['spec']), finalizers } }, duplicates }),
  })
  return present(request, 200, object, warnings)
}

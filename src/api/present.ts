/** Objects as the client asked to see them. */
import type { AnyResource } from '../resources/kinds.js'
import type { Problem } from '../resources/problem.js'
import type { ObjectAnswer } from './answer.js'
import type { ResourceRequest } from './request.js'

/** One object, as the answer to a get or a write. */
export function present(
  _request: ResourceRequest,
  code: number,
  object: AnyResource,
  warnings: readonly Problem[] = [],
): ObjectAnswer {
  return { code, body: object, warnings }
}

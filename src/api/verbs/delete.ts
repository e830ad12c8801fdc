import type { ObjectAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import type { ObjectRequest } from '../request.js'
import { ApiError, success } from '../status.js'
import { existing } from './get.js'

export async function deleteObject(deps: ApiDeps, request: ObjectRequest): Promise<ObjectAnswer> {
  const { info, namespace, name, query } = request
  await existing(deps, request)
  await deps.cluster.delete(info.id, { namespace, name }, graceOf(query))
  return { code: 200, body: success(`${info.kind} "${name}" deleted`) }
}

function graceOf(query: URLSearchParams): { readonly graceSeconds?: number } {
  const text = query.get('gracePeriodSeconds')
  if (text === null) return {}
  if (!/^\d{1,9}$/.test(text)) {
    throw new ApiError(
      400,
      'BadRequest',
      `gracePeriodSeconds is "${text}"; it must be a whole number of seconds from 0`,
    )
  }
  return { graceSeconds: Number(text) }
}

/** Deliveries as the client asked to see them: no store keeps them, and kubectl prints tables of them all the same. */
import type { KindEntry } from '../resources/kind-table.js'
import type { Resource } from '../resources/meta.js'
import { asRecord } from '../resources/shape.js'
import { formOf } from './form.js'
import { UNSTORED_KINDS } from './openapi/documented-kinds.js'
import type { OwnAnswer } from './own-resources.js'
import { type ListMetadata, shownList, shownObject } from './present.js'
import type { ApiRequest } from './request.js'

/** @throws ApiError 406 */
export function presentOwn(
  { method, query, headers }: Pick<ApiRequest, 'method' | 'query' | 'headers'>,
  answer: OwnAnswer,
): OwnAnswer {
  if (typeof answer === 'function') return answer
  const body = asRecord(answer.body)
  const found = UNSTORED_KINDS.find(each => each.kind === body['kind'] || each.listKind === body['kind'])
  if (found === undefined || method !== 'GET') return answer
  const info: KindEntry = { ...found, id: `${found.kind}.${found.group}` }
  const form = formOf({ info, version: info.version, query, headers })
  if (form.as === 'Object') return answer
  const shown =
    body['kind'] === info.kind
      ? shownObject(form, body as unknown as Resource)
      : shownList(form, body['metadata'] as ListMetadata, body['items'] as readonly Resource[])
  return { ...answer, body: shown }
}

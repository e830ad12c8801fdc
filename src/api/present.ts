/** Objects as the client asked to see them. */
import { groupVersion } from '../resources/kind-table.js'
import type { AnyResource } from '../resources/kinds.js'
import type { Resource } from '../resources/meta.js'
import type { Problem } from '../resources/problem.js'
import type { ObjectAnswer } from './answer.js'
import { type Form, formOf } from './form.js'
import type { ResourceRequest } from './request.js'

/** One object, as the answer to a get or a write. @throws ApiError 406 */
export function present(
  request: ResourceRequest,
  code: number,
  object: AnyResource,
  warnings: readonly Problem[] = [],
): ObjectAnswer {
  return { code, body: shownObject(formOf(request), object), warnings }
}

export function shownObject(_form: Form, object: Resource): unknown {
  return object
}

/** What a list says of itself. */
export interface ListMetadata {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

export function shownList(form: Form, metadata: ListMetadata, items: readonly Resource[]): unknown {
  const { info, version } = form
  return { kind: info.listKind, apiVersion: groupVersion(info.group, version), metadata, items }
}

/** What follows a list at a version without saying anything about any object. */
export function shownBookmark(form: Form, resourceVersion: string, isEndOfInitialEvents: boolean): unknown {
  const { info, version } = form
  const annotations = isEndOfInitialEvents ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  return {
    kind: info.kind,
    apiVersion: groupVersion(info.group, version),
    metadata: { resourceVersion, creationTimestamp: null, ...annotations },
  }
}

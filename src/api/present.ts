/** Objects as the client asked to see them: in its version, whole, as metadata only, or as rows of a table. */
import { EVENTS_GROUP } from '../resources/events-v1.js'
import { inVersion } from '../resources/in-version.js'
import { groupVersion } from '../resources/kind-table.js'
import type { AnyResource } from '../resources/kinds.js'
import type { Resource } from '../resources/meta.js'
import type { Problem } from '../resources/problem.js'
import type { ObjectAnswer } from './answer.js'
import { type Form, formOf } from './form.js'
import type { ListRow } from './lists/read-list.js'
import type { ResourceRequest } from './request.js'
import { ApiError } from './status.js'
import { columnsOf, type Table, tableOf } from './tables/table.js'

/** One object, as the answer to a get or a write. @throws ApiError 406 */
export function present(
  request: ResourceRequest,
  code: number,
  object: AnyResource,
  warnings: readonly Problem[] = [],
): ObjectAnswer {
  const form = formOf(request)
  if (form.as === 'PartialObjectMetadataList') throw notAcceptable(form.as, 'not a list')
  return { code, body: shownObject(form, object), warnings }
}

/** @param withHeaders whether a table says what its columns are */
export function shownObject(form: Form, object: Resource, withHeaders = true): unknown {
  switch (form.as) {
    case 'Object':
      return shownAs(form, object)
    case 'Table':
      return shownTable(form, { resourceVersion: object.metadata.resourceVersion }, [object], withHeaders)
    default:
      return partial(form, object)
  }
}

/** Whether an object goes out as the very text that is stored. */
export function isAsStored({ as, version, info }: Form): boolean {
  // A definition may have stored in another version before.
  return (
    as === 'Object' &&
    version === info.version &&
    info.group !== EVENTS_GROUP &&
    (info.definition?.spec.versions.length ?? 1) === 1
  )
}

/** What a list says of itself. */
export interface ListMetadata {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

/** A list as the text that is sent. @throws ApiError 406 */
export function listText(form: Form, metadata: ListMetadata, rows: readonly ListRow[]): string {
  if (!isAsStored(form))
    return JSON.stringify(
      shownList(
        form,
        metadata,
        rows.map(row => row.object),
      ),
    )
  const { items: _, ...envelope } = shownList(form, metadata, []) as { readonly items: unknown }
  return `${JSON.stringify(envelope).slice(0, -1)},"items":[${rows.map(row => row.json).join(',')}]}`
}

/** @throws ApiError 406 */
export function shownList(form: Form, metadata: ListMetadata, items: readonly Resource[]): unknown {
  const { info, version, metaVersion } = form
  switch (form.as) {
    case 'Object': {
      const apiVersion = groupVersion(info.group, version)
      return { kind: info.listKind, apiVersion, metadata, items: items.map(item => shownAs(form, item)) }
    }
    case 'Table':
      return shownTable(form, metadata, items, true)
    case 'PartialObjectMetadataList':
      return {
        kind: form.as,
        apiVersion: `meta.k8s.io/${metaVersion}`,
        metadata,
        items: items.map(item => partial(form, item)),
      }
    default:
      throw notAcceptable(form.as, 'a list')
  }
}

/** What stands in a watch for "up to here", and says nothing about any object. */
export function shownBookmark(form: Form, resourceVersion: string, isEndOfInitialEvents: boolean): unknown {
  const annotations = isEndOfInitialEvents ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  const { info, version } = form
  return shownObject(
    form,
    {
      kind: info.kind,
      apiVersion: groupVersion(info.group, version),
      metadata: { resourceVersion, creationTimestamp: null, ...annotations },
    } as unknown as Resource,
    false,
  )
}

function shownTable(form: Form, metadata: ListMetadata, items: readonly Resource[], withHeaders: boolean): Table {
  const { info, version, includeObject, metaVersion } = form
  const behind = {
    None: () => undefined,
    Metadata: (object: Resource) => partial(form, object),
    Object: (object: Resource) => shownAs(form, object),
  }[includeObject]
  // The columns of Events read the fields by the names that are stored.
  const shown = info.group === EVENTS_GROUP ? items : items.map(item => inVersion(info, version, item))
  return tableOf(columnsOf(info, version), shown, { metaVersion, metadata, withHeaders, behind, now: Date.now() })
}

function shownAs({ info, version }: Form, object: Resource): unknown {
  return withoutEmptyNamespace(inVersion(info, version, object))
}

/** Cluster-scoped objects have the namespace '' only in this program. */
function withoutEmptyNamespace(object: Resource): object {
  const { namespace, ...metadata } = object.metadata
  return namespace === '' ? { ...object, metadata } : object
}

function partial({ metaVersion }: Form, object: Resource): object {
  const kind = { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}` }
  return withoutEmptyNamespace({ ...kind, metadata: object.metadata })
}

/** Objects are there in other forms, though not in this one. */
export function notAcceptable(as: string, what: string): ApiError {
  return new ApiError(406, 'NotAcceptable', `you requested ${as}, but the requested object is ${what}`)
}

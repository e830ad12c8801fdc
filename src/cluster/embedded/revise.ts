/** From the stored object and what a caller hands in to the next state of the object. Pure. */

import { sameJson } from '../../lib/same-json.js'
import { toTimestamp } from '../../lib/time.js'
import type { AnyKind, KindInfo } from '../../resources/kinds.js'
import type { NewMeta, ObjectMeta } from '../../resources/meta.js'
import type { Candidate } from './admission.js'
import type { Stored } from './keys.js'
import { frozenCopy } from './values.js'

/** The parts of metadata that an author sets; everything else is the store's. Empty maps and lists are left out. */
function authored(metadata: NewMeta) {
  const { labels, annotations, ownerReferences, finalizers, managedFields } = metadata
  return {
    ...(isEmpty(labels) ? {} : { labels }),
    ...(isEmpty(annotations) ? {} : { annotations }),
    ...(isEmpty(ownerReferences) ? {} : { ownerReferences }),
    ...(isEmpty(finalizers) ? {} : { finalizers }),
    ...(isEmpty(managedFields) ? {} : { managedFields }),
  }
}

function isEmpty(value: object | null | undefined): boolean {
  return value === undefined || value === null || Object.keys(value).length === 0
}

/** A Secret's `stringData`, folded into `data` as the API server does. */
export function withFoldedStringData<T extends Candidate>(kind: AnyKind, object: T): T {
  if (kind !== 'Secret' || typeof object['stringData'] !== 'object' || object['stringData'] === null) return object
  const { stringData, ...rest } = object
  const folded = Object.entries(stringData as Record<string, unknown>).map(([key, text]) => [
    key,
    // Left as it is when it is no text, for admission to refuse.
    typeof text === 'string' ? Buffer.from(text).toString('base64') : text,
  ])
  const data = Object.fromEntries([...Object.entries((object['data'] ?? {}) as object), ...folded])
  return { ...rest, data } as unknown as T
}

export function created(
  object: Candidate,
  given: { readonly name: string; readonly uid: string; readonly now: number },
): Stored {
  const { apiVersion, kind, metadata, status: _status, ...content } = object
  const { generateName } = metadata
  const stored: ObjectMeta = {
    name: given.name,
    ...(generateName ? { generateName } : {}),
    namespace: metadata.namespace,
    uid: given.uid,
    resourceVersion: '',
    generation: 1,
    creationTimestamp: toTimestamp(given.now),
    ...authored(metadata),
  }
  return frozenCopy({ apiVersion, kind, metadata: stored, ...content })
}

/** Everything the caller may change, with the store's own fields kept; `stored` itself when nothing changes. */
export function replaced({ status: hasStatus }: KindInfo, stored: Stored, object: Candidate): Stored {
  const { apiVersion, metadata: current, kind: _kind, status: currentStatus, ...currentContent } = stored
  const { apiVersion: _version, kind: _same, metadata, status, ...content } = object
  // For kinds without the subresource, status is a field like any other.
  const keptStatus = hasStatus ? currentStatus : status
  const { labels: _l, annotations: _a, ownerReferences: _o, finalizers: _f, managedFields: _m, ...kept } = current
  const revised = {
    apiVersion,
    kind: stored.kind,
    metadata: { ...kept, ...authored(metadata) },
    ...content,
    ...(keptStatus === undefined ? {} : { status: keptStatus }),
  }
  const next = frozenCopy(revised, stored) as Stored
  if (sameJson(next, stored)) return stored
  const { apiVersion: _v, kind: _k, metadata: _metadata, status: _s, ...nextContent } = next
  if (sameJson(nextContent, currentContent)) return next
  return { ...next, metadata: { ...next.metadata, generation: (current.generation ?? 1) + 1 } }
}

/** `stored` itself when the status is the same. */
export function withStatus(stored: Stored, status: unknown): Stored {
  if (sameJson(stored['status'], status)) return stored
  const { status: _status, ...rest } = stored
  const copy = frozenCopy(status, stored['status'])
  return { ...rest, ...(copy === undefined ? {} : { status: copy }) } as Stored
}

/** Who set which fields: undefined leaves it as it is, nobody at all clears it. */
export function withManagers(stored: Stored, managedFields: ObjectMeta['managedFields']): Stored {
  const { managedFields: before = [], ...metadata } = stored.metadata
  if (managedFields === undefined || sameJson(before, managedFields)) return stored
  const copy = frozenCopy(managedFields, before)
  return { ...stored, metadata: { ...metadata, ...(copy.length > 0 && { managedFields: copy }) } }
}

export function withVersion(object: Stored, resourceVersion: string): Stored {
  return Object.freeze({ ...object, metadata: Object.freeze({ ...object.metadata, resourceVersion }) })
}

/** A change that is refused because of what is stored, or undefined. */
export function forbiddenChange(kind: AnyKind, stored: Stored, next: Stored): string | undefined {
  if (stored.metadata.deletionTimestamp !== undefined) {
    const before = new Set(stored.metadata.finalizers ?? [])
    const added = (next.metadata.finalizers ?? []).filter(finalizer => !before.has(finalizer))
    if (added.length > 0) {
      const found = `[]string{${added.map(finalizer => JSON.stringify(finalizer)).join(', ')}}`
      return `metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${found}`
    }
  }
  if ((kind === 'ConfigMap' || kind === 'Secret') && stored['immutable'] === true) {
    for (const field of ['data', 'binaryData', 'immutable']) {
      if (!sameJson(stored[field], next[field])) return `${field}: Forbidden: field is immutable when immutable is set`
    }
  }
  return undefined
}

/** How objects are addressed in the store's tables. */
import { isKind, KINDS, type Kind } from '../../resources/kinds.js'
import type { Key, OwnerReference, Resource } from '../../resources/meta.js'
import type { TableKey } from '../../storage/lmdb.js'

/** Any object, as the store looks at it. Deeply frozen. */
export interface Stored extends Resource {
  readonly [field: string]: unknown
}

/** Sorts by kind, then namespace, then name: what `list` promises. */
export function objectKey(kind: Kind, { namespace, name }: Key): TableKey {
  return [kind, namespace, name]
}

export function addressOf(object: Stored): { readonly kind: Kind; readonly key: Key } {
  const { namespace, name } = object.metadata
  return { kind: object.kind as Kind, key: { namespace, name } }
}

/** Row of the index "what does this owner own". */
export function ownedKey(ownerUid: string, child: Stored): TableKey {
  const { kind, key } = addressOf(child)
  return [ownerUid, kind, key.namespace, key.name]
}

export function addressInOwnedKey(row: TableKey): { readonly kind: Kind; readonly key: Key } {
  const [, kind, namespace, name] = row as readonly string[]
  return { kind: kind as Kind, key: { namespace: namespace!, name: name! } }
}

/** Where an owner must be. Undefined for kinds that this store does not keep: it cannot know whether they exist. */
export function addressOfOwner(
  reference: OwnerReference,
  childNamespace: string,
): { readonly kind: Kind; readonly key: Key } | undefined {
  const { kind, name, apiVersion } = reference
  if (!isKind(kind)) return undefined
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  if (KINDS[kind].group !== group) return undefined
  return { kind, key: { namespace: KINDS[kind].namespaced ? childNamespace : '', name } }
}

/** `pipelineruns.tekton.dev "build-7"`: how the API server names an object in its messages. */
export function objectText(kind: Kind, name: string): string {
  const { group, plural } = KINDS[kind]
  return `${group === '' ? plural : `${plural}.${group}`} ${JSON.stringify(name)}`
}

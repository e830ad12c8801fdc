/** How objects are addressed in the store's tables. */
import { groupResource, type KindTable, kindIdOf } from '../../resources/kind-table.js'
import type { AnyKind, KindInfo } from '../../resources/kinds.js'
import type { Key, OwnerReference, Resource } from '../../resources/meta.js'
import type { TableKey } from '../../storage/lmdb.js'

/** Any object, as the store looks at it. Deeply frozen. */
export interface Stored extends Resource {
  readonly [field: string]: unknown
}

/** Where an object is. */
export interface Address {
  readonly kind: AnyKind
  readonly key: Key
}

/** Sorts by kind, then namespace, then name: what `list` promises. */
export function objectKey(kind: AnyKind, { namespace, name }: Key): TableKey {
  return [kind, namespace, name]
}

export function addressOf(object: Stored): Address {
  const { namespace, name } = object.metadata
  return { kind: kindIdOf(object), key: { namespace, name } }
}

/** Row of the index "what does this owner own". */
export function ownedKey(ownerUid: string, child: Stored): TableKey {
  const { kind, key } = addressOf(child)
  return [ownerUid, kind, key.namespace, key.name]
}

export function addressInOwnedKey(row: TableKey): Address {
  const [, kind, namespace, name] = row as readonly string[]
  return { kind: kind as AnyKind, key: { namespace: namespace!, name: name! } }
}

/** Where an owner must be. Undefined for kinds that this store does not keep: it cannot know whether they exist. */
export function addressOfOwner(
  kinds: KindTable,
  reference: OwnerReference,
  childNamespace: string,
): Address | undefined {
  const info = kinds.of(kindIdOf(reference))
  return info && { kind: info.id, key: { namespace: info.namespaced ? childNamespace : '', name: reference.name } }
}

/** `pipelineruns.tekton.dev "build-7"`: how the API server names an object in its messages. */
export function objectText(info: KindInfo, name: string): string {
  return `${groupResource(info)} ${JSON.stringify(name)}`
}

/** As the table of objects is sorted. */
export function compareKeys(a: Key, b: Key): number {
  const [left, right] = a.namespace === b.namespace ? [a.name, b.name] : [a.namespace, b.namespace]
  return left < right ? -1 : left > right ? 1 : 0
}

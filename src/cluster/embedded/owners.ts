/** Who owns whom, and what must still be collected because its owner or its namespace went. */
import type { KindTable } from '../../resources/kind-table.js'
import type { AnyKind } from '../../resources/kinds.js'
import type { Key, OwnerReference } from '../../resources/meta.js'
import type { Database, TableKey } from '../../storage/lmdb.js'
import { addressInOwnedKey, addressOfOwner, ownedKey, type Stored } from './keys.js'
import type { Objects } from './objects.js'

/** Work that is stored in the transaction that caused it, so that a crash in between loses nothing. */
export type Sweep =
  | { readonly of: 'owner'; readonly uid: string; readonly ticket: number }
  | { readonly of: 'namespace'; readonly name: string; readonly ticket: number }

/** Writes are for use inside a transaction. */
export interface Owners {
  /** Keeps the index in step with a write, and notes what has to be collected because of it. */
  noteWrite(before: Stored | undefined, after: Stored | undefined): void
  /** References to owners that are gone. Those to kinds that this store does not keep are taken to be there. */
  goneOwners(object: Stored): readonly OwnerReference[]
  /** Up to `limit` objects that name the owner, after a row of an earlier call. */
  ownedBy(uid: string, limit: number, after?: TableKey): readonly Owned[]
  demandNamespaceSweep(name: string): void
  sweeps(limit: number): readonly Sweep[]
  /** Takes a sweep off the list, unless it was demanded again since it was read. */
  finish(sweep: Sweep): void
  /** A namespace that is being deleted takes in nothing new. */
  isTerminating(namespace: string): boolean
}

export interface Owned {
  readonly row: TableKey
  readonly kind: AnyKind
  readonly key: Key
}

export function openOwners(database: Database, objects: Objects, kinds: () => KindTable): Owners {
  const owned = database.textTable('owned')
  const pending = database.table<number>('sweeps')

  function demand(key: TableKey): void {
    pending.put(key, (pending.get(key) ?? 0) + 1)
  }

  function isGone(reference: OwnerReference, childNamespace: string): boolean {
    const at = addressOfOwner(kinds(), reference, childNamespace)
    return at !== undefined && objects.get(at.kind, at.key)?.metadata.uid !== reference.uid
  }

  function isTerminating(namespace: string): boolean {
    if (namespace === '') return false
    return objects.get('Namespace', { namespace: '', name: namespace })?.metadata.deletionTimestamp !== undefined
  }

  return {
    noteWrite(before, after) {
      const old = before?.metadata.ownerReferences ?? []
      const now = after?.metadata.ownerReferences ?? []
      if (old !== now) {
        const [oldUids, nowUids] = [new Set(old.map(one => one.uid)), new Set(now.map(one => one.uid))]
        for (const uid of oldUids) if (!nowUids.has(uid)) owned.remove(ownedKey(uid, before!))
        for (const reference of now) {
          if (oldUids.has(reference.uid)) continue
          owned.put(ownedKey(reference.uid, after!), '1')
          if (isGone(reference, after!.metadata.namespace)) demand(['owner', reference.uid])
        }
      }
      if (before !== undefined && after === undefined) {
        const { uid, namespace } = before.metadata
        if (owned.range({ prefix: [uid], limit: 1 }).length > 0) demand(['owner', uid])
        if (isTerminating(namespace)) demand(['namespace', namespace])
      }
    },
    goneOwners: object =>
      (object.metadata.ownerReferences ?? []).filter(reference => isGone(reference, object.metadata.namespace)),
    ownedBy: (uid, limit, after) =>
      owned
        .range({ prefix: [uid], limit, ...(after === undefined ? {} : { after }) })
        .map(({ key }) => ({ row: key, ...addressInOwnedKey(key) })),
    demandNamespaceSweep: name => demand(['namespace', name]),
    sweeps: limit =>
      pending.range({ limit }).map(({ key, value }) => {
        const [of, name] = key as readonly string[]
        return of === 'owner'
          ? { of, uid: name!, ticket: value }
          : { of: 'namespace' as const, name: name!, ticket: value }
      }),
    finish(sweep) {
      const key = [sweep.of, sweep.of === 'owner' ? sweep.uid : sweep.name]
      if (pending.get(key) === sweep.ticket) pending.remove(key)
    },
    isTerminating,
  }
}

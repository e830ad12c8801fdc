/** Who owns whom, and what must still be collected because something that it belongs to went, or waits for it. */

import type { KindTable } from '../../resources/kind-table.js'
import type { AnyKind } from '../../resources/kinds.js'
import { isKind } from '../../resources/kinds.js'
import type { OwnerReference } from '../../resources/meta.js'
import type { Database, TableKey } from '../../storage/lmdb.js'
import { CLEAN_UP, FOREGROUND, isHeldBy, ORPHAN } from './deletion.js'
import { type Address, addressInOwnedKey, addressOf, addressOfOwner, ownedKey, type Stored } from './keys.js'
import type { Objects } from './objects.js'

/** Work that is stored in the transaction that caused it, so that a crash in between loses nothing. */
export type Sweep = { readonly ticket: number } & (
  | { readonly of: 'owner'; readonly uid: string }
  /** The owner is marked, and waits until its dependents are gone, or forgot it. */
  | { readonly of: 'dependents'; readonly uid: string; readonly owner: Address }
  | { readonly of: 'namespace'; readonly name: string }
  /** The objects of a CustomResourceDefinition that is being deleted. */
  | { readonly of: 'instances'; readonly definition: string }
)

/** What an owner reference says about the object that has it. */
export type Standing = 'there' | 'gone' | 'deletes its dependents' | 'orphans its dependents'

/** Writes are for use inside a transaction. */
export interface Owners {
  /** Keeps the index in step with a write, and notes what has to be collected because of it. */
  noteWrite(before: Stored | undefined, after: Stored | undefined): void
  /** Owners of kinds that this store does not keep are taken to be there. */
  standing(reference: OwnerReference, childNamespace: string): Standing
  /** Up to `limit` objects that name the owner, after a row of an earlier call. */
  ownedBy(uid: string, limit: number, after?: TableKey): readonly Owned[]
  hasDependents(object: Stored): boolean
  demandNamespaceSweep(name: string): void
  sweeps(limit: number): readonly Sweep[]
  /** Takes a sweep off the list, unless it was demanded again since it was read. */
  finish(sweep: Sweep): void
  /** What is being deleted takes in nothing new. */
  isTerminating(kind: 'Namespace' | 'CustomResourceDefinition', name: string): boolean
}

export interface Owned extends Address {
  readonly row: TableKey
}

export function openOwners(database: Database, objects: Objects, kinds: () => KindTable): Owners {
  const owned = database.textTable('owned')
  const pending = database.table<number>('sweeps')

  function demand(key: TableKey): void {
    pending.put(key, (pending.get(key) ?? 0) + 1)
  }

  function ownerOf(reference: OwnerReference, childNamespace: string): { standing: Standing; owner?: Stored } {
    const at = addressOfOwner(kinds(), reference, childNamespace)
    if (at === undefined) return { standing: 'there' }
    const owner = objects.get(at.kind, at.key)
    if (owner?.metadata.uid !== reference.uid) return { standing: 'gone' }
    if (isHeldBy(ORPHAN, owner)) return { standing: 'orphans its dependents', owner }
    return { standing: isHeldBy(FOREGROUND, owner) ? 'deletes its dependents' : 'there', owner }
  }

  function isTerminating(kind: 'Namespace' | 'CustomResourceDefinition', name: string): boolean {
    return name !== '' && objects.get(kind, { namespace: '', name })?.metadata.deletionTimestamp !== undefined
  }

  function demandDependentsSweep(owner: Stored): void {
    const { kind, key } = addressOf(owner)
    demand(['dependents', kind, key.namespace, key.name, owner.metadata.uid])
  }

  function noteReferences(before: Stored | undefined, after: Stored | undefined): void {
    const old = before?.metadata.ownerReferences ?? []
    const now = after?.metadata.ownerReferences ?? []
    if (old === now) return
    const [oldUids, nowUids] = [new Set(old.map(one => one.uid)), new Set(now.map(one => one.uid))]
    for (const uid of oldUids) if (!nowUids.has(uid)) owned.remove(ownedKey(uid, before!))
    const { namespace } = (after ?? before)!.metadata
    const uids = new Map([...old, ...now].map(reference => [reference.uid, reference]))
    for (const [uid, reference] of uids) {
      const isNew = nowUids.has(uid) && !oldUids.has(uid)
      if (isNew) owned.put(ownedKey(uid, after!), '1')
      const { standing, owner } = ownerOf(reference, namespace)
      if (standing === 'gone' && isNew) demand(['owner', uid])
      // What waited for this dependent has to look again.
      if (standing !== 'gone' && standing !== 'there') demandDependentsSweep(owner!)
    }
  }

  function noteRemoval({ metadata }: Stored, kind: AnyKind): void {
    const { uid, namespace } = metadata
    if (owned.range({ prefix: [uid], limit: 1 }).length > 0) demand(['owner', uid])
    if (isTerminating('Namespace', namespace)) demand(['namespace', namespace])
    const definition = isKind(kind) ? undefined : kinds().of(kind)?.definition?.metadata.name
    if (definition !== undefined && isTerminating('CustomResourceDefinition', definition)) {
      demand(['instances', definition])
    }
  }

  return {
    noteWrite(before, after) {
      noteReferences(before, after)
      if (after === undefined) {
        if (before !== undefined) noteRemoval(before, addressOf(before).kind)
        return
      }
      const isNewlyHeldBy = (finalizer: string) =>
        isHeldBy(finalizer, after) && !(before !== undefined && isHeldBy(finalizer, before))
      if (isNewlyHeldBy(FOREGROUND) || isNewlyHeldBy(ORPHAN)) demandDependentsSweep(after)
      if (isNewlyHeldBy(CLEAN_UP) && addressOf(after).kind === 'CustomResourceDefinition') {
        demand(['instances', after.metadata.name])
      }
    },
    standing: (reference, childNamespace) => ownerOf(reference, childNamespace).standing,
    ownedBy: (uid, limit, after) =>
      owned
        .range({ prefix: [uid], limit, ...(after === undefined ? {} : { after }) })
        .map(({ key }) => ({ row: key, ...addressInOwnedKey(key) })),
    hasDependents(object) {
      const self = ownedKey(object.metadata.uid, object).join()
      return owned.range({ prefix: [object.metadata.uid], limit: 2 }).some(({ key }) => key.join() !== self)
    },
    demandNamespaceSweep: name => demand(['namespace', name]),
    sweeps: limit => pending.range({ limit }).map(({ key, value }) => sweepAt(key as readonly string[], value)),
    finish(sweep) {
      const key = keyOfSweep(sweep)
      if (pending.get(key) === sweep.ticket) pending.remove(key)
    },
    isTerminating,
  }
}

function sweepAt([of, ...rest]: readonly string[], ticket: number): Sweep {
  const [first = '', namespace = '', name = '', uid = ''] = rest
  if (of === 'owner') return { of, ticket, uid: first }
  if (of === 'instances') return { of, ticket, definition: first }
  if (of === 'namespace') return { of, ticket, name: first }
  return { of: 'dependents', ticket, uid, owner: { kind: first as AnyKind, key: { namespace, name } } }
}

function keyOfSweep(sweep: Sweep): TableKey {
  if (sweep.of === 'owner') return [sweep.of, sweep.uid]
  if (sweep.of === 'instances') return [sweep.of, sweep.definition]
  if (sweep.of === 'namespace') return [sweep.of, sweep.name]
  const { kind, key } = sweep.owner
  return [sweep.of, kind, key.namespace, key.name, sweep.uid]
}

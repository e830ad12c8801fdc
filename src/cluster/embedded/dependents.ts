/** What becomes of an object when something happens to its owners. */
import type { OwnerReference } from '../../resources/meta.js'
import { FOREGROUND, isHeldBy, ORPHAN, withoutFinalizer } from './deletion.js'
import type { Address, Stored } from './keys.js'
import type { Objects } from './objects.js'
import type { Owned, Owners } from './owners.js'
import type { Removals } from './removals.js'
import type { Transaction } from './writes.js'

/** Rows of the index that are read at once. */
const PAGE = 256

export interface Dependents {
  /** Whether an owner of the object is gone, or waits for it. */
  hasWork(object: Stored): boolean
  /** Lets the object go, or lets it forget the owners that it lost. */
  collect(transaction: Transaction, at: Address): void
  /** Takes the finalizers off an owner that waits for nothing any more. */
  release(transaction: Transaction, owner: Address, uid: string): void
}

export interface DependentsDeps {
  readonly objects: Objects
  readonly owners: Owners
  readonly removals: Removals
}

export function openDependents({ objects, owners, removals }: DependentsDeps): Dependents {
  function referencesOf(object: Stored) {
    const { ownerReferences = [], namespace } = object.metadata
    const standings = ownerReferences.map(reference => owners.standing(reference, namespace))
    return {
      all: ownerReferences,
      kept: ownerReferences.filter((_, n) => standings[n] === 'there'),
      isOrphaned: standings.includes('orphans its dependents'),
      isAwaited: standings.includes('deletes its dependents'),
    }
  }

  function* dependentsOf(uid: string): Generator<Stored> {
    let page: readonly Owned[]
    let after: Owned | undefined
    do {
      page = owners.ownedBy(uid, PAGE, after?.row)
      for (const { kind, key } of page) {
        const object = objects.get(kind, key)
        if (object !== undefined && object.metadata.uid !== uid) yield object
      }
      after = page.at(-1)
    } while (page.length === PAGE)
  }

  function some(uid: string, matches: (dependent: Stored) => boolean): boolean {
    for (const dependent of dependentsOf(uid)) if (matches(dependent)) return true
    return false
  }

  return {
    hasWork(object) {
      const { all, kept, isOrphaned } = referencesOf(object)
      if (kept.length === all.length) return false
      return kept.length > 0 || isOrphaned || object.metadata.deletionTimestamp === undefined
    },

    collect(transaction, { kind, key }) {
      const object = objects.get(kind, key)
      if (object === undefined) return
      const { all, kept, isOrphaned, isAwaited } = referencesOf(object)
      if (kept.length === all.length) return
      if (kept.length > 0 || isOrphaned) transaction.put(withOwners(object, kept), object)
      else if (isAwaited && object.metadata.deletionTimestamp === undefined && owners.hasDependents(object)) {
        // In a circle each would wait for the next.
        const isInCircle = some(object.metadata.uid, dependent => isHeldBy(FOREGROUND, dependent))
        const next = isInCircle ? transaction.put(withOwners(object, all.map(unblocking)), object) : object
        removals.remove(transaction, next, { propagationPolicy: 'Foreground' })
      } else removals.remove(transaction, object)
    },

    release(transaction, { kind, key }, uid) {
      const owner = objects.get(kind, key)
      if (owner?.metadata.uid !== uid || owner.metadata.deletionTimestamp === undefined) return
      const isFinished = (finalizer: string) =>
        isHeldBy(finalizer, owner) &&
        (finalizer === ORPHAN ? !owners.hasDependents(owner) : !some(uid, dependent => blocks(dependent, uid)))
      const finished = [ORPHAN, FOREGROUND].filter(isFinished)
      if (finished.length > 0) removals.settle(transaction, finished.reduce(withoutFinalizer, owner), owner)
    },
  }
}

function blocks(dependent: Stored, uid: string): boolean {
  return (dependent.metadata.ownerReferences ?? []).some(one => one.uid === uid && one.blockOwnerDeletion === true)
}

function unblocking({ blockOwnerDeletion: _, ...reference }: OwnerReference): OwnerReference {
  return Object.freeze(reference)
}

function withOwners(object: Stored, references: readonly OwnerReference[]): Stored {
  const { ownerReferences: _, ...metadata } = object.metadata
  const some = references.length > 0
  return { ...object, metadata: { ...metadata, ...(some && { ownerReferences: Object.freeze(references) }) } }
}

/** Deletes inside a transaction: what callers ask for, and what goes because nothing holds it any more. */

import type { KindTable } from '../../resources/kind-table.js'
import type { AnyKind } from '../../resources/kinds.js'
import type { DeleteOptions } from '../cluster.js'
import { type Deletion, deletion, isReadyToGo } from './deletion.js'
import { addressOf, type Stored } from './keys.js'
import type { Objects } from './objects.js'
import type { Owners } from './owners.js'
import type { Transaction } from './writes.js'

export interface Removals {
  /** Deletes what is stored, as a caller would. Hands back the object: as it went, or as it is marked now. */
  remove(transaction: Transaction, stored: Stored, options?: RemovalOptions): Removed
  /** Stores the next state, and lets the object go when it was marked and nothing holds it any more. */
  settle(transaction: Transaction, next: Stored, stored: Stored): Stored
}

export type RemovalOptions = Pick<DeleteOptions, 'graceSeconds' | 'propagationPolicy'>

export interface Removed {
  readonly object: Stored
  /** False: only marked. */
  readonly isGone: boolean
}

export interface RemovalsDeps {
  readonly objects: Objects
  readonly owners: Owners
  readonly kinds: () => KindTable
  readonly now: () => number
}

export function createRemovals({ objects, owners, kinds, now }: RemovalsDeps): Removals {
  function outcome(kind: AnyKind, stored: Stored, { graceSeconds, propagationPolicy }: RemovalOptions): Deletion {
    return deletion(kind, stored, {
      now: now(),
      graceSeconds,
      propagationPolicy,
      hasDependents: owners.hasDependents(stored),
      hasInstances: kind === 'CustomResourceDefinition' && hasInstances(stored.metadata.name),
    })
  }

  function hasInstances(definition: string): boolean {
    return kinds().all.some(entry => entry.definition?.metadata.name === definition && !objects.isEmpty(entry.id))
  }

  return {
    remove(transaction, stored, options = {}) {
      const { kind, key } = addressOf(stored)
      const next = outcome(kind, stored, options)
      if (kind === 'Namespace') owners.demandNamespaceSweep(key.name)
      if (next.is === 'remove') return { object: transaction.remove(stored), isGone: true }
      return { object: next.is === 'mark' ? transaction.put(next.object, stored) : stored, isGone: false }
    },
    settle(transaction, next, stored) {
      const { kind, key } = addressOf(next)
      const written = transaction.put(next, stored)
      if (isReadyToGo(kind, written)) return transaction.remove(written)
      if (kind === 'Namespace' && written.metadata.deletionTimestamp !== undefined)
        owners.demandNamespaceSweep(key.name)
      return written
    },
  }
}

/** Definitions are stored with their status: whoever reads one that was written knows whether its kind is there. */
import { toTimestamp } from '../../lib/time.js'
import type { CustomResourceDefinition } from '../../resources/custom-resources.js'
import { settleDefinitions } from '../../resources/definition-status.js'
import { addressOf, type Stored } from './keys.js'
import type { Objects } from './objects.js'
import { frozenCopy } from './values.js'
import type { Transaction } from './writes.js'

const KIND = 'CustomResourceDefinition'

/** A transaction in which each write to a definition also brings the others up to date, whose names it may have taken or freed. */
export function settlingDefinitions(
  transaction: Transaction,
  objects: Pick<Objects, 'list'>,
  now: () => number,
): Transaction {
  function settled(definitions: readonly Stored[]): readonly Stored[] {
    const known = definitions as unknown as readonly CustomResourceDefinition[]
    const next = settleDefinitions(known, toTimestamp(now())) as unknown as readonly Stored[]
    return next.map((definition, index) => frozenCopy(definition, definitions[index]))
  }

  function others(stored: Stored): readonly Stored[] {
    return objects.list(KIND).filter(({ metadata }) => metadata.name !== stored.metadata.name)
  }

  return {
    put(object, previous) {
      if (addressOf(object).kind !== KIND) return transaction.put(object, previous)
      const before = [object, ...others(object)]
      const [own, ...rest] = settled(before)
      const stored = transaction.put(own!, previous)
      for (const [index, next] of rest.entries()) {
        const old = before[index + 1]!
        if (next !== old) transaction.put(next, old)
      }
      return stored
    },
    remove(stored) {
      const removed = transaction.remove(stored)
      if (addressOf(stored).kind !== KIND) return removed
      const before = others(stored)
      for (const [index, next] of settled(before).entries()) {
        if (next !== before[index]) transaction.put(next, before[index])
      }
      return removed
    },
  }
}

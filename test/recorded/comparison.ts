/** Compares what we left behind with a recording, and keeps account of the known differences. */
import type { Resource } from '../../src/resources/meta.js'
import { comparable } from './comparable.js'
import { type Difference, differences } from './difference.js'
import { isKnown, type KnownDifference } from './known-differences.js'

export interface Recording {
  readonly items: readonly Resource[]
}

export interface Comparison {
  unexpected(recorded: Recording, ours: Recording): readonly Difference[]
  /** Reasons of known differences that no comparison has met so far: they can leave the list. */
  unseen(): readonly string[]
}

export function createComparison(list: readonly KnownDifference[]): Comparison {
  const seen = new Set<KnownDifference>()
  return {
    unexpected(recorded, ours) {
      return differences(comparable(recorded.items), comparable(ours.items)).filter(difference => {
        const known = list.find(one => isKnown(difference, one))
        if (known) seen.add(known)
        return known === undefined
      })
    },
    unseen: () => list.filter(known => !seen.has(known)).map(known => known.because),
  }
}

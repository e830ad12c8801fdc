/** From texts to objects: what is read often is parsed once. */
import type { Stored } from './keys.js'
import type { StateText } from './rows.js'
import { deepFreeze } from './values.js'

/** Objects that are kept. */
const MAX_KEPT = 2_000

export interface Decoder {
  /** Deeply frozen. With `keep` the object is held for the next to ask. */
  decode(state: StateText, keep?: 'keep'): Stored
  remember(version: number, object: Stored): Stored
  forget(version: number): void
}

export function createDecoder(): Decoder {
  // By version, which names one state of one object for good: an entry can be superfluous, but never wrong.
  const kept = new Map<number, Stored>()

  function remember(version: number, object: Stored): Stored {
    // Used last, forgotten last: what a long run reads in every pass outlives what passes by.
    if (!kept.delete(version) && kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!)
    kept.set(version, object)
    return object
  }

  return {
    decode({ version, json }, keep) {
      const known = kept.get(version)
      if (known !== undefined) return keep ? remember(version, known) : known
      const object = decoded(json)
      return keep ? remember(version, object) : object
    },
    remember,
    forget: version => void kept.delete(version),
  }
}

function decoded(json: string): Stored {
  const object = JSON.parse(json) as { metadata: { namespace?: string } }
  object.metadata.namespace ??= ''
  return deepFreeze(object) as Stored
}

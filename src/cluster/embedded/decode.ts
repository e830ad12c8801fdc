/** From texts to objects: what is read often is parsed once. */
import type { Stored } from './keys.js'
import type { StateText } from './rows.js'
import { deepFreeze } from './values.js'

/** Objects that are kept, and the length of the texts they were read from: parsed, they take several times that. */
const MAX_KEPT = 2_000
const MAX_KEPT_CHARS = 16 * 1024 * 1024

export interface Decoder {
  /** Deeply frozen. With `keep` the object is held for the next to ask. */
  decode(state: StateText, keep?: 'keep'): Stored
  remember(state: StateText, object: Stored): Stored
  forget(version: number): void
}

interface Kept {
  readonly object: Stored
  readonly chars: number
}

export function createDecoder(): Decoder {
  // By version, which names one state of one object for good: an entry can be superfluous, but never wrong.
  const kept = new Map<number, Kept>()
  let chars = 0

  function forget(version: number): void {
    chars -= kept.get(version)?.chars ?? 0
    kept.delete(version)
  }

  function remember({ version, json }: StateText, object: Stored): Stored {
    // Used last, forgotten last: what a long run reads in every pass outlives what passes by.
    forget(version)
    kept.set(version, { object, chars: json.length })
    chars += json.length
    while (kept.size > MAX_KEPT || chars > MAX_KEPT_CHARS) forget(kept.keys().next().value!)
    return object
  }

  return {
    decode(state, keep) {
      const object = kept.get(state.version)?.object ?? decoded(state.json)
      return keep ? remember(state, object) : object
    },
    remember,
    forget,
  }
}

function decoded(json: string): Stored {
  const object = JSON.parse(json) as { metadata: { namespace?: string } }
  object.metadata.namespace ??= ''
  return deepFreeze(object) as Stored
}

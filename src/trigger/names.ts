/** Names and ids that are derived from what caused them, so that a dispatch that is repeated makes nothing twice. */
import { createHash } from 'node:crypto'

/** Kubernetes' alphabet for generated names: no vowels (no words), nothing that looks like another character. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX_LENGTH = 5
/** As the API server: `generateName` is cut so that name and suffix fit a label. */
const MAX_NAME = 63

/** What one object of one firing is derived from. */
export interface NameSeed {
  readonly deliveryId: string
  readonly replay: number
  /** `FiringTrigger.id`. */
  readonly trigger: string
  /** Position in `resourcetemplates`. */
  readonly index: number
}

/** `probe` counts up when the name is taken by an object that is not ours. */
export function derivedName(generateName: string, seed: NameSeed, probe: number): string {
  const { deliveryId, replay, trigger, index } = seed
  const bytes = hash('name', deliveryId, String(replay), trigger, String(index), String(probe))
  // Below 243 = 9 · 27 each letter is as likely as the others.
  const letters = [...bytes].filter(byte => byte < 243).map(byte => ALPHABET[byte % ALPHABET.length] ?? '')
  return generateName.slice(0, MAX_NAME - SUFFIX_LENGTH) + letters.slice(0, SUFFIX_LENGTH).join('')
}

/** A UUID (version 8: made by our own rule) that stands for exactly these texts. */
export function derivedUuid(...texts: readonly string[]): string {
  const bytes = hash(...texts).subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** JSON keeps the texts apart: ('a', 'bc') is not ('ab', 'c'). */
function hash(...texts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(texts)).digest()
}

/** How a dispatch ended, as a text to store: of a thousand triggers most say nearly the same, so a long one is packed. */
import { promisify } from 'node:util'
import { deflateRaw, inflateRawSync } from 'node:zlib'
import type { DeliveryState } from './inbox.js'

/** Packing a short one gains nothing. */
const PACKED_FROM_CHARACTERS = 8_192
const PACKED = 'z'
const deflate = promisify(deflateRaw)

export async function packOutcome(state: DeliveryState): Promise<string> {
  const text = JSON.stringify(state)
  if (text.length < PACKED_FROM_CHARACTERS) return text
  // Beside this thread, which has requests to answer.
  const packed = await deflate(text, { level: 1 })
  return PACKED + packed.toString('base64')
}

export function unpackOutcome(text: string): DeliveryState {
  const json = text.startsWith(PACKED) ? inflateRawSync(Buffer.from(text.slice(1), 'base64')).toString() : text
  return JSON.parse(json) as DeliveryState
}

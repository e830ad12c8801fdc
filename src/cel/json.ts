/** What an expression makes, as JSON. */
import type { Meter } from './meter.js'
import { LimitExceeded } from './problem.js'
import { durationText, timestampText } from './time.js'
import { Duration, isList, kindOf, type MapKey, Timestamp, Uint, type Value } from './values.js'

export type JsonFromCel =
  | { readonly is: 'json'; readonly value: unknown }
  /** A CEL type that is no JSON: `null_type`, `uint`, `google.protobuf.Timestamp`, `type`, … */
  | { readonly is: 'none'; readonly type: string }

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)
/** As deep as a payload may be. What is deeper would end whoever writes it. */
const MAX_DEPTH = 1000

/**
 * As Triggers converts overlays: null, uint, times and types are none, though inside of lists and maps all but types are.
 * An object of the payload is given as it is; every other one is paid for, however often a list holds the same one.
 */
export function jsonFromCel(value: Value, meter: Meter): JsonFromCel {
  const kind = kindOf(value)
  if (['null_type', 'uint', 'google.protobuf.Timestamp', 'google.protobuf.Duration', 'type'].includes(kind)) {
    return { is: 'none', type: kind }
  }
  if (kind === 'map' && !(value instanceof Map)) return { is: 'json', value }
  return jsonInside(value, meter)
}

/** Whatever may be inside of a list. */
export function jsonInside(value: Value, meter: Meter): JsonFromCel {
  try {
    return { is: 'json', value: convert(value, meter, 0) }
  } catch (error) {
    if (error instanceof NoJson) return { is: 'none', type: error.message }
    throw error
  }
}

class NoJson extends Error {}

function convert(value: Value, meter: Meter, depth: number): unknown {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') {
    meter.chargeText(value.length)
    return value
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NoJson(String(value))
    return value
  }
  if (typeof value === 'bigint') return jsonInteger(value)
  if (value instanceof Uint) return jsonInteger(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Timestamp) return timestampText(value)
  if (value instanceof Duration) return durationText(value)
  if (depth > MAX_DEPTH) throw new LimitExceeded(`exceeded max depth ${MAX_DEPTH}`)
  if (isList(value)) {
    meter.charge(value.length)
    return value.map(element => convert(element, meter, depth + 1))
  }
  if (value instanceof Map) {
    meter.charge(value.size)
    const entries = [...(value as ReadonlyMap<MapKey, Value>)]
    return Object.fromEntries(entries.map(([key, inner]) => [String(key), convert(inner, meter, depth + 1)]))
  }
  if (kindOf(value) === 'map') {
    weigh(value, meter, depth)
    return value
  }
  throw new NoJson(kindOf(value))
}

/** What came as JSON is not copied. */
function weigh(value: unknown, meter: Meter, depth: number): void {
  if (typeof value === 'string') meter.chargeText(value.length)
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) throw new LimitExceeded(`exceeded max depth ${MAX_DEPTH}`)
  const inner = Object.values(value)
  meter.charge(inner.length)
  for (const one of inner) weigh(one, meter, depth + 1)
}

/** What a double cannot hold is written as a text, as the JSON of protocol buffers has it. */
function jsonInteger(value: bigint): unknown {
  return value <= MAX_SAFE && value >= -MAX_SAFE ? Number(value) : String(value)
}

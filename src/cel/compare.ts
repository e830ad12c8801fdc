/** Equality and order of values, across the number types as CEL has them. */
import type { Meter } from './meter.js'
import { CelProblem, noSuchOverload } from './problem.js'
import {
  Duration,
  entryOf,
  isList,
  keysOf,
  kindOf,
  type List,
  type MapValue,
  sizeOf,
  Timestamp,
  type TypeName,
  Uint,
  type Value,
} from './values.js'

/** Values of different types are unequal; NaN equals nothing. */
export function equal(left: Value, right: Value, meter: Meter): boolean {
  if (typeof left === 'string' || typeof right === 'string') {
    if (typeof left === 'string' && typeof right === 'string') meter.chargeText(Math.min(left.length, right.length))
    return left === right
  }
  const [a, b] = [plainNumber(left), plainNumber(right)]
  // JavaScript compares a double with a bigint by what they are, as CEL does.
  // biome-ignore lint/suspicious/noDoubleEquals: see above
  if (a !== undefined || b !== undefined) return a !== undefined && b !== undefined && a == b
  if (left === right) return left === null || typeof left === 'boolean' || equalToItself(left, meter)
  return equalObjects(left, right, meter)
}

/** A list that holds NaN is not equal to itself. */
function equalToItself(value: Value, meter: Meter): boolean {
  return equalObjects(value, value, meter)
}

function equalObjects(left: Value, right: Value, meter: Meter): boolean {
  const kind = kindOf(left)
  if (kind !== kindOf(right)) return false
  switch (kind) {
    case 'list':
      return equalLists(left as List, right as List, meter)
    case 'map':
      return equalMaps(left as MapValue, right as MapValue, meter)
    case 'bytes':
      meter.chargeText((left as Uint8Array).length)
      return Buffer.compare(left as Uint8Array, right as Uint8Array) === 0
    case 'google.protobuf.Timestamp':
    case 'google.protobuf.Duration':
      return (left as Timestamp).nanoseconds === (right as Timestamp).nanoseconds
    case 'type':
      return (left as TypeName).name === (right as TypeName).name
    default:
      return false
  }
}

function equalLists(left: List, right: List, meter: Meter): boolean {
  if (left.length !== right.length) return false
  meter.charge(left.length)
  return left.every((value, index) => equal(value, right[index] as Value, meter))
}

function equalMaps(left: MapValue, right: MapValue, meter: Meter): boolean {
  const size = sizeOf(left)
  meter.charge(size)
  if (size !== sizeOf(right)) return false
  return keysOf(left).every(key => {
    const other = entryOf(right, key)
    return other !== undefined && equal(entryOf(left, key) as Value, other, meter)
  })
}

/**
 * Below 0 when `left` comes first, 0 when they are level.
 * @throws CelProblem for what has no order
 */
export function order(left: Value, right: Value, meter: Meter): number {
  const [a, b] = [plainNumber(left), plainNumber(right)]
  if (a !== undefined && b !== undefined) {
    if (Number.isNaN(a) || Number.isNaN(b)) throw new CelProblem('NaN values cannot be ordered')
    return a < b ? -1 : a > b ? 1 : 0
  }
  if (kindOf(left) !== kindOf(right)) throw noSuchOverload()
  if (typeof left === 'string') {
    meter.chargeText(Math.min(left.length, (right as string).length))
    return orderTexts(left, right as string)
  }
  if (typeof left === 'boolean') return Number(left) - Number(right)
  if (left instanceof Uint8Array) {
    meter.chargeText(left.length)
    return Buffer.compare(left, right as Uint8Array)
  }
  if (left instanceof Timestamp || left instanceof Duration) {
    const other = (right as Timestamp | Duration).nanoseconds
    return left.nanoseconds < other ? -1 : left.nanoseconds > other ? 1 : 0
  }
  throw noSuchOverload()
}

const SURROGATE = /[\uD800-\uDFFF]/

/** By code points, as Go's bytes are ordered. */
export function orderTexts(left: string, right: string): number {
  if (left === right) return 0
  if (!SURROGATE.test(left) && !SURROGATE.test(right)) return left < right ? -1 : 1
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

function plainNumber(value: Value): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  return value instanceof Uint ? value.value : undefined
}

export function isComparable(value: Value): boolean {
  return !isList(value) && !['map', 'null_type', 'type'].includes(kindOf(value))
}

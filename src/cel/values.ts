/**
 * The values of CEL as JavaScript holds them. JSON is used as it is parsed, so that an event costs nothing to look at:
 * its numbers are doubles and its objects are maps. Integers are bigints, maps that an expression writes are Maps.
 */

export type Value =
  | null
  | boolean
  | string
  /** A double. */
  | number
  /** An int. */
  | bigint
  | Uint
  | Uint8Array
  | Timestamp
  | Duration
  | TypeName
  | List
  | MapValue

export type List = readonly Value[]
/** The keys of an object are texts. Of a Map's keys, `1` and `1u` are the same. */
export type MapValue = ReadonlyMap<MapKey, Value> | JsonObject
export type MapKey = string | boolean | bigint
export interface JsonObject {
  readonly [key: string]: Value
}

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

const NANOSECONDS = 1_000_000_000n

/** Nanoseconds since 1970, between the years 1 and 9999. */
export class Timestamp {
  readonly nanoseconds: bigint
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }
  /** Whole milliseconds, as `Date` counts them. */
  get milliseconds(): number {
    return Number(floorDivide(this.nanoseconds, 1_000_000n))
  }
  get seconds(): bigint {
    return floorDivide(this.nanoseconds, NANOSECONDS)
  }
}

export class Duration {
  readonly nanoseconds: bigint
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }
}

/** The value of `type(x)` and of the word `int`. */
export class TypeName {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export type Kind =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null_type'
  | 'google.protobuf.Timestamp'
  | 'google.protobuf.Duration'
  | 'type'
  | 'list'
  | 'map'

/** As `type(x)` is written. */
export function kindOf(value: Value): Kind {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      return 'double'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    default:
      return kindOfObject(value)
  }
}

function kindOfObject(value: Exclude<Value, string | number | boolean | bigint>): Kind {
  if (value === null) return 'null_type'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Uint) return 'uint'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp'
  if (value instanceof Duration) return 'google.protobuf.Duration'
  return value instanceof TypeName ? 'type' : 'map'
}

export function isMap(value: Value): value is MapValue {
  return kindOf(value) === 'map'
}

export function isList(value: Value): value is List {
  return Array.isArray(value)
}

/** Undefined when there is none: members of an object's prototype (`constructor`) are no entries. */
export function entryOf(map: MapValue, key: Value): Value | undefined {
  const plain = mapKey(key)
  if (plain === undefined) return undefined
  if (map instanceof Map) return map.get(plain)
  const object = map as JsonObject
  return typeof plain === 'string' && Object.hasOwn(object, plain) ? object[plain] : undefined
}

export function keysOf(map: MapValue): MapKey[] {
  return map instanceof Map ? [...map.keys()] : Object.keys(map)
}

export function sizeOf(map: MapValue): number {
  return map instanceof Map ? map.size : Object.keys(map).length
}

/** Undefined for what cannot be a key. A double is looked up as the integer that it equals. */
export function mapKey(value: Value): MapKey | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value
  if (value instanceof Uint) return value.value
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined
}

export function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend % divisor < 0n ? quotient - 1n : quotient
}

/** What is known of a value before there is one. `dyn` may be anything; `A` and `B` are one type for the whole of a call. */

export type Scalar =
  | 'dyn'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'timestamp'
  | 'duration'
  | 'A'
  | 'B'
export type Type = Scalar | ListType | MapType | ObjectType | { readonly type: Type }
export interface ListType {
  readonly list: Type
}
export interface MapType {
  readonly key: Type
  readonly value: Type
}

/** What has these fields and no others, each of its own type. At run time it is a map. */
export interface ObjectType {
  readonly fields: Readonly<Record<string, Type>>
}

export const LIST = { list: 'dyn' } as const
export const MAP = { key: 'string', value: 'dyn' } as const

export type Bindings = Map<'A' | 'B', Type>

/** Whether a value of type `given` may stand where `wanted` is; notes in `bindings` what `A` and `B` are by that. */
export function fits(wanted: Type, given: Type, bindings: Bindings = new Map()): boolean {
  if (wanted === 'A' || wanted === 'B') return fitsVariable(wanted, given, bindings)
  if (wanted === 'dyn' || given === 'dyn') return true
  if (typeof wanted === 'string' || typeof given === 'string') {
    return wanted === given || (given === 'null' && (wanted === 'timestamp' || wanted === 'duration'))
  }
  if ('list' in wanted) return 'list' in given && fits(wanted.list, given.list, bindings)
  if ('type' in wanted) return 'type' in given
  if ('fields' in wanted) return 'fields' in given
  return 'key' in given && fits(wanted.key, given.key, bindings) && fits(wanted.value, given.value, bindings)
}

function fitsVariable(name: 'A' | 'B', given: Type, bindings: Bindings): boolean {
  const bound = bindings.get(name)
  if (bound === undefined || bound === 'dyn') {
    if (bound === undefined || given !== 'dyn') bindings.set(name, given)
    return true
  }
  return fits(bound, given) || fits(given, bound)
}

export function substituted(type: Type, bindings: Bindings): Type {
  if (type === 'A' || type === 'B') return bindings.get(type) ?? 'dyn'
  if (typeof type === 'string') return type
  if ('list' in type) return { list: substituted(type.list, bindings) }
  if ('type' in type) return { type: substituted(type.type, bindings) }
  if ('fields' in type) return type
  return { key: substituted(type.key, bindings), value: substituted(type.value, bindings) }
}

/** The one type of several: `dyn` when they differ. */
export function joined(types: readonly Type[]): Type {
  const [first = 'dyn', ...others] = types
  return others.every(other => typeText(other) === typeText(first)) ? first : 'dyn'
}

/** As cel-go writes it: `list(string)`, `map(string, dyn)`. */
export function typeText(type: Type): string {
  if (typeof type === 'string') return type
  if ('list' in type) return `list(${typeText(type.list)})`
  if ('type' in type) return `type(${typeText(type.type)})`
  if ('fields' in type) return 'object'
  return `map(${typeText(type.key)}, ${typeText(type.value)})`
}

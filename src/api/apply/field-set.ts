/**
 * Sets of fields, as `metadata.managedFields` holds them (FieldsV1): a tree whose branches are `f:NAME` (a field),
 * `k:{…}` (an item of a list, by its keys) and `v:…` (a value in a list of values). Values; pure.
 */
import { isRecord, type Json } from '../../resources/shape.js'

export interface FieldSet {
  /** The field itself is in the set. What is inside it need not be. */
  readonly member: boolean
  readonly inside: ReadonlyMap<string, FieldSet>
}

/** From the object down to a field, such as `f:spec`, `f:tasks`. */
export type FieldPath = readonly string[]

export const EMPTY: FieldSet = { member: false, inside: new Map() }
export const MEMBER: FieldSet = { member: true, inside: new Map() }

/** Hostile sets are no deeper than objects. */
const MAX_DEPTH = 120

export function fieldSet(member: boolean, inside: Iterable<readonly [string, FieldSet]>): FieldSet {
  return { member, inside: new Map([...inside].filter(([, set]) => !isEmpty(set))) }
}

export function isEmpty({ member, inside }: FieldSet): boolean {
  return !member && inside.size === 0
}

export function at(set: FieldSet, key: string): FieldSet {
  return set.inside.get(key) ?? EMPTY
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return a
  if (isEmpty(a)) return b
  const inside = new Map(a.inside)
  for (const [key, set] of b.inside) inside.set(key, union(at(a, key), set))
  return { member: a.member || b.member, inside }
}

/** What is in `a` and not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b) || isEmpty(a)) return a
  return fieldSet(
    a.member && !b.member,
    [...a.inside].map(([key, set]) => [key, difference(set, at(b, key))] as const),
  )
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return fieldSet(
    a.member && b.member,
    [...a.inside].map(([key, set]) => [key, intersection(set, at(b, key))] as const),
  )
}

export function has(set: FieldSet, path: FieldPath): boolean {
  return path.reduce(at, set).member
}

/** All fields in the set, parents first, by name. */
export function* pathsIn(set: FieldSet, above: FieldPath = []): Iterable<FieldPath> {
  if (set.member) yield above
  for (const key of [...set.inside.keys()].sort()) yield* pathsIn(at(set, key), [...above, key])
}

export function setOfPaths(paths: Iterable<FieldPath>): FieldSet {
  let set = EMPTY
  for (const path of paths) {
    set = union(
      set,
      path.reduceRight((inner, key) => fieldSet(false, [[key, inner]]), MEMBER),
    )
  }
  return set
}

/** As JSON has it: `{}` is the field itself, `.` says so of one with more inside. */
export function toFieldsV1({ member, inside }: FieldSet): Json {
  const entries = [...inside.keys()].sort().map(key => [key, childToFieldsV1(inside.get(key)!)] as const)
  return Object.fromEntries(member ? [['.', {}], ...entries] : entries)
}

function childToFieldsV1(set: FieldSet): Json {
  return set.inside.size === 0 ? {} : toFieldsV1(set)
}

/** Undefined when it is none. */
export function fromFieldsV1(value: unknown, depth = 0): FieldSet | undefined {
  if (!isRecord(value) || depth > MAX_DEPTH) return undefined
  const inside = new Map<string, FieldSet>()
  for (const [key, child] of Object.entries(value)) {
    if (key === '.') continue
    if (!/^[fkvi]:/.test(key)) return undefined
    const set = fromFieldsV1(child, depth + 1)
    if (set === undefined) return undefined
    inside.set(canonical(key), isRecord(child) && Object.keys(child).length === 0 ? MEMBER : set)
  }
  return { member: Object.hasOwn(value, '.'), inside }
}

/** Two texts for the same keys become one. */
function canonical(key: string): string {
  if (!key.startsWith('k:') && !key.startsWith('v:')) return key
  try {
    const value = JSON.parse(key.slice(2)) as unknown
    return key.startsWith('k:') && isRecord(value) ? itemKey(value) : valueKey(value)
  } catch {
    // Ours never look like this; it names no field of anything, and harms nobody.
    return key
  }
}

export function fieldKey(name: string): string {
  return `f:${name}`
}

export function itemKey(keys: Json): string {
  return `k:${JSON.stringify(Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))))}`
}

export function valueKey(value: unknown): string {
  return `v:${JSON.stringify(value)}`
}

/** As messages write it: `.spec.containers[name="a"].image`. */
export function pathText(path: FieldPath): string {
  return path.map(elementText).join('')
}

function elementText(key: string): string {
  const rest = key.slice(2)
  if (key.startsWith('f:')) return `.${rest}`
  if (key.startsWith('v:')) return `[=${rest}]`
  if (!key.startsWith('k:')) return `[${rest}]`
  try {
    const keys = Object.entries(JSON.parse(rest) as Json)
    return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
  } catch {
    return `[${rest}]`
  }
}

/** Which fields a value has, and in which two values differ. Pure. */
import { sameJson } from '../../lib/same-json.js'
import { isRecord } from '../../resources/shape.js'
import type { Schema } from '../openapi/schemas.js'
import { EMPTY, type FieldSet, fieldSet, MEMBER } from './field-set.js'
import { type Child, childrenOf, typeOf } from './field-type.js'

/** All fields that the value sets: what whoever applies it says is theirs. */
export function fieldsOf(schema: Schema | undefined, value: unknown): FieldSet {
  const type = typeOf(schema, value)
  if (type.is === 'leaf') return MEMBER
  const children = [...childrenOf(type, value).values()]
  return fieldSet(
    false,
    children.map(child => {
      const inside = fieldsOf(child.schema, child.value)
      // Null and {} are set by themselves, and so is whatever is there because somebody put it there.
      const own = isEmptyMap(child.value) || !child.isNamed
      return [child.key, own ? { ...inside, member: true } : inside] as const
    }),
  )
}

function isEmptyMap(value: unknown): boolean {
  return value === null || (isRecord(value) && Object.keys(value).length === 0)
}

export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

const NONE: Comparison = { added: EMPTY, modified: EMPTY, removed: EMPTY }
const MODIFIED: Comparison = { added: EMPTY, modified: MEMBER, removed: EMPTY }

export function compare(schema: Schema | undefined, before: unknown, after: unknown): Comparison {
  if (before === after) return NONE
  const [from, to] = [typeOf(schema, before), typeOf(schema, after)]
  const bothEmpty = isEmptyMap(before) && isEmptyMap(after)
  if (from.is !== to.is || from.is === 'leaf' || bothEmpty) {
    if (sameJson(before, after)) return NONE
    // What was inside is gone with it, what is inside now has come with it.
    return { added: within(schema, after), modified: MEMBER, removed: within(schema, before) }
  }
  const [old, now] = [childrenOf(from, before), childrenOf(to, after)]
  const keys = [...new Set([...old.keys(), ...now.keys()])]
  const compared = keys.map(key => [key, compareChild(old.get(key), now.get(key))] as const)
  const part = (which: keyof Comparison) =>
    fieldSet(
      false,
      compared.map(([key, each]) => [key, each[which]] as const),
    )
  return { added: part('added'), modified: part('modified'), removed: part('removed') }
}

function compareChild(before: Child | undefined, after: Child | undefined): Comparison {
  if (before === undefined) return after === undefined ? NONE : { ...NONE, added: whole(after) }
  if (after === undefined) return { ...NONE, removed: whole(before) }
  if (before.value === null || after.value === null) {
    return before.value === after.value ? NONE : MODIFIED
  }
  return compare(after.schema, before.value, after.value)
}

/** A child that came or went: itself, and all that is inside it. */
function whole({ schema, value }: Child): FieldSet {
  return { ...within(schema, value), member: true }
}

/** Everything inside a value, itself not. */
function within(schema: Schema | undefined, value: unknown): FieldSet {
  const type = typeOf(schema, value)
  if (type.is === 'leaf') return EMPTY
  return fieldSet(
    false,
    [...childrenOf(type, value).values()].map(child => [child.key, whole(child)] as const),
  )
}

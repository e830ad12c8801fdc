/** What is applied, put over what is there; and fields taken out of a value again. Pure. */
import type { Schema } from '../openapi/schemas.js'
import { at, type FieldSet, isEmpty } from './field-set.js'
import { type Child, childrenOf, rebuilt, typeOf } from './field-type.js'

/** Objects and lists with keys are merged, anything else is what is applied. */
export function mergedWith(schema: Schema | undefined, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live
  const [from, to] = [typeOf(schema, live), typeOf(schema, applied)]
  if (from.is !== to.is || to.is === 'leaf') return applied
  const [ours, theirs] = [childrenOf(from, live), childrenOf(to, applied)]
  const merge = (child: Child): Child => {
    const mine = ours.get(child.key)
    return mine === undefined ? child : { ...child, value: mergedWith(child.schema, mine.value, child.value) }
  }
  const order =
    to.is === 'list' ? orderOf([...ours.keys()], [...theirs.keys()]) : [...new Set([...ours.keys(), ...theirs.keys()])]
  return rebuilt(
    to,
    order.map(key => {
      const child = theirs.get(key)
      return child === undefined ? ours.get(key)! : merge(child)
    }),
  )
}

/** What both have comes in the applied order; what only the object has stays before what came behind it. */
function orderOf(live: readonly string[], applied: readonly string[]): readonly string[] {
  const [isLive, isApplied] = [new Set(live), new Set(applied)]
  const shared = applied.filter(key => isLive.has(key))
  const order: string[] = []
  let next = 0
  const keepUpTo = (end: string | undefined) => {
    for (; next < live.length && live[next] !== end; next++) if (!isApplied.has(live[next]!)) order.push(live[next]!)
  }
  let nextShared = 0
  for (const key of applied) {
    keepUpTo(shared[nextShared])
    order.push(key)
    if (key === shared[nextShared]) nextShared++
  }
  keepUpTo(undefined)
  return order
}

/** The value without the fields of the set; undefined when nothing is left of it. */
export function withoutFields(schema: Schema | undefined, value: unknown, fields: FieldSet): unknown {
  if (isEmpty(fields)) return value
  const type = typeOf(schema, value)
  if (type.is === 'leaf') return value
  const left = [...childrenOf(type, value).values()].flatMap(child => {
    const inside = at(fields, child.key)
    if (inside.member) return []
    const rest = withoutFields(child.schema, child.value, inside)
    return rest === undefined ? [] : [{ ...child, value: rest }]
  })
  return left.length === 0 ? undefined : rebuilt(type, left)
}

/** The set, with those fields that a schema names in it wherever something inside them is. */
export function withNamedFields(schema: Schema | undefined, value: unknown, set: FieldSet): FieldSet {
  const children = childrenOf(typeOf(schema, value), value)
  return {
    member: set.member,
    inside: new Map(
      [...set.inside].map(([key, inside]) => {
        const child = children.get(key)
        if (child === undefined) return [key, inside]
        const deep = withNamedFields(child.schema, child.value, inside)
        return [key, child.isNamed ? { ...deep, member: true } : deep]
      }),
    ),
  }
}

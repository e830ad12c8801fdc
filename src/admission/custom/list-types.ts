/** Lists that are sets or maps: nothing may be in them twice. Texts of Kubernetes. */
import type { Meter } from '../../cel/meter.js'
import { fieldDuplicate, fieldInvalid } from '../../resources/field-problems.js'
import { type JsonSchema, schemaOfKey } from '../../resources/json-schema.js'
import type { Problem } from '../../resources/problem.js'
import { isRecord } from '../../resources/shape.js'
import { mapKeyOf } from './correlate.js'

/** @throws LimitExceeded */
export function listProblems(
  schema: JsonSchema | undefined,
  value: unknown,
  path: string,
  meter: Meter,
): readonly Problem[] {
  if (schema === undefined) return []
  if (isRecord(value)) {
    return Object.entries(value).flatMap(([key, inner]) => {
      const inside = schemaOfKey(schema, key)
      return listProblems(inside, inner, path === '' ? key : `${path}.${key}`, meter)
    })
  }
  if (!Array.isArray(value)) return []
  const items: readonly unknown[] = value
  meter.charge(items.length / 10)
  const inside = items.flatMap((item, index) => listProblems(schema.items, item, `${path}[${index}]`, meter))
  return [...duplicates(schema, items, path), ...inside]
}

function duplicates(schema: JsonSchema, items: readonly unknown[], path: string): readonly Problem[] {
  const type = schema['x-kubernetes-list-type']
  if (type === 'set') {
    return repeated(items.map(textOf)).map(index => fieldDuplicate(`${path}[${index}]`, items[index]))
  }
  if (type !== 'map') return []
  const strange = items.findIndex(item => item !== null && !isRecord(item))
  if (strange >= 0) {
    const text = 'must be an object for an array of list-type map'
    return [fieldInvalid(`${path}[${strange}]`, items[strange], text)]
  }
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  return repeated(items.map(item => mapKeyOf(item, keys))).map(index => {
    const item = items[index]
    const own = keys.filter(key => isRecord(item) && Object.hasOwn(item, key))
    return fieldDuplicate(`${path}[${index}]`, Object.fromEntries(own.map(key => [key, isRecord(item) && item[key]])))
  })
}

/** Where something stands that stood before; of several copies only the first is told. */
function repeated(texts: readonly string[]): readonly number[] {
  const times = new Map<string, number>()
  return texts.flatMap((text, index) => {
    const seen = times.get(text) ?? 0
    times.set(text, seen + 1)
    return seen === 1 ? [index] : []
  })
}

/** The same for the same value, in whatever order its fields stand. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null'
  const fields = Object.keys(value).sort()
  return `{${fields.map(field => `${JSON.stringify(field)}:${textOf(value[field])}`).join(',')}}`
}

/** Fields that a schema does not have. Pure. */
import { isRecord, type Json } from '../resources/shape.js'
import { resolve, type Schema } from './openapi/schemas.js'

/** The value without them, and their paths. */
export function withoutUnknownFields(
  schema: Schema,
  value: Json,
): { readonly value: Json; readonly unknown: readonly string[] } {
  const unknown: string[] = []
  return { value: known(schema, value, '', unknown) as Json, unknown }
}

function known(given: Schema, value: unknown, path: string, unknown: string[]): unknown {
  const schema = resolve(given)
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? value : value.map((item, i) => known(items, item, `${path}[${i}]`, unknown))
  }
  const { properties, additionalProperties } = schema
  if (!isRecord(value) || schema['x-kubernetes-preserve-unknown-fields'] === true) return value
  const others = isRecord(additionalProperties) ? (additionalProperties as Schema) : undefined
  if (properties === undefined && others === undefined) return value
  const kept = Object.entries(value).flatMap(([key, item]) => {
    const inside = path === '' ? key : `${path}.${key}`
    const field = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : others
    if (field !== undefined) return [[key, known(field, item, inside, unknown)] as const]
    if (additionalProperties === true) return [[key, item] as const]
    unknown.push(inside)
    return []
  })
  return Object.fromEntries(kept)
}

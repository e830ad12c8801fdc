/** What a custom object gets before it is stored: the defaults of its schema. Pure; hands back a copy. */
import { type JsonSchema, schemaOfKey } from '../../resources/json-schema.js'
import { isRecord } from '../../resources/shape.js'

/**
 * Nulls that may not be there count as not given: they go, or the default takes their place. A default is filled in itself,
 * so that what is missing inside of it comes too.
 */
export function withDefaults(value: unknown, schema: JsonSchema | undefined): unknown {
  if (Array.isArray(value)) {
    const items = schema?.items
    return value.map(item => withDefaults(isUnwantedNull(item, items) ? (items?.default ?? null) : item, items))
  }
  if (!isRecord(value)) return value
  const filled = new Map<string, unknown>()
  for (const [key, inner] of Object.entries(value)) {
    const inside = schema && schemaOfKey(schema, key)
    const unwanted = isUnwantedNull(inner, inside)
    if (!unwanted) filled.set(key, withDefaults(inner, inside))
    else if (inside?.default !== undefined) filled.set(key, withDefaults(inside.default, inside))
  }
  for (const [key, property] of Object.entries(schema?.properties ?? {})) {
    if (property.default !== undefined && !filled.has(key)) filled.set(key, withDefaults(property.default, property))
  }
  return Object.fromEntries(filled)
}

function isUnwantedNull(value: unknown, schema: JsonSchema | undefined): boolean {
  return value === null && schema !== undefined && !schema.nullable
}

/** What a custom object gets before it is stored: the defaults of its schema. Pure; hands back a copy. */
import type { Meter } from '../../cel/meter.js'
import { type JsonSchema, schemaOfKey } from '../../resources/json-schema.js'
import { isRecord } from '../../resources/shape.js'

/** Units for a default that is filled in. */
const DEFAULT_COST = 20

/**
 * Nulls that may not be there count as not given: they go, or the default takes their place. A default is filled in itself,
 * so that what is missing inside of it comes too.
 * @throws LimitExceeded
 */
export function withDefaults(value: unknown, schema: JsonSchema | undefined, meter: Meter): unknown {
  if (Array.isArray(value)) {
    const items = schema?.items
    meter.charge(value.length / 10)
    return value.map(item => withDefaults(isUnwantedNull(item, items) ? (items?.default ?? null) : item, items, meter))
  }
  if (!isRecord(value)) return value
  const filled = new Map<string, unknown>()
  const fill = (key: string, inside: JsonSchema) => {
    meter.charge(DEFAULT_COST)
    filled.set(key, withDefaults(inside.default, inside, meter))
  }
  for (const [key, inner] of Object.entries(value)) {
    const inside = schema && schemaOfKey(schema, key)
    const unwanted = isUnwantedNull(inner, inside)
    if (!unwanted) filled.set(key, withDefaults(inner, inside, meter))
    else if (inside?.default !== undefined) fill(key, inside)
  }
  for (const [key, property] of Object.entries(schema?.properties ?? {})) {
    if (property.default !== undefined && !filled.has(key)) fill(key, property)
  }
  return Object.fromEntries(filled)
}

function isUnwantedNull(value: unknown, schema: JsonSchema | undefined): boolean {
  return value === null && schema !== undefined && !schema.nullable
}

/** What a custom object loses before it is stored: fields that its schema does not name. Pure; hands back a copy. */
import { additionalSchema, type JsonSchema, propertyOf } from '../../resources/json-schema.js'
import { isRecord } from '../../resources/shape.js'

/** Of every object, whatever its schema says; an embedded one's too. */
const OF_EVERY_OBJECT = ['apiVersion', 'kind', 'metadata']

export interface Pruned {
  readonly value: unknown
  /** As `spec.colour`, sorted. */
  readonly unknown: readonly string[]
}

/** As the root of an object: apiVersion, kind and metadata stay. */
export function pruned(schema: JsonSchema, value: unknown): Pruned {
  const unknown: string[] = []
  const root = { ...schema, 'x-kubernetes-embedded-resource': true }
  return { value: prune(value, root, '', unknown), unknown: unknown.sort() }
}

function prune(value: unknown, schema: JsonSchema | undefined, path: string, unknown: string[]): unknown {
  const keeps = schema?.['x-kubernetes-preserve-unknown-fields'] === true
  if (Array.isArray(value)) {
    const items = schema?.items
    // What stands in a list that is kept as it is has no schema of its own to be pruned by.
    if (keeps && items === undefined) return value
    return value.map((item, index) => prune(item, items, `${path}[${index}]`, unknown))
  }
  if (!isRecord(value)) return value
  const kept: [string, unknown][] = []
  for (const [key, inner] of Object.entries(value)) {
    const place = path === '' ? key : `${path}.${key}`
    const property = schema && propertyOf(schema, key)
    if (schema?.['x-kubernetes-embedded-resource'] && OF_EVERY_OBJECT.includes(key)) kept.push([key, inner])
    else if (property !== undefined) kept.push([key, prune(inner, property, place, unknown)])
    else if (schema?.additionalProperties !== undefined && schema.additionalProperties !== false) {
      const additional = additionalSchema(schema)
      // `additionalProperties: true` names the fields and says nothing of what is in them.
      kept.push([key, prune(inner, additional, place, unknown)])
    } else if (keeps) kept.push([key, inner])
    else unknown.push(place)
  }
  return Object.fromEntries(kept)
}

/**
 * What a part of an object was before an update. Kubernetes holds against an update only what it changes, and lets rules
 * compare a part with what it was, where it can be told which part that is: by names, and by the keys of lists that are maps.
 */
import { sameJson } from '../../lib/same-json.js'
import type { JsonSchema } from '../../resources/json-schema.js'
import { isRecord } from '../../resources/shape.js'

export type Correlated =
  | { readonly is: 'known'; readonly value: unknown }
  /** There was none, or nobody can tell which one. */
  | { readonly is: 'new' }

export const NEW: Correlated = { is: 'new' }

export function before(value: unknown): Correlated {
  return value === undefined ? NEW : { is: 'known', value }
}

export function memberOf(old: Correlated, key: string): Correlated {
  return old.is === 'known' && isRecord(old.value) && Object.hasOwn(old.value, key) ? before(old.value[key]) : NEW
}

/** Finds the item that an item was, in a list that is a map. */
export function itemOf(old: Correlated, schema: JsonSchema): (item: unknown) => Correlated {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const isMap = schema['x-kubernetes-list-type'] === 'map' && keys.length > 0
  if (old.is === 'new' || !isMap || !Array.isArray(old.value)) return () => NEW
  const items: readonly unknown[] = old.value
  const byKey = new Map(items.map(item => [mapKeyOf(item, keys), item]))
  return item => before(byKey.get(mapKeyOf(item, keys)))
}

/** The key of an item of a list that is a map, as a text. */
export function mapKeyOf(item: unknown, keys: readonly string[]): string {
  return JSON.stringify(keys.map(key => (isRecord(item) && Object.hasOwn(item, key) ? item[key] : undefined)))
}

/** Whether nothing was changed. */
export function unchanged(old: Correlated, value: unknown): boolean {
  return old.is === 'known' && sameJson(old.value, value)
}

/** How server-side apply takes a field apart: what its schema says, or, where there is none, what it looks like. */
import { isRecord, type Json } from '../../resources/shape.js'
import { resolve, type Schema } from '../openapi/schemas.js'
import { fieldKey, itemKey, valueKey } from './field-set.js'

export type FieldType =
  /** One piece: scalars, and what is atomic. */
  | { readonly is: 'leaf' }
  | {
      readonly is: 'map'
      readonly isNamed: (key: string) => boolean
      readonly field: (key: string) => Schema | undefined
    }
  /** Of items with keys, or of values. */
  | { readonly is: 'list'; readonly keyOf: (item: unknown, index: number) => string; readonly item: Schema | undefined }

const LEAF: FieldType = { is: 'leaf' }
const DEDUCED_MAP: FieldType = { is: 'map', isNamed: () => false, field: () => undefined }

/** Of this value under this schema; undefined is a value that nothing is known of: then objects are maps, lists one piece. */
export function typeOf(given: Schema | undefined, value: unknown): FieldType {
  const schema = given && resolve(given)
  if (isRecord(value)) {
    if (schema === undefined) return DEDUCED_MAP
    return schema['x-kubernetes-map-type'] === 'atomic' ? LEAF : mapOf(schema)
  }
  if (!Array.isArray(value)) return LEAF
  const listType = schema?.['x-kubernetes-list-type']
  if (listType === 'set') return { is: 'list', keyOf: valueKey, item: schema?.items }
  if (listType !== 'map') return LEAF
  const keys = schema?.['x-kubernetes-list-map-keys'] ?? []
  const item = schema?.items && resolve(schema.items)
  return { is: 'list', keyOf: (each, index) => keyOfItem(each, index, keys, item), item }
}

function mapOf({ properties = {}, additionalProperties }: Schema): FieldType {
  const others = isRecord(additionalProperties) ? (additionalProperties as Schema) : undefined
  return {
    is: 'map',
    isNamed: key => Object.hasOwn(properties, key),
    field: key => (Object.hasOwn(properties, key) ? properties[key] : others),
  }
}

function keyOfItem(item: unknown, index: number, names: readonly string[], schema: Schema | undefined): string {
  if (!isRecord(item)) return `i:${index}`
  const keys = names.flatMap(name => {
    const value = Object.hasOwn(item, name) ? item[name] : schema?.properties?.[name]?.default
    return value === undefined || value === null ? [] : [[name, value] as const]
  })
  return keys.length === 0 ? `i:${index}` : itemKey(Object.fromEntries(keys))
}

export interface Child {
  readonly key: string
  readonly value: unknown
  readonly schema: Schema | undefined
  /** A field that its schema names: then it is in a set only for what is inside it. */
  readonly isNamed: boolean
}

/** What is inside a value, in order; of items with the same key the last one counts. */
export function childrenOf(type: FieldType, value: unknown): ReadonlyMap<string, Child> {
  if (type.is === 'map' && isRecord(value)) {
    const { isNamed, field } = type
    return new Map(
      Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .map(([name, each]) => {
          const key = fieldKey(name)
          return [key, { key, value: each, schema: field(name), isNamed: isNamed(name) }]
        }),
    )
  }
  if (type.is !== 'list' || !Array.isArray(value)) return new Map()
  const { keyOf, item } = type
  return new Map(
    value.map((each: unknown, index) => {
      const key = keyOf(each, index)
      return [key, { key, value: each, schema: item, isNamed: false }]
    }),
  )
}

/** The value again, of children that may be others. */
export function rebuilt(type: FieldType, children: Iterable<Pick<Child, 'key' | 'value'>>): Json | readonly unknown[] {
  const all = [...children]
  if (type.is === 'list') return all.map(({ value }) => value)
  return Object.fromEntries(all.map(({ key, value }) => [key.slice(2), value]))
}

/** What rules see of an object: its schema as CEL types, and its JSON as CEL values. Fields without a schema are not seen. */
import { CelProblem } from '../../cel/problem.js'
import { parseDuration, parseTimestamp } from '../../cel/time.js'
import type { Type } from '../../cel/types.js'
import type { Value } from '../../cel/values.js'
import { additionalSchema, type JsonSchema, propertyOf } from '../../resources/json-schema.js'
import { isRecord } from '../../resources/shape.js'

/** Every object has these, also where its schema does not say so. */
const OF_EVERY_OBJECT: Readonly<Record<string, JsonSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
}

/** As rules may read it: with what every object has, at the root and where an object is embedded. */
export function visibleSchema(schema: JsonSchema, isRoot: boolean): JsonSchema {
  if (!isRoot && !schema['x-kubernetes-embedded-resource']) return schema
  return { ...schema, properties: { ...schema.properties, ...OF_EVERY_OBJECT } }
}

/** Undefined for what rules cannot see. */
export function celType(schema: JsonSchema, isRoot = false): Type | undefined {
  if (schema['x-kubernetes-int-or-string']) return 'dyn'
  switch (schema.type) {
    case 'object':
      return objectType(visibleSchema(schema, isRoot))
    case 'array': {
      const inner = schema.items && celType(schema.items)
      return inner && { list: inner }
    }
    case 'string':
      return textType(schema.format)
    case 'integer':
      return 'int'
    case 'number':
      return 'double'
    case 'boolean':
      return 'bool'
    default:
      return undefined
  }
}

function objectType(schema: JsonSchema): Type | undefined {
  const additional = additionalSchema(schema)
  if (additional !== undefined) {
    const value = celType(additional)
    return value && { key: 'string', value }
  }
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const [type, escaped] = [celType(property), escapedName(name)]
    return type === undefined || escaped === undefined ? [] : [[escaped, type] as const]
  })
  return { fields: Object.fromEntries(fields) }
}

function textType(format: string | undefined): Type {
  if (format === 'date' || format === 'date-time') return 'timestamp'
  if (format === 'duration') return 'duration'
  return format === 'byte' ? 'bytes' : 'string'
}

/** What `celType` says it is; undefined for what rules cannot see, or what is not of the type of its schema. */
export function celValue(schema: JsonSchema, value: unknown, isRoot = false): Value | undefined {
  if (value === null) return null
  if (schema['x-kubernetes-int-or-string']) return typeof value === 'string' ? value : integer(value)
  switch (schema.type) {
    case 'object':
      return isRecord(value) ? objectValue(visibleSchema(schema, isRoot), value) : undefined
    case 'array': {
      const { items } = schema
      if (items === undefined || !Array.isArray(value)) return undefined
      const list = value.map(item => celValue(items, item))
      return list.includes(undefined) ? undefined : (list as readonly Value[])
    }
    case 'string':
      return typeof value === 'string' ? textValue(value, schema.format) : undefined
    case 'integer':
      return integer(value)
    case 'number':
      return typeof value === 'number' ? value : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    default:
      return undefined
  }
}

function objectValue(schema: JsonSchema, object: Readonly<Record<string, unknown>>): Value {
  const additional = additionalSchema(schema)
  const entries = Object.entries(object).flatMap(([key, inner]) => {
    const property = additional ?? propertyOf(schema, key)
    const [name, value] = [
      additional === undefined ? escapedName(key) : key,
      property === undefined ? undefined : celValue(property, inner),
    ]
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(entries)
}

function integer(value: unknown): bigint | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined
}

function textValue(text: string, format: string | undefined): Value | undefined {
  try {
    if (format === 'date-time') return parseTimestamp(text)
    if (format === 'date') return parseTimestamp(`${text}T00:00:00Z`)
    if (format === 'duration') return parseDuration(text)
  } catch (error) {
    // The format is checked elsewhere, and takes more than Go's parsers do.
    if (error instanceof CelProblem) return undefined
    throw error
  }
  return format === 'byte' ? Buffer.from(text, 'base64') : text
}

const RESERVED =
  /^(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)$/

const ESCAPES: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
}

/** How a rule writes the name of a field; undefined when no rule can. */
export function escapedName(name: string): string | undefined {
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(name)) return undefined
  if (RESERVED.test(name)) return `__${name}__`
  return name.replaceAll(/__|[./-]/g, found => ESCAPES[found] ?? found)
}

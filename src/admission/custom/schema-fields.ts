/**
 * Whether a schema has the fields that Kubernetes knows, each of its type: everything that reads a `JsonSchema` counts on
 * that. Keywords that exist elsewhere are refused in Kubernetes' words, others as unknown fields.
 */
import { fieldForbidden, fieldTypeInvalid } from '../../resources/field-problems.js'
import { complete, type Problem } from '../../resources/problem.js'
import { isRecord, type Json } from '../../resources/shape.js'

type FieldType = 'string' | 'boolean' | 'number' | 'integer' | 'strings' | 'list' | 'any' | 'rules' | SchemaField
type SchemaField = 'schema' | 'schemas' | 'named schemas' | 'schema or boolean'

const FIELDS: Readonly<Record<string, FieldType>> = {
  type: 'string',
  format: 'string',
  description: 'string',
  title: 'string',
  nullable: 'boolean',
  default: 'any',
  example: 'any',
  externalDocs: 'any',
  enum: 'list',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'boolean',
  exclusiveMaximum: 'boolean',
  multipleOf: 'number',
  minLength: 'integer',
  maxLength: 'integer',
  pattern: 'string',
  minItems: 'integer',
  maxItems: 'integer',
  uniqueItems: 'boolean',
  minProperties: 'integer',
  maxProperties: 'integer',
  required: 'strings',
  properties: 'named schemas',
  additionalProperties: 'schema or boolean',
  items: 'schema',
  allOf: 'schemas',
  anyOf: 'schemas',
  oneOf: 'schemas',
  not: 'schema',
  'x-kubernetes-int-or-string': 'boolean',
  'x-kubernetes-embedded-resource': 'boolean',
  'x-kubernetes-preserve-unknown-fields': 'boolean',
  'x-kubernetes-list-type': 'string',
  'x-kubernetes-list-map-keys': 'strings',
  'x-kubernetes-map-type': 'string',
  'x-kubernetes-validations': 'rules',
}

const RULE_FIELDS: Readonly<Record<string, FieldType>> = {
  rule: 'string',
  message: 'string',
  messageExpression: 'string',
  reason: 'string',
  fieldPath: 'string',
  optionalOldSelf: 'boolean',
}

/** Parts of JSON Schema that definitions may not use. */
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref']

export function schemaFieldProblems(schema: unknown, path: string): readonly Problem[] {
  const problems: Problem[] = []
  checkSchema(schema, path, problems)
  return problems
}

function checkSchema(schema: unknown, path: string, problems: Problem[]): void {
  if (isRecord(schema)) checkFields(schema, FIELDS, path, problems)
  else wrongType(schema, 'object', path, problems)
}

function checkFields(object: Json, fields: Readonly<Record<string, FieldType>>, path: string, problems: Problem[]) {
  for (const [name, value] of Object.entries(object)) {
    const place = `${path}.${name}`
    const type = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (type !== undefined) checkField(value, type, place, problems)
    else if (name === '$schema') continue
    else if (UNSUPPORTED.includes(name)) problems.push(fieldForbidden(place, `${name} is not supported`))
    else problems.push({ ...complete(`strict decoding error: unknown field "${place}"`, place) })
  }
}

function checkField(value: unknown, type: FieldType, path: string, problems: Problem[]): void {
  switch (type) {
    case 'any':
      return
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) wrongType(value, 'number', path, problems)
      return
    case 'integer':
      if (!Number.isSafeInteger(value)) wrongType(value, 'integer', path, problems)
      return
    case 'string':
    case 'boolean':
      if (typeof value !== type) wrongType(value, type, path, problems)
      return
    case 'list':
      if (!Array.isArray(value)) wrongType(value, 'array', path, problems)
      return
    case 'strings':
      eachOf(value, path, problems, (item, place) => checkField(item, 'string', place, problems))
      return
    case 'rules':
      eachOf(value, path, problems, (item, place) => {
        if (isRecord(item)) checkFields(item, RULE_FIELDS, place, problems)
        else wrongType(item, 'object', place, problems)
      })
      return
    case 'schema':
      if (Array.isArray(value)) problems.push(fieldForbidden(path, 'items must be a schema object and not an array'))
      else checkSchema(value, path, problems)
      return
    case 'schemas':
      eachOf(value, path, problems, (item, place) => checkSchema(item, place, problems))
      return
    case 'named schemas':
      if (!isRecord(value)) wrongType(value, 'object', path, problems)
      else for (const [name, inner] of Object.entries(value)) checkSchema(inner, `${path}[${name}]`, problems)
      return
    case 'schema or boolean':
      if (typeof value !== 'boolean') checkSchema(value, path, problems)
      return
    default:
      throw new Error(`unknown type of field ${JSON.stringify(type satisfies never)}`)
  }
}

function eachOf(value: unknown, path: string, problems: Problem[], check: (item: unknown, place: string) => void) {
  if (!Array.isArray(value)) wrongType(value, 'array', path, problems)
  else for (const [index, item] of value.entries()) check(item, `${path}[${index}]`)
}

function wrongType(value: unknown, wanted: string, path: string, problems: Problem[]): void {
  const got = jsonTypeOf(value)
  problems.push(fieldTypeInvalid(path, got, `${path} in body must be of type ${wanted}: "${got}"`))
}

/** Without the fields that are null: to Kubernetes they are not there. Values that are anybody's stay as they are. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isRecord(value)) return value
  const fields = Object.entries(value).filter(([, inner]) => inner !== null)
  return Object.fromEntries(fields.map(([name, inner]) => [name, FREE.includes(name) ? inner : withoutNulls(inner)]))
}

const FREE = ['default', 'enum', 'example']

/** As Kubernetes names what a value is. */
export function jsonTypeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

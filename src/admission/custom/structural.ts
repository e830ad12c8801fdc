/**
 * Structural schemas, as apiextensions demands them: every field that is validated somewhere has its type in one place,
 * outside of allOf, anyOf, oneOf and not. The texts are Kubernetes'. Looks only at what `schema-fields.ts` let pass.
 */
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../../resources/field-problems.js'
import { additionalSchema, type JsonSchema, propertyOf } from '../../resources/json-schema.js'
import type { Problem } from '../../resources/problem.js'
import { isRecord } from '../../resources/shape.js'
import { listTypeProblems, mapTypeProblems } from './structural-lists.js'

type Level = 'root' | 'item' | 'field'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']

const UNTYPED: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

export function structuralProblems(schema: JsonSchema, path: string): readonly Problem[] {
  const problems: Problem[] = []
  if (schema.nullable) problems.push(fieldForbidden(`${path}.nullable`, 'nullable cannot be true at the root'))
  checkNode(schema, 'root', path, problems)
  return problems
}

/** A schema that says what is there, and the ones inside of it. */
function checkNode(schema: JsonSchema, level: Level, path: string, problems: Problem[]): void {
  checkType(schema, level, path, problems)
  checkExtensions(schema, path, problems)
  checkMetadata(schema, level, path, problems)
  problems.push(...keywordProblems(schema, path), ...listTypeProblems(schema, path), ...mapTypeProblems(schema, path))
  const { items, properties = {}, additionalProperties } = schema
  if (schema.type === 'array' && items === undefined) problems.push(fieldRequired(`${path}.items`, 'must be specified'))
  if (items !== undefined) checkNode(items, 'item', `${path}.items`, problems)
  for (const [name, inner] of Object.entries(properties)) {
    checkNode(inner, 'field', `${path}.properties[${name}]`, problems)
  }
  if (additionalProperties !== undefined) {
    const place = `${path}.additionalProperties`
    if (level === 'root') problems.push(fieldForbidden(place, 'must not be used at the root'))
    if (Object.keys(properties).length > 0 && additionalProperties !== true) {
      problems.push(fieldForbidden(place, 'additionalProperties and properties are mutual exclusive'))
    }
    const inner = additionalSchema(schema)
    if (inner !== undefined) checkNode(inner, 'field', place, problems)
  }
  for (const [place, inner] of junctorsOf(schema, path)) {
    if (!(schema['x-kubernetes-int-or-string'] && isIntOrStringChoice(schema, place, path))) {
      checkNested(inner, schema, place, path, problems)
    }
  }
}

function checkType(schema: JsonSchema, level: Level, path: string, problems: Problem[]): void {
  const type: string | undefined = schema.type
  const place = `${path}.type`
  if (type === 'null') {
    problems.push(fieldForbidden(place, 'type cannot be set to null, use nullable as an alternative'))
  } else if (type !== undefined && type !== '' && !TYPES.includes(type)) {
    problems.push(fieldNotSupported(place, type, TYPES))
  } else if (!type) {
    const untyped = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']
    if (schema['x-kubernetes-embedded-resource']) {
      problems.push(fieldRequired(place, 'must be object if x-kubernetes-embedded-resource is true'))
    } else if (!untyped) problems.push(fieldRequired(place, UNTYPED[level]))
  } else if (level === 'root' && type !== 'object') {
    problems.push(fieldInvalid(place, type, 'must be object at the root'))
  } else if (schema['x-kubernetes-embedded-resource'] && type !== 'object') {
    problems.push(fieldInvalid(place, type, 'must be object if x-kubernetes-embedded-resource is true'))
  }
}

function checkExtensions(schema: JsonSchema, path: string, problems: Problem[]): void {
  const preserve = schema['x-kubernetes-preserve-unknown-fields']
  const embedded = schema['x-kubernetes-embedded-resource']
  const preservePath = `${path}.x-kubernetes-preserve-unknown-fields`
  if (preserve === false) problems.push(fieldInvalid(preservePath, preserve, 'must be true or undefined'))
  if (schema['x-kubernetes-int-or-string']) {
    const text = 'must be false if x-kubernetes-int-or-string is true'
    if (preserve) problems.push(fieldInvalid(preservePath, preserve, text))
    if (embedded) problems.push(fieldInvalid(`${path}.x-kubernetes-embedded-resource`, embedded, text))
  }
  if (embedded && schema.additionalProperties !== undefined) {
    const text = 'must not be used if x-kubernetes-embedded-resource is set'
    problems.push(fieldForbidden(`${path}.additionalProperties`, text))
  }
  if (embedded && !preserve && Object.keys(schema.properties ?? {}).length === 0) {
    const text =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    problems.push(fieldRequired(`${path}.properties`, text))
  }
}

/** apiVersion, kind and metadata of objects are not a definition's to describe, but for a few words. */
function checkMetadata(schema: JsonSchema, level: Level, path: string, problems: Problem[]): void {
  if (level !== 'root' && !schema['x-kubernetes-embedded-resource']) return
  for (const name of ['kind', 'apiVersion']) {
    const property = propertyOf(schema, name)
    const place = `${path}.properties[${name}].type`
    if (property !== undefined && property.type !== 'string') {
      problems.push(fieldInvalid(place, property.type ?? '', 'must be string'))
    }
  }
  const metadata = propertyOf(schema, 'metadata')
  if (metadata === undefined) return
  const place = `${path}.properties[metadata]`
  if (metadata.type !== 'object') problems.push(fieldInvalid(`${place}.type`, metadata.type ?? '', 'must be object'))
  if (level !== 'root') return
  if (metadata.default !== undefined) {
    problems.push(fieldForbidden(`${place}.default`, 'must not be set in top-level metadata'))
  }
  const {
    type: _type,
    description: _description,
    title: _title,
    default: _default,
    properties = {},
    ...rest
  } = metadata
  const onlyNames = Object.keys(properties).every(name => name === 'name' || name === 'generateName')
  if (!onlyNames || Object.keys(rest).length > 0) {
    const text = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
    problems.push(fieldForbidden(place, text))
  }
}

/** What only says what a value must be like, wherever it stands. */
function keywordProblems(schema: JsonSchema, path: string): readonly Problem[] {
  const { multipleOf } = schema
  return [
    ...('uniqueItems' in schema && schema.uniqueItems === true
      ? [
          fieldForbidden(
            `${path}.uniqueItems`,
            'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
          ),
        ]
      : []),
    ...(multipleOf !== undefined && multipleOf <= 0
      ? [fieldInvalid(`${path}.multipleOf`, multipleOf, 'must be greater than 0')]
      : []),
  ]
}

/** The schemas below allOf, anyOf, oneOf and not. */
export function junctorsOf(schema: JsonSchema, path: string): readonly (readonly [path: string, schema: JsonSchema])[] {
  const each = (name: 'allOf' | 'anyOf' | 'oneOf') =>
    (schema[name] ?? []).map((inner, index) => [`${path}.${name}[${index}]`, inner] as const)
  return [
    ...each('anyOf'),
    ...each('allOf'),
    ...each('oneOf'),
    ...(schema.not === undefined ? [] : [[`${path}.not`, schema.not] as const]),
  ]
}

/** `anyOf: [{type: integer}, {type: string}]`, alone or as the first of allOf: how tools write int-or-string. */
function isIntOrStringChoice(schema: JsonSchema, place: string, path: string): boolean {
  if (place.startsWith(`${path}.anyOf[`)) return isChoice(schema.anyOf)
  const first = schema.allOf?.[0]
  return place === `${path}.allOf[0]` && first !== undefined && isChoice(first.anyOf) && Object.keys(first).length === 1
}

function isChoice(anyOf: readonly JsonSchema[] | undefined): boolean {
  const types = (anyOf ?? []).map(one => (Object.keys(one).length === 1 ? one.type : undefined))
  return types.length === 2 && types[0] === 'integer' && types[1] === 'string'
}

const FORBIDDEN_INSIDE: readonly (readonly [name: keyof JsonSchema, text: string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
]

/** A schema inside of allOf and its like: only restricts what `outer`, at the same place of the object, says is there. */
function checkNested(
  schema: JsonSchema,
  outer: JsonSchema | undefined,
  path: string,
  outerPath: string,
  problems: Problem[],
): void {
  if (outer === undefined) {
    problems.push(fieldRequired(outerPath, `because it is defined in ${path}`))
    return
  }
  for (const [name, text] of FORBIDDEN_INSIDE) {
    const value = schema[name]
    if (value !== undefined && value !== '' && value !== false && !(Array.isArray(value) && value.length === 0)) {
      problems.push(fieldForbidden(`${path}.${name}`, text))
    }
  }
  problems.push(...keywordProblems(schema, path))
  if (schema.items !== undefined) {
    checkNested(schema.items, outer.items, `${path}.items`, `${outerPath}.items`, problems)
  }
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const place = `${path}.properties[${name}]`
    if (name === 'metadata') problems.push(fieldForbidden(place, 'must not be specified in a nested context'))
    else checkNested(inner, propertyOf(outer, name), place, `${outerPath}.properties[${name}]`, problems)
  }
  for (const [place, inner] of junctorsOf(schema, path)) checkNested(inner, outer, place, outerPath, problems)
}

/** Every schema in a schema, itself first, with its path. */
export function* schemasIn(schema: JsonSchema, path: string): Generator<readonly [path: string, schema: JsonSchema]> {
  yield [path, schema]
  if (schema.items !== undefined) yield* schemasIn(schema.items, `${path}.items`)
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    yield* schemasIn(inner, `${path}.properties[${name}]`)
  }
  if (isRecord(schema.additionalProperties)) {
    yield* schemasIn(schema.additionalProperties as JsonSchema, `${path}.additionalProperties`)
  }
  for (const [place, inner] of junctorsOf(schema, path)) yield* schemasIn(inner, place)
}

/**
 * A value against a schema, in the words of Kubernetes (k8s.io/kube-openapi pkg/validation). Whatever schema and value are,
 * it ends: what is looked at is paid for, and what costs too much is refused.
 */
import type { Meter } from '../../cel/meter.js'
import { matches } from '../../cel/regex.js'
import {
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
  fieldTooLong,
  fieldTooMany,
  fieldTypeInvalid,
} from '../../resources/field-problems.js'
import { additionalSchema, type JsonSchema, propertyOf } from '../../resources/json-schema.js'
import type { Problem } from '../../resources/problem.js'
import { isRecord, type Json } from '../../resources/shape.js'
import { type Correlated, itemOf, memberOf, NEW, unchanged } from './correlate.js'
import { isOfFormat } from './formats.js'
import { jsonTypeOf } from './schema-fields.js'

/** Longer than any pattern that people write: those of IPv6 addresses have some 1500 characters. */
export const MAX_PATTERN_CHARS = 10_000
/** Of one object; what nobody reads is not collected. */
const MAX_PROBLEMS = 100
/** Where Kubernetes places what is wrong with a value by several schemas at once. */
const NOWHERE = '<nil>'
/** Units for one schema that is tried on one value. */
const COST = 1

/**
 * Everything that is wrong. What an update leaves as it was is not held against it.
 * @throws LimitExceeded
 */
export function validateValue(
  schema: JsonSchema,
  value: unknown,
  path: string,
  meter: Meter,
  old: Correlated = NEW,
): readonly Problem[] {
  const problems: Problem[] = []
  validate(schema, value, path, { problems, meter }, old)
  return problems
}

interface Validation {
  readonly problems: Problem[]
  readonly meter: Meter
}

function validate(schema: JsonSchema, value: unknown, path: string, run: Validation, old: Correlated): void {
  run.meter.charge(COST)
  if (run.problems.length >= MAX_PROBLEMS || unchanged(old, value)) return
  const { problems } = run
  if (!hasType(schema, value)) {
    const got = jsonTypeOf(value)
    const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type
    problems.push(fieldTypeInvalid(path, got, `${inBody(path)} must be of type ${wanted}: ${JSON.stringify(got)}`))
  }
  validateJunctors(schema, value, path, run)
  if (typeof value === 'string') validateText(schema, value, path, run)
  else if (typeof value === 'number') validateNumber(schema, value, path, problems)
  else if (Array.isArray(value)) validateList(schema, value, path, run, old)
  if (schema.enum !== undefined && value !== null) {
    run.meter.charge(schema.enum.length / 100)
    if (!isOneOf(value, schema.enum)) problems.push(fieldNotSupported(path, value, schema.enum))
  }
  if (isRecord(value)) validateObject(schema, value, path, run, old)
}

function inBody(path: string): string {
  return `${path} in body`
}

function hasType(schema: JsonSchema, value: unknown): boolean {
  const { type } = schema
  if (value === null) return type === undefined || schema.nullable === true
  if (schema['x-kubernetes-int-or-string']) return typeof value === 'string' || Number.isInteger(value)
  if (type === undefined) return true
  if (type === 'number') return typeof value === 'number'
  return jsonTypeOf(value) === type
}

function validateText(schema: JsonSchema, value: string, path: string, { problems, meter }: Validation): void {
  const { minLength, maxLength, pattern, format } = schema
  if (minLength !== undefined || maxLength !== undefined) {
    meter.chargeText(value.length)
    const length = codePoints(value)
    if (maxLength !== undefined && length > maxLength) problems.push(fieldTooLong(path, maxLength))
    if (minLength !== undefined && length < minLength) {
      problems.push(fieldInvalid(path, value, `${inBody(path)} should be at least ${minLength} chars long`))
    }
  }
  if (pattern !== undefined && pattern !== '' && !matches(value, pattern, meter, MAX_PATTERN_CHARS)) {
    problems.push(fieldInvalid(path, value, `${inBody(path)} should match '${pattern}'`))
  }
  const ofText = schema.type === 'string' || schema.type === undefined
  if (format !== undefined && ofText && !schema['x-kubernetes-int-or-string']) {
    meter.chargeText(value.length)
    if (!isOfFormat(value, format)) {
      problems.push(
        fieldTypeInvalid(path, value, `${inBody(path)} must be of type ${format}: ${JSON.stringify(value)}`),
      )
    }
  }
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

const INTEGERS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
}

function validateNumber(schema: JsonSchema, value: number, path: string, problems: Problem[]): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format = '' } = schema
  const wrong = (text: string) => problems.push(fieldInvalid(path, value, `${inBody(path)} should be ${text}`))
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) wrong(`a multiple of ${multipleOf}`)
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    wrong(exclusiveMaximum ? `less than ${maximum}` : `less than or equal to ${maximum}`)
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    wrong(exclusiveMinimum ? `greater than ${minimum}` : `greater than or equal to ${minimum}`)
  }
  const range = schema.type === 'integer' && Object.hasOwn(INTEGERS, format) ? INTEGERS[format] : undefined
  if (range !== undefined && (value < range[0] || value > range[1])) {
    const text = `Checked value must be of type integer with format ${format}`
    problems.push(fieldInvalid(path, value, text))
  }
}

function isMultiple(value: number, factor: number): boolean {
  const quotient = value / factor
  return Number.isInteger(quotient) || Math.abs(quotient - Math.round(quotient)) < 1e-9
}

function validateList(
  schema: JsonSchema,
  value: readonly unknown[],
  path: string,
  run: Validation,
  old: Correlated,
): void {
  const { items, minItems, maxItems } = schema
  if (items !== undefined) {
    const itemBefore = itemOf(old, schema)
    for (const [index, item] of value.entries()) validate(items, item, `${path}[${index}]`, run, itemBefore(item))
  }
  if (minItems !== undefined && value.length < minItems) {
    const text = `${inBody(path)} should have at least ${minItems} items`
    run.problems.push(fieldInvalid(path, value.length, text))
  }
  if (maxItems !== undefined && value.length > maxItems) {
    run.problems.push(fieldTooMany(path, value.length, maxItems))
  }
}

function validateObject(schema: JsonSchema, value: Json, path: string, run: Validation, old: Correlated): void {
  const { minProperties, maxProperties, required = [], additionalProperties } = schema
  const { problems, meter } = run
  const keys = Object.keys(value)
  const inside = (key: string) => (path === '' ? key : `${path}.${key}`)
  if (minProperties !== undefined && keys.length < minProperties) {
    const text = `${inBody(path)} should have at least ${minProperties} properties`
    problems.push(fieldInvalid(path, keys.length, text))
  }
  if (maxProperties !== undefined && keys.length > maxProperties) {
    problems.push(fieldTooMany(path, keys.length, maxProperties))
  }
  meter.charge((keys.length + required.length) / 10)
  const additional = additionalSchema(schema)
  for (const key of keys) {
    const property = propertyOf(schema, key)
    const inner = property ?? additional
    if (inner !== undefined) validate(inner, value[key], inside(key), run, memberOf(old, key))
    else if (additionalProperties === false) {
      problems.push(fieldInvalid(path, key, `${inside(key)} in body is a forbidden property`))
    }
  }
  for (const key of required) {
    if (!Object.hasOwn(value, key)) problems.push(fieldRequired(inside(key)))
  }
}

/** allOf, anyOf, oneOf and not. Of several that fail, what the one says that comes nearest. */
function validateJunctors(schema: JsonSchema, value: unknown, path: string, run: Validation): void {
  const { problems } = run
  const wrong = (text: string) => problems.push(fieldInvalid(NOWHERE, '', `${JSON.stringify(path)} ${text}`))
  const tried = (branch: JsonSchema) => {
    const found: Problem[] = []
    validate(branch, value, path, { problems: found, meter: run.meter }, NEW)
    return found
  }
  if (schema.anyOf !== undefined && schema.anyOf.length > 0) {
    const results = resultsUntilGood(schema.anyOf, tried)
    if (results.every(found => found.length > 0)) {
      wrong('must validate at least one schema (anyOf)')
      problems.push(...nearest(results))
    }
  }
  if (schema.oneOf !== undefined && schema.oneOf.length > 0) {
    const results = schema.oneOf.map(tried)
    const good = results.filter(found => found.length === 0).length
    if (good !== 1) {
      const text = good === 0 ? 'Found none valid' : `Found ${good} valid alternatives`
      wrong(`must validate one and only one schema (oneOf). ${text}`)
      if (good === 0) problems.push(...nearest(results))
    }
  }
  if (schema.allOf !== undefined && schema.allOf.length > 0) {
    const results = schema.allOf.map(tried)
    for (const found of results) problems.push(...found)
    const good = results.filter(found => found.length === 0).length
    if (good < results.length) wrong(`must validate all the schemas (allOf)${good === 0 ? '. None validated' : ''}`)
  }
  if (schema.not !== undefined && tried(schema.not).length === 0) wrong('must not validate the schema (not)')
}

function resultsUntilGood(
  branches: readonly JsonSchema[],
  tried: (branch: JsonSchema) => readonly Problem[],
): readonly (readonly Problem[])[] {
  const results: (readonly Problem[])[] = []
  for (const branch of branches) {
    results.push(tried(branch))
    if (results.at(-1)?.length === 0) break
  }
  return results
}

function nearest(results: readonly (readonly Problem[])[]): readonly Problem[] {
  return results.reduce((best, found) => (found.length < best.length ? found : best))
}

const scalars = new WeakMap<readonly unknown[], ReadonlySet<unknown>>()

function isOneOf(value: unknown, allowed: readonly unknown[]): boolean {
  if (typeof value !== 'object') {
    const known = scalars.get(allowed) ?? new Set(allowed)
    scalars.set(allowed, known)
    return known.has(value)
  }
  const text = JSON.stringify(value)
  return allowed.some(one => typeof one === 'object' && JSON.stringify(one) === text)
}

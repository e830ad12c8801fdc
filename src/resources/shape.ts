/**
 * Shapes: small descriptions of JSON that check a value and rebuild it, so that everything after has the type it
 * claims. The tables that use them are `shapes-*.ts`. Wordings are those of Kubernetes' structural schemas.
 */
import { formatDuration, parseDuration } from '../lib/duration.js'
import type { DescribedType } from './descriptions.js'
import { complete, type Problem } from './problem.js'

type ScalarShape =
  | 'string'
  | 'timestamp'
  | 'boolean'
  | 'integer'
  | 'int-or-string'
  | 'quantity'
  | 'duration'
  | 'base64'
  | 'param-value'
  | 'any'
  | 'object'

export type Shape =
  | ScalarShape
  | { readonly list: Shape; readonly nullItems?: true }
  | { readonly map: Shape }
  | Fields
  | (() => Shape)

export interface Fields {
  readonly fields: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  /** Unknown fields are kept as they are instead of refused. */
  readonly open?: true
  /**
   * Kubernetes has no schema from here on inwards, so Tekton's own decoder reads it: names match in any case, and
   * unknown ones are refused in Go's words.
   */
  readonly schemaless?: true
  /** Fields that exist elsewhere or used to exist, and what to write instead. */
  readonly hints?: Readonly<Record<string, string>>
  /** What schemas call this, and where `descriptions.ts` says what it and its fields are for. */
  readonly type?: DescribedType
  /** A type of Kubernetes' own: its schema is Kubernetes', of which only what is here is checked. */
  readonly kubernetes?: string
}

export type Json = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Nothing that is in it is known; anything else is one without fields. */
export function asRecord(value: unknown): Json {
  return isRecord(value) ? value : {}
}

/** Checks and rebuilds `value`. Null fields vanish, as in Kubernetes. The result is only meaningful without problems. */
export function decode(shape: Shape, value: unknown, path: string, problems: Problem[]): unknown {
  return read(shape, value, path, { problems, schemaless: false, stored: false })
}

/**
 * What keeps an object that is stored already from having the type it claims. Nothing is rebuilt, so null is a mistake,
 * and a param value must be what an author's `5` has become by then. Fields that nobody knows harm nobody.
 */
export function storedProblems(shape: Shape, value: unknown, path: string): readonly Problem[] {
  const problems: Problem[] = []
  read(shape, value, path, { problems, schemaless: false, stored: true })
  return problems
}

interface Reading {
  readonly problems: Problem[]
  readonly schemaless: boolean
  readonly stored: boolean
}

function read(shape: Shape, value: unknown, path: string, reading: Reading): unknown {
  if (typeof shape === 'function') return read(shape(), value, path, reading)
  if (typeof shape === 'string') return readScalar(shape, value, path, reading)
  if ('list' in shape) {
    if (!Array.isArray(value)) return wrongType(value, 'array', path, reading.problems)
    return value.map((item, i) =>
      item === null && shape.nullItems ? null : read(shape.list, item, `${path}[${i}]`, reading),
    )
  }
  if (!isRecord(value)) return wrongType(value, 'object', path, reading.problems)
  if ('map' in shape) {
    const entries = Object.entries(value).filter(([, item]) => item !== null || reading.stored)
    return Object.fromEntries(entries.map(([key, item]) => [key, read(shape.map, item, join(path, key), reading)]))
  }
  return readFields(shape, value, path, shape.schemaless ? { ...reading, schemaless: true } : reading)
}

function readFields(shape: Fields, value: Json, path: string, reading: Reading): Json {
  const { problems, schemaless, stored } = reading
  const kept = new Map<string, unknown>()
  for (const [written, item] of Object.entries(value)) {
    const inside = join(path, written)
    const key = fieldNamed(written, shape, schemaless)
    const field = key === undefined ? undefined : shape.fields[key]
    if (key !== undefined && field !== undefined) {
      if (item !== null || field === 'param-value' || stored) kept.set(key, read(field, item, inside, reading))
    } else if (stored) continue
    else if (shape.open) kept.set(written, read('any', item, inside, reading))
    else problems.push(unknownField(written, inside, shape, schemaless))
  }
  for (const key of shape.required ?? []) {
    if (!kept.has(key)) problems.push(complete(`${join(path, key)}: Required value`, join(path, key)))
  }
  return Object.fromEntries(kept)
}

/** The field that is meant by a name; where Tekton's own decoder reads, names match in any case. */
export function fieldNamed(written: string, { fields }: Fields, schemaless: boolean): string | undefined {
  if (Object.hasOwn(fields, written)) return written
  return schemaless ? Object.keys(fields).find(name => name.toLowerCase() === written.toLowerCase()) : undefined
}

function unknownField(written: string, path: string, shape: Fields, schemaless: boolean): Problem {
  const known = shape.hints && Object.hasOwn(shape.hints, written) ? shape.hints[written] : nearest(written, shape)
  return schemaless
    ? complete(`cannot decode incoming new object: json: unknown field "${written}"`, path, `${path}: ${known}`)
    : { ...complete(`strict decoding error: unknown field "${path}"`, path, known), unknownField: true }
}

function readScalar(shape: ScalarShape, value: unknown, path: string, { problems, stored }: Reading): unknown {
  switch (shape) {
    case 'any':
      return plain(value)
    case 'object':
      return isRecord(value) ? plain(value) : wrongType(value, 'object', path, problems)
    case 'boolean':
      return typeof value === 'boolean' ? value : wrongType(value, 'boolean', path, problems)
    case 'integer':
      return Number.isSafeInteger(value) ? value : wrongType(value, 'integer', path, problems)
    case 'int-or-string':
      return typeof value === 'string' || Number.isSafeInteger(value)
        ? value
        : wrongType(value, 'integer or string', path, problems)
    case 'quantity':
      if (typeof value === 'number') return String(value)
      return typeof value === 'string' ? value : wrongType(value, 'integer or string', path, problems)
    case 'param-value':
      if (!stored || isParamValue(value)) return paramValue(value)
      return wrongType(value, 'string, array of strings or object of strings', path, problems)
    case 'string':
    case 'timestamp':
      return typeof value === 'string' ? value : wrongType(value, 'string', path, problems)
    case 'base64': {
      if (typeof value !== 'string') return wrongType(value, 'string', path, problems)
      const bare = value.replace(/\s/g, '')
      if (bare.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(bare)) {
        problems.push(
          complete(`${path}: illegal base64 data`, path, 'encode the value, or use stringData for plain text'),
        )
      }
      return value
    }
    case 'duration': {
      if (typeof value !== 'string') return wrongType(value, 'string', path, problems)
      // Nobody writes a longer one, and matching is quadratic in what is not a duration.
      const ms = value.length > 64 ? undefined : parseDuration(value)
      if (ms === undefined) {
        const hint = `${path}: write a number and a unit, such as "90s", "10m" or "1h30m"`
        problems.push(complete(`time: invalid duration ${JSON.stringify(value)}`, path, hint))
        return value
      }
      return formatDuration(ms)
    }
    default:
      throw new Error(`unknown shape ${JSON.stringify(shape satisfies never)}`)
  }
}

/** As ParamValue's decoder in Tekton: strings, lists and maps of strings stay, everything else is its JSON text. */
export function paramValue(value: unknown): string | readonly string[] | Readonly<Record<string, string>> {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  const isText = (item: unknown): boolean => typeof item === 'string' || item === null
  if (Array.isArray(value)) {
    return value.every(isText) ? value.map(item => (item as string | null) ?? '') : jsonText(value)
  }
  if (isRecord(value) && Object.values(value).every(isText)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, (item as string | null) ?? '']))
  }
  return jsonText(value)
}

export function isParamValue(value: unknown): boolean {
  if (typeof value === 'string') return true
  const items = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [undefined]
  return items.every(item => typeof item === 'string')
}

/** Compact, keys sorted: what is left of a value after Kubernetes has stored it. Integers of any size keep their digits. */
function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (isRecord(value)) {
    const keys = Object.keys(value).sort()
    return `{${keys.map(key => `${JSON.stringify(key)}:${jsonText(value[key])}`).join(',')}}`
  }
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}

/** A copy that `JSON.stringify` accepts: large integers become numbers, as in any other JSON reader. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
  return value
}

function wrongType(value: unknown, wanted: string, path: string, problems: Problem[]): undefined {
  const got = typeName(value)
  const hint =
    wanted === 'string' && (got === 'boolean' || got === 'integer' || got === 'number')
      ? `put the value in quotes: ${JSON.stringify(String(value))}`
      : undefined
  const message = `${path}: Invalid value: "${got}": ${path} in body must be of type ${wanted}: "${got}"`
  problems.push(complete(message, path, hint))
  return undefined
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'bigint') return 'integer'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

/** "did you mean", for a slip in case or one letter. */
function nearest(key: string, shape: Fields): string {
  if (Object.keys(shape.fields).length === 0) return 'there are no fields here'
  const known = Object.keys(shape.fields)
  const close = known.find(name => name.toLowerCase() === key.toLowerCase()) ?? known.find(name => oneEdit(name, key))
  return close === undefined ? `known fields here: ${known.join(', ')}` : `did you mean "${close}"?`
}

function oneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || Math.min(a.length, b.length) < 3) return false
  let i = 0
  while (i < a.length && i < b.length && a[i] === b[i]) i++
  return a.slice(i + 1) === b.slice(i + 1) || a.slice(i + 1) === b.slice(i) || a.slice(i) === b.slice(i + 1)
}

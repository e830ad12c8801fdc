/**
 * Objects of an API server that neither converts nor fills in, as our own store would have them: a definition without a
 * conversion keeps what was written in v1beta1 under the name of v1, and no webhook has made a text of `value: 5`. Pure.
 *
 * What is wrong stays as it is, for who reads it to refuse: `reconcile/malformed.ts` and its like say it to the author.
 * Everything that is read comes through here, and hardly anything needs a change: what needs none is not copied.
 */
import { formatDuration, parseDuration } from '../lib/duration.js'
import { specShape } from './kind-shapes.js'
import { KINDS, type Kind } from './kinds.js'
import { normaliseTekton, normaliseTriggers } from './normalise.js'
import { isOlderSpelling } from './older-names.js'
import type { Problem } from './problem.js'
import { type Fields, fieldNamed, isParamValue, isRecord, type Json, paramValue, type Shape } from './shape.js'

/** The spec of a kind, in the version that is stored. */
export function specAsRead(kind: Kind, name: string, spec: unknown): unknown {
  const shape = specShape(kind, KINDS[kind].version)
  if (shape === undefined || !isRecord(spec)) return spec
  return settled(shape, isOlderSpelling(kind, spec) ? respelled(kind, name, spec) : spec, false)
}

/** What an older version could say and this one cannot. */
export function unspeakable(kind: Kind, spec: unknown): readonly Problem[] {
  const problems: Problem[] = []
  if (isRecord(spec) && isOlderSpelling(kind, spec)) normaliseTekton(kind, '', spec, problems)
  return problems
}

function respelled(kind: Kind, name: string, written: Json): Json {
  const { group, version, served } = KINDS[kind]
  // Names first: where Tekton's own decoder reads they may be in any case, those of older versions too.
  const older = served.flatMap(each => (each === version ? [] : (specShape(kind, each) ?? [])))
  const spec = older.reduce<unknown>((found, each) => settled(each, found, false), written) as Json
  if (group === 'triggers.tekton.dev') return normaliseTriggers(kind, spec)
  const problems: Problem[] = []
  const { spec: converted } = normaliseTekton(kind, name, spec, problems)
  return problems.length > 0 ? spec : converted
}

/** As `decode` does it to what is sound: values in the one form that they are stored in, names as they are called. */
function settled(shape: Shape, value: unknown, schemaless: boolean): unknown {
  if (typeof shape === 'function') return settled(shape(), value, schemaless)
  if (typeof shape === 'string') return settledScalar(shape, value)
  if ('list' in shape) {
    if (!Array.isArray(value)) return value
    const items = value.map(item => settled(shape.list, item, schemaless))
    return items.every((item, index) => item === value[index]) ? value : items
  }
  if (!isRecord(value)) return value
  if ('map' in shape) return withEach(value, (_, item) => (item === null ? GONE : settled(shape.map, item, schemaless)))
  return settledFields(shape, value, schemaless || shape.schemaless === true)
}

function settledFields(shape: Fields, value: Json, schemaless: boolean): Json {
  return withEach(schemaless ? withNames(shape, value) : value, (name, item) => {
    const field = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined
    if (field === undefined) return item
    return item === null && field !== 'param-value' ? GONE : settled(field, item, schemaless)
  })
}

function withNames(shape: Fields, value: Json): Json {
  const names = Object.keys(value)
  if (names.every(name => Object.hasOwn(shape.fields, name))) return value
  return Object.fromEntries(names.map(name => [fieldNamed(name, shape, true) ?? name, value[name]]))
}

const GONE = Symbol('gone')

/** The object itself when every field stays as it is. */
function withEach(value: Json, change: (name: string, item: unknown) => unknown): Json {
  let changed: Record<string, unknown> | undefined
  for (const name of Object.keys(value)) {
    const item = change(name, value[name])
    if (item === value[name]) continue
    changed ??= { ...value }
    if (item === GONE) delete changed[name]
    else changed[name] = item
  }
  return changed ?? value
}

function settledScalar(shape: Extract<Shape, string>, value: unknown): unknown {
  if (shape === 'param-value') return isParamValue(value) ? value : paramValue(value)
  if (shape === 'quantity') return typeof value === 'number' ? String(value) : value
  if (shape !== 'duration' || typeof value !== 'string' || value.length > 64) return value
  const ms = parseDuration(value)
  return ms === undefined ? value : formatDuration(ms)
}

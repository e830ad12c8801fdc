/**
 * Strategic merge patch, of Kubernetes' own kinds: as a merge patch, but lists whose items have a key are merged item by
 * item, and directives (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…`) say what else to do.
 * Pure.
 */
import { asRecord, isRecord, type Json } from '../../resources/shape.js'
import { ApiError } from '../status.js'

/** How the fields of one object are merged. */
export interface MergeRules {
  /** Of one of its fields. */
  field(name: string): FieldRules
}

export interface FieldRules {
  /** Lists are merged, not replaced. */
  readonly merges: boolean
  /** What names an item of a list of objects. */
  readonly mergeKey?: string
  /** Of the object, or of the items of the list, that the field holds. */
  readonly inside: MergeRules
}

const PATCH = '$patch'
const RETAIN_KEYS = '$retainKeys'
const DELETE_FROM = '$deleteFromPrimitiveList/'
const SET_ORDER = '$setElementOrder/'

/** @throws ApiError 400 for directives that say nothing sensible */
export function strategicallyPatched(target: unknown, patch: unknown, rules: MergeRules): unknown {
  if (!isRecord(patch)) throw malformed('the patch is no object')
  return mergedObject(asRecord(target), patch, rules)
}

function mergedObject(target: Json, patch: Json, rules: MergeRules): Json {
  const directive = patch[PATCH]
  if (directive === 'replace') return mergedObject({}, without(patch, PATCH), rules)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') throw malformed(`Unknown $patch type: ${String(directive)}`)
  const merged = new Map(Object.entries(retained(target, patch)))
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (value === null) merged.delete(key)
    else merged.set(key, mergedField(merged.get(key), value, rules.field(key)))
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) remove(merged, key.slice(DELETE_FROM.length), listIn(key, value))
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(SET_ORDER)) continue
    const name = key.slice(SET_ORDER.length)
    const items = merged.get(name)
    if (Array.isArray(items)) {
      const server = Array.isArray(target[name]) ? target[name] : []
      merged.set(name, ordered(items, server, listIn(key, value), rules.field(name).mergeKey))
    }
  }
  return Object.fromEntries(merged)
}

function retained(target: Json, patch: Json): Json {
  if (patch[RETAIN_KEYS] === undefined) return target
  const keys = new Set(listIn(RETAIN_KEYS, patch[RETAIN_KEYS]))
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.has(key)))
}

function remove(merged: Map<string, unknown>, name: string, values: readonly unknown[]): void {
  const items = merged.get(name)
  const gone = new Set(values)
  if (!Array.isArray(items)) return
  merged.set(
    name,
    items.filter(item => !gone.has(item)),
  )
}

function mergedField(target: unknown, value: unknown, { merges, mergeKey, inside }: FieldRules): unknown {
  if (isRecord(value)) return mergedObject(isRecord(target) ? target : {}, value, inside)
  if (!Array.isArray(value)) return value
  const items = Array.isArray(target) && merges ? target : []
  return value.some(isRecord) || items.some(isRecord)
    ? mergedItems(items, value, merges ? mergeKey : undefined, inside)
    : mergedValues(items, value, merges)
}

function mergedValues(target: readonly unknown[], value: readonly unknown[], merges: boolean): readonly unknown[] {
  return merges ? ordered([...new Set([...target, ...value])], target, value, undefined) : value
}

function mergedItems(
  target: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string | undefined,
  inside: MergeRules,
): readonly unknown[] {
  const replaces = patch.some(item => isRecord(item) && item[PATCH] === 'replace')
  // By what names them; what has no name is kept as it is, under a name that nothing else has.
  const merged = new Map<string | symbol, unknown>()
  for (const item of replaces ? [] : target) merged.set(nameOf(item, mergeKey) ?? Symbol(), item)
  for (const item of patch) {
    if (!isRecord(item)) {
      merged.set(Symbol(), item)
      continue
    }
    const directive = item[PATCH]
    if (directive === 'replace' && Object.keys(item).length === 1) continue
    if (directive !== undefined && directive !== 'replace' && directive !== 'delete') {
      throw malformed(`Unknown $patch type: ${String(directive)}`)
    }
    const wanted = without(item, PATCH)
    const name = nameOf(item, mergeKey)
    if (name === undefined && mergeKey !== undefined) {
      throw malformed(`map: ${JSON.stringify(wanted)} does not contain declared merge key: ${mergeKey}`)
    }
    if (directive !== 'delete') {
      merged.set(name ?? Symbol(), mergedObject(asRecord(name && merged.get(name)), wanted, inside))
    } else if (name === undefined) throw malformed('delete patch type with no merge key defined')
    else merged.delete(name)
  }
  const items = [...merged.values()]
  return mergeKey === undefined ? items : ordered(items, target, patch, mergeKey)
}

function nameOf(item: unknown, mergeKey: string | undefined): string | undefined {
  const key = mergeKey !== undefined && isRecord(item) ? item[mergeKey] : undefined
  return key === undefined ? undefined : JSON.stringify(key)
}

/**
 * In the order that the patch gives; what it does not name stays where it was in relation to what it names, as far as
 * that can be.
 */
function ordered(
  items: readonly unknown[],
  server: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): readonly unknown[] {
  const keyOf = (item: unknown) =>
    JSON.stringify((mergeKey !== undefined && isRecord(item) ? item[mergeKey] : item) ?? null)
  const placesIn = (list: readonly unknown[]) => new Map(list.map((item, place) => [keyOf(item), place]))
  const [wanted, before] = [placesIn(order), placesIn(server)]
  const named = items
    .filter(item => wanted.has(keyOf(item)))
    .sort((a, b) => wanted.get(keyOf(a))! - wanted.get(keyOf(b))!)
  const result: unknown[] = []
  let next = 0
  for (const item of items.filter(each => !wanted.has(keyOf(each)))) {
    const place = before.get(keyOf(item)) ?? Number.POSITIVE_INFINITY
    while (next < named.length && (before.get(keyOf(named[next])) ?? -1) <= place) result.push(named[next++])
    result.push(item)
  }
  return [...result, ...named.slice(next)]
}

function listIn(directive: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw malformed(`${directive} must be a list`)
}

function without(value: Json, key: string): Json {
  return Object.fromEntries(Object.entries(value).filter(([each]) => each !== key))
}

function malformed(text: string): ApiError {
  return new ApiError(400, 'BadRequest', `invalid strategic merge patch: ${text}`)
}

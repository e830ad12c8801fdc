/**
 * Whether what is stored is what was sent, for writes whose answer was lost. Pure. An API server leaves out what is
 * empty, adds defaults, and keeps its own fields of the metadata.
 */
import type { WireObject } from './resources.js'

/** Metadata that the author of an object sets. */
const AUTHORED = ['labels', 'annotations', 'ownerReferences', 'finalizers'] as const
/** Between the clock that stamps an object and the one that dates an answer: both cut seconds off. */
const ROUNDING_MS = 2000

/**
 * Is this the object that we made, or did its name belong to another before we asked? All that we sent is in it (besides
 * what the API server added), and it is no older than our first try, both by the API server's own clock.
 */
export function isMadeByUs(
  stored: WireObject,
  sent: WireObject,
  { servedAt, sinceFirstTryMs }: { readonly servedAt: string | undefined; readonly sinceFirstTryMs: number },
): boolean {
  const made = Date.parse(`${stored.metadata?.['creationTimestamp']}`)
  const ageMs = Date.parse(servedAt ?? '') - made
  // Not known counts as old: who is told that the name is taken looks whose it is.
  if (!(ageMs <= sinceFirstTryMs + ROUNDING_MS)) return false
  return contains(authored(stored), authored(sent)) && contains(content(stored), content(withoutStringData(sent)))
}

/** A replace of everything but the status. */
export function isReplaced(stored: WireObject, sent: WireObject): boolean {
  return (
    uidOf(stored) === uidOf(sent) &&
    equal(authored(stored), authored(sent)) &&
    equal(content(stored), content(withoutStringData(sent)))
  )
}

export function isStatusReplaced(stored: WireObject, sent: WireObject): boolean {
  return uidOf(stored) === uidOf(sent) && equal(stored['status'], sent['status'])
}

export function uidOf({ metadata }: WireObject): unknown {
  return metadata?.['uid']
}

function authored({ metadata = {} }: WireObject): object {
  return Object.fromEntries(AUTHORED.map(field => [field, metadata[field] ?? {}]))
}

function content({ metadata: _metadata, status: _status, ...rest }: WireObject): Readonly<Record<string, unknown>> {
  return rest
}

/** An API server folds a Secret's `stringData` into its `data`. */
function withoutStringData({ stringData, ...object }: WireObject): WireObject {
  if (object['kind'] !== 'Secret' || typeof stringData !== 'object' || stringData === null) return object
  const data = { ...(object['data'] as object | undefined) } as Record<string, string>
  for (const [key, value] of Object.entries(stringData)) data[key] = Buffer.from(`${value}`).toString('base64')
  return { ...object, data }
}

/** Everything in `part` is in `whole`, too. Lists may have got more at their ends. */
function contains(whole: unknown, part: unknown): boolean {
  // Fields of Go structs that are marked so go missing when they are empty.
  if (isAbsent(part) || part === '' || part === 0 || part === false) return true
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((each, at) => contains(whole[at], each))
  }
  if (typeof part === 'object' && part !== null) {
    return isMap(whole) && Object.entries(part).every(([key, value]) => contains(own(whole, key), value))
  }
  return whole === part
}

function equal(one: unknown, other: unknown): boolean {
  if (isAbsent(one) || isAbsent(other)) return isAbsent(one) && isAbsent(other)
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((each, at) => equal(each, other[at]))
  }
  if (isMap(one)) {
    const keys = isMap(other) ? new Set([...Object.keys(one), ...Object.keys(other)]) : []
    return isMap(other) && [...keys].every(key => equal(own(one, key), own(other, key)))
  }
  return one === other
}

/** What an API server leaves out, also from the middle of an object. */
function isAbsent(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.values(value).every(isUndefined)
}

function isUndefined(value: unknown): boolean {
  return value === undefined
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(map: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

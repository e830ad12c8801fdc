/** JSON values that cannot be changed, and comparing them. */

/**
 * A deeply frozen copy of what `JSON.parse(JSON.stringify(value))` would give; undefined for what JSON leaves out. What it
 * has in common with `like`, deeply frozen and in the same place, is not copied: it is the same object afterwards.
 * @throws RangeError when the value is nested too deeply, TypeError for a bigint.
 */
export function frozenCopy<T>(value: T, like?: unknown): T {
  return copyOf(value, like) as T
}

function copyOf(value: unknown, like: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'bigint':
      throw new TypeError(`${value}n is not a JSON value`)
    case 'object':
      break
    default:
      return undefined
  }
  if (value === null || value === like) return value
  const before = typeof like === 'object' && like !== null ? (like as Record<string | number, unknown>) : NOTHING
  if (Array.isArray(value)) return Object.freeze(value.map((item, index) => copyOf(item, before[index]) ?? null))
  if ('toJSON' in value && typeof value.toJSON === 'function') return copyOf(value.toJSON(), undefined)
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const inner = copyOf((value as Record<string, unknown>)[key], before[key])
    if (inner !== undefined) setOwn(copy, key, inner)
  }
  return Object.freeze(copy)
}

const NOTHING: Record<string | number, unknown> = Object.freeze(Object.create(null))

/** Plain assignment to the key `__proto__` would change the prototype instead. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else target[key] = value
}

/** Freezes what was parsed from JSON, in place. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const key of Object.keys(value)) deepFreeze((value as Record<string, unknown>)[key])
  return Object.freeze(value)
}

/** Equal as JSON: the order of keys does not matter, and a key with the value undefined is as good as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameJson(item, b[index]))
    )
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return (
    Object.keys(left).every(key => sameJson(left[key], ownValue(right, key))) &&
    Object.keys(right).every(key => right[key] === undefined || Object.hasOwn(left, key))
  )
}

function ownValue(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

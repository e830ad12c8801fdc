/** JSON values that cannot be changed. */

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

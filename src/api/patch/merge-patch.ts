/** JSON merge patch, RFC 7386. Pure. */
import { asRecord, isRecord } from '../../resources/shape.js'

/** Members of the patch replace those of the target, objects are merged, null removes. */
export function mergePatched(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  // A Map and `fromEntries`: a key `__proto__` is a key like any other.
  const merged = new Map(Object.entries(asRecord(target)))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, mergePatched(merged.get(key), value))
  }
  return Object.fromEntries(merged)
}

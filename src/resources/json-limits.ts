/** Bounds on what we take in, checked before anything recurses into it. Pure. */
import { complete, type Problem } from './problem.js'

/** As etcd's default limit of a request, which is what bounds an object on a real cluster. */
export const MAX_OBJECT_BYTES = 1_572_864
/** Real manifests stay below 30. Deeper ones only serve to exhaust a stack. */
const MAX_DEPTH = 100

/**
 * The first reason why a value cannot be a manifest: too large as JSON, too deep, not JSON, or with a key `__proto__`.
 * Walks with its own stack and stops at the limit, so a hostile value costs no more than a large one. Objects that
 * occur several times (YAML aliases) count each time.
 */
export function jsonLimitProblem(value: unknown): Problem | undefined {
  let bytes = 0
  const stack: { value: unknown; depth: number; path: string }[] = [{ value, depth: 0, path: '' }]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { value, depth, path } = top
    if (depth > MAX_DEPTH)
      return complete(`exceeded max depth ${MAX_DEPTH}`, '', 'an object may be nested at most 100 levels deep')
    if (typeof value === 'string') bytes += Buffer.byteLength(value) + 2
    else if (Array.isArray(value)) {
      bytes += 2 + value.length
      if (bytes > MAX_OBJECT_BYTES) break
      for (let i = value.length - 1; i >= 0; i--) {
        stack.push({ value: value[i], depth: depth + 1, path: depth < 12 ? `${path}[${i}]` : path })
      }
    } else if (typeof value === 'object' && value !== null) {
      const keys = Object.keys(value)
      bytes += 2
      for (const key of keys) {
        const inside = depth >= 12 ? path : path === '' ? key : `${path}.${key}`
        if (key === '__proto__') {
          return complete(`unsupported field name "__proto__"`, inside, 'rename the field or remove it')
        }
        bytes += Buffer.byteLength(key) + 4
        stack.push({ value: (value as Record<string, unknown>)[key], depth: depth + 1, path: inside })
      }
    } else if (value === null || typeof value === 'boolean' || typeof value === 'bigint') bytes += 5
    else if (typeof value === 'number' && Number.isFinite(value)) bytes += 4
    else return complete(`json: unsupported value: ${String(value)}`, path, 'write a string, a number or a boolean')
    if (bytes > MAX_OBJECT_BYTES) break
  }
  if (bytes <= MAX_OBJECT_BYTES) return undefined
  return complete(
    `Request entity too large: limit is ${MAX_OBJECT_BYTES}`,
    '',
    'an object may hold at most 1.5 MiB: move large data into a volume, a repository or an image',
  )
}

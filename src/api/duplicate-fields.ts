/** Keys that a JSON text gives twice in one object: its last value counts, and nobody sees the others. Pure. */

interface Level {
  /** Undefined in a list. */
  readonly keys?: Set<string>
  readonly path: string
  index: number
  key: string
  /** What comes next in an object is a key. */
  beforeKey: boolean
}

/** Nobody mends more than this at once. */
const MAX_FOUND = 20

/** Their paths, such as `spec.tasks[0].name`. The text must be JSON. */
export function duplicateFields(json: string): readonly string[] {
  const found: string[] = []
  const levels: Level[] = []
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const level = levels.at(-1)
    if (token === '{' || token === '[') {
      const path = level === undefined ? '' : insideOf(level)
      levels.push({ ...(token === '{' && { keys: new Set() }), path, index: 0, key: '', beforeKey: token === '{' })
    } else if (level === undefined) continue
    else if (token === '}' || token === ']') levels.pop()
    else if (token === ',') {
      level.index++
      level.beforeKey = level.keys !== undefined
    } else if (token === ':') level.beforeKey = false
    else if (level.beforeKey) {
      level.key = JSON.parse(token) as string
      if (level.keys!.has(level.key)) found.push(insideOf(level))
      if (found.length === MAX_FOUND) break
      level.keys!.add(level.key)
    }
  }
  return found
}

function insideOf({ keys, path, key, index }: Level): string {
  if (keys === undefined) return `${path}[${index}]`
  return path === '' ? key : `${path}.${key}`
}

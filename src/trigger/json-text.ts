/** JSON as Go's encoder writes a decoded value: compact, keys sorted; without its HTML escapes (see template.ts). */
export function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${jsonText(inner)}`).join(',')}}`
  }
  return Object.is(value, -0) ? '-0' : JSON.stringify(value ?? null)
}

/** How a value reads inside a text: a string as it is, everything else as JSON. */
export function plainText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value)
}

/** The same with Go's HTML escapes: byte for byte what Tekton posts. */
export function goJsonText(value: unknown): string {
  // These characters can only stand inside strings.
  return jsonText(value).replace(/[<>&\u2028\u2029]/g, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

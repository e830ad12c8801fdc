/** JSON as Go's encoder writes a decoded value: compact, keys sorted; without its HTML escapes (see template.ts). */
export function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${jsonText(inner)}`).join(',')}}`
  }
  return JSON.stringify(value ?? null)
}

/** How a value reads inside a text: a string as it is, everything else as JSON. */
export function plainText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value)
}

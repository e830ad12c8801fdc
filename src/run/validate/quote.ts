/** Text as Go's `%q` and `%v` print it, for messages that must match Tekton's. */

const SHORT: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

/** `%q`. */
export function goQuote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what needs escaping
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, char => {
    return SHORT[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${escaped}"`
}

/** `%v` of a []string. */
export function goList(items: readonly string[]): string {
  return `[${items.join(' ')}]`
}

/** `%v` of a map[string][]string. */
export function goMapOfLists(map: ReadonlyMap<string, readonly string[]>): string {
  const entries = [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, items]) => `${key}:${goList(items)}`).join(' ')}]`
}

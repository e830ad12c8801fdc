/** `-o jsonpath=…`, as kubectl has it: text with paths in braces, and `{range …}{end}`. Pure. */
import { type JsonPath, parseJsonPath } from '../../api/tables/json-path.js'

type Part =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'path'; readonly path: JsonPath }
  | { readonly is: 'range'; readonly path: JsonPath; readonly body: readonly Part[] }

export type Template = (value: unknown) => string

/** @throws Error that says what of the text is no template */
export function parseTemplate(text: string): Template {
  // A bare path, as kubectl takes it, too.
  const tokens = tokensOf(text.includes('{') ? text : `{${text}}`)
  const parts = read(tokens, 0, false)
  return value => render(parts.parts, value)
}

function tokensOf(text: string): readonly string[] {
  // Braces in quotes are text.
  return text.match(/\{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^{}"'])*\}|[^{]+|\{/gs) ?? []
}

function read(tokens: readonly string[], from: number, inRange: boolean): { parts: readonly Part[]; next: number } {
  const parts: Part[] = []
  let at = from
  while (at < tokens.length) {
    const token = tokens[at] ?? ''
    at++
    const inside = /^\{(.*)\}$/s.exec(token)?.[1]?.trim()
    if (inside === undefined) {
      if (token === '{') throw new Error('a { is not closed')
      parts.push({ is: 'text', text: token })
    } else if (inside === 'end') {
      if (!inRange) throw new Error('{end} without {range}')
      return { parts, next: at }
    } else if (inside.startsWith('range ')) {
      const body = read(tokens, at, true)
      parts.push({ is: 'range', path: pathOf(inside.slice('range '.length)), body: body.parts })
      at = body.next
    } else if (/^["']/.test(inside)) {
      parts.push({ is: 'text', text: quoted(inside) })
    } else {
      parts.push({ is: 'path', path: pathOf(inside) })
    }
  }
  if (inRange) throw new Error('{range} without {end}')
  return { parts, next: at }
}

function pathOf(text: string): JsonPath {
  const path = parseJsonPath(text.trim())
  if (path === undefined) throw new Error(`"${text}" is no path such as {.metadata.name}`)
  return path
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

function quoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter)
}

function render(parts: readonly Part[], value: unknown): string {
  return parts
    .map(part => {
      if (part.is === 'text') return part.text
      if (part.is === 'path') return part.path(value).map(textOf).join(' ')
      return part
        .path(value)
        .map(item => render(part.body, item))
        .join('')
    })
    .join('')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

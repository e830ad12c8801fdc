/**
 * Reads the JSONPath of Kubernetes (`kubectl -o jsonpath`), as far as one path goes. Its corners are kept: `['a.b']` is
 * the path `a.b`, a dot in a key is written `\.`, and spaces end a field name.
 */

export type Step =
  | { readonly is: 'field'; readonly name: string }
  | { readonly is: 'wildcard' }
  | { readonly is: 'recursive' }
  | { readonly is: 'index'; readonly at: number }
  | { readonly is: 'slice'; readonly start?: number; readonly end?: number; readonly step?: number }
  /** Each branch is walked on its own, through all values; the results follow one another. */
  | { readonly is: 'union'; readonly branches: readonly (readonly Step[])[] }
  /** Without `compare`: the elements in which `left` finds something. */
  | { readonly is: 'filter'; readonly left: Operand; readonly compare?: Comparison }

export interface Comparison {
  readonly operator: Operator
  readonly right: Operand
}
export type Operand =
  | { readonly is: 'path'; readonly steps: readonly Step[] }
  | { readonly is: 'literal'; readonly value: string | number | boolean }

const OPERATORS = ['==', '!=', '<=', '>=', '<', '>'] as const
export type Operator = (typeof OPERATORS)[number]

/** The author's mistake in the text of a path; caught where the path is used. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError'
}

/** `a.b`, `.a.b`, `{a.b}` and `{.a.b}` are the same path. */
export function parseJsonPath(text: string): readonly Step[] {
  const path = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(text)
  if (path === null) {
    throw new JsonPathError(
      "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
    )
  }
  return parseSteps(`.${path[1] ?? path[2]}`)
}

function parseSteps(text: string): readonly Step[] {
  const steps: Step[] = []
  let at = 0
  while (at < text.length) {
    const character = text[at]
    if (character === ' ' || character === '@' || character === '$') {
      at += 1
    } else if (character === '[') {
      const end = closingBracket(text, at)
      steps.push(...parseBrackets(text.slice(at + 1, end)))
      at = end + 1
    } else if (character === '.' && text[at + 1] === '.') {
      steps.push({ is: 'recursive' })
      at += text[at + 2] === '[' ? 2 : 1
    } else if (character === '.') {
      const end = endOfField(text, at + 1)
      const raw = text.slice(at + 1, end)
      if (raw === '') throw new JsonPathError(`a field name is missing at offset ${at} of ${text}`)
      steps.push(raw === '*' ? { is: 'wildcard' } : { is: 'field', name: raw.replaceAll('\\', '') })
      at = end
    } else {
      throw new JsonPathError(`unrecognized character ${JSON.stringify(character)} at offset ${at} of ${text}`)
    }
  }
  return steps
}

function endOfField(text: string, start: number): number {
  let at = start
  while (at < text.length && !/[ \t\r\n.,[\]$@{}]/.test(text[at] ?? '')) at += text[at] === '\\' ? 2 : 1
  return Math.min(at, text.length)
}

/** Where the `]` is that belongs to the `[` at `open`; brackets in quotes and inner ones do not count. */
function closingBracket(text: string, open: number): number {
  let depth = 0
  let quote = ''
  for (let at = open; at < text.length; at++) {
    const character = text[at] ?? ''
    if (quote !== '') {
      if (character === '\\') at += 1
      else if (character === quote) quote = ''
    } else if (character === "'" || character === '"') quote = character
    else if (character === '[') depth += 1
    else if (character === ']') {
      depth -= 1
      if (depth === 0) return at
    }
  }
  throw new JsonPathError(`unterminated array: no ] for the [ at offset ${open} of ${text}`)
}

function parseBrackets(inside: string): readonly Step[] {
  const text = inside.trim()
  if (text.startsWith('?')) return [parseFilter(text)]
  const key = /^'([^']*)'$/.exec(text)?.[1]
  if (key !== undefined) return parseSteps(`.${key}`)
  // Not the wildcard: of a map it finds no elements but an error.
  if (text === '*') return [{ is: 'slice' }]
  if (text === '') return [{ is: 'index', at: 0 }]
  if (text.includes(',')) return [{ is: 'union', branches: text.split(',').map(parseBrackets) }]
  const slice = /^(-?\d+)?(?:(:)(-?\d+)?(?::(-?\d+)?)?)?$/.exec(text)
  if (slice === null) throw new JsonPathError(`invalid array index ${text}`)
  const [, start, colon, end, step] = slice
  if (colon === undefined) return [{ is: 'index', at: Number(start) }]
  return [{ is: 'slice', ...numeric('start', start), ...numeric('end', end), ...numeric('step', step) }]
}

function numeric(name: 'start' | 'end' | 'step', text: string | undefined): Partial<Record<typeof name, number>> {
  return text === undefined ? {} : { [name]: Number(text) }
}

function parseFilter(text: string): Step {
  const condition = /^\?\((.*)\)$/s.exec(text)?.[1]
  if (condition === undefined) throw new JsonPathError(`a filter is written [?(condition)], not [${text}]`)
  const compared = /^([^!<>=]+)([!<>=]+)(.+)$/s.exec(condition)
  if (compared === null) return { is: 'filter', left: parseOperand(condition) }
  const [, left = '', written = '', right = ''] = compared
  const operator = OPERATORS.find(known => known === written)
  if (operator === undefined) {
    throw new JsonPathError(`unrecognized filter operator ${written}: use one of ${OPERATORS.join(' ')}`)
  }
  return { is: 'filter', left: parseOperand(left), compare: { operator, right: parseOperand(right) } }
}

function parseOperand(source: string): Operand {
  const text = source.trim()
  const literal = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/s.exec(text)
  if (literal !== null) return { is: 'literal', value: (literal[1] ?? literal[2] ?? '').replace(/\\(.)/gs, '$1') }
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return { is: 'literal', value: Number(text) }
  if (text === 'true' || text === 'false') return { is: 'literal', value: text === 'true' }
  if (!/^[@$.[]/.test(text))
    throw new JsonPathError(`unrecognized identifier ${text} in a filter: quote it or write @.${text}`)
  return { is: 'path', steps: parseSteps(text) }
}

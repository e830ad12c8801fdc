/** The text of an expression to its tree. Messages are laid out as cel-go's: the place, the line, a mark below it. */
import { shortened } from '../lib/shortened.js'
import { celLibrary } from './library.js'
import { childrenOf, type Node } from './syntax.js'

/** cel-go's is 100,000, which takes the parser half a second. */
export const MAX_LENGTH = 20_000
/** As cel-go's. */
const MAX_NESTING = 250
/** Manifests' expressions are few and come back with every event; reading one costs a hundred times an evaluation. */
const MAX_REMEMBERED_CHARACTERS = 500_000

export interface Parsed {
  readonly is: 'parsed'
  readonly text: string
  readonly root: Node
  /** Where in the text a node begins, in UTF-16 units. */
  readonly offsetOf: (node: Node) => number
  /** A part of it, written anew. */
  readonly textOf: (node: Node) => string
}

export type ParsedExpression = Parsed | { readonly is: 'error'; readonly message: string }

const remembered = new Map<string, ParsedExpression>()
let rememberedCharacters = 0

export function parseExpression(text: string): ParsedExpression {
  const known = remembered.get(text)
  if (known !== undefined) return known
  const result = readExpression(text)
  remembered.set(text, result)
  rememberedCharacters += text.length
  for (const [oldest] of remembered) {
    if (rememberedCharacters <= MAX_REMEMBERED_CHARACTERS) break
    remembered.delete(oldest)
    rememberedCharacters -= oldest.length
  }
  return result
}

function readExpression(text: string): ParsedExpression {
  if (text.length > MAX_LENGTH) {
    return failed(text, `expression code point size exceeds limit: size: ${text.length}, limit ${MAX_LENGTH}`)
  }
  // Before the parser, which recurses.
  if (nesting(text) > MAX_NESTING) return failed(text, `expression recursion limit exceeded: ${MAX_NESTING}`)
  try {
    // The parser wants a line's end behind a comment.
    const { expr, sourceInfo } = celLibrary().parse(`${text}\n`)
    const root = expr as unknown as Node
    if (isDeeper(root, MAX_NESTING)) return failed(text, `expression recursion limit exceeded: ${MAX_NESTING}`)
    const positions = sourceInfo?.positions as Readonly<Record<string, number>> | undefined
    return {
      is: 'parsed',
      text,
      root,
      offsetOf: node => positions?.[String(node.id)] ?? 0,
      textOf: node => writtenText(node, sourceInfo),
    }
  } catch (error) {
    const message = error instanceof RangeError ? `expression recursion limit exceeded: ${MAX_NESTING}` : String(error)
    const [, line = '1', column = '1', why = message] = /<input>:(\d+):(\d+): (.*)$/s.exec(message) ?? []
    return failed(text, located(text, Number(line), Number(column), `Syntax error: ${why}`))
  }
}

function writtenText(expr: Node, sourceInfo: unknown): string {
  try {
    return celLibrary().unparse({ $typeName: 'cel.expr.ParsedExpr', expr, sourceInfo } as never)
  } catch {
    // The library does not know how to write everything that it reads.
    return '…'
  }
}

/** What is wrong at a place of the text, as cel-go shows it. */
export function problemAt(text: string, offset: number, message: string): string {
  // The parser takes an operator to begin with the space before it.
  const start = offset + (/^\s*/.exec(text.slice(offset))?.[0].length ?? 0)
  const before = text.slice(0, start).split('\n')
  return located(text, before.length, (before.at(-1)?.length ?? 0) + 1, message)
}

function located(text: string, line: number, column: number, message: string): string {
  const shown = text.split('\n')[line - 1] ?? ''
  return `ERROR: <input>:${line}:${column}: ${message}\n | ${shown}\n | ${'.'.repeat(column - 1)}^`
}

function failed(text: string, why: string): ParsedExpression {
  return { is: 'error', message: `failed to parse expression ${quoted(text)}: ${why}` }
}

/** As Go quotes it; the beginning only, when it is one that nobody would want to see whole. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text, 1000))
}

/** How many brackets are open at once, those in quotes aside. */
function nesting(text: string): number {
  let open = 0
  let most = 0
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[([{}\])]/gs)) {
    if ('([{'.includes(token)) most = Math.max(most, ++open)
    else if (')]}'.includes(token)) open -= 1
  }
  return most
}

/** With a stack of its own: `1+1+1+…` is as deep as it is long. */
function isDeeper(root: Node, limit: number): boolean {
  let level: readonly Node[] = [root]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true
    level = level.flatMap(childrenOf)
  }
  return false
}

/**
 * YAML as Kubernetes reads it (sigs.k8s.io/yaml, which is go-yaml v2): `on`, `yes` and `y` are booleans, `0777` and
 * `0o777` are octal, `1_000` is a number, but `1:30` and dates stay text. The only file that knows the `yaml` package.
 */
import {
  Composer,
  type CST,
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type ScalarTag,
  stringify,
} from 'yaml'

export interface YamlDocument {
  /** Plain data; integers beyond JavaScript's exact ones are bigints. Undefined for a document without content. */
  readonly value: unknown
  /** 1-based line in the file of the node a path leads to, or of the last node on the way that exists. */
  readonly lineOf: (path: string) => number
}

export type YamlAnswer =
  | { readonly is: 'ok'; readonly document: YamlDocument }
  | { readonly is: 'refused'; readonly message: string; readonly line: number; readonly hint?: string }

const nullTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:null',
  default: true,
  test: /^(?:~|null|Null|NULL)?$/,
  identify: value => value === null,
  resolve: () => null,
}

const boolTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  identify: value => typeof value === 'boolean',
  resolve: text => /^(?:y|t|on)/i.test(text),
}

const MAX_UINT64 = 2n ** 64n - 1n
const MIN_INT64 = -(2n ** 63n)

const intTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?(?:0[bB]_*[01][01_]*|0[oO]_*[0-7][0-7_]*|0[0-7_]+|0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*|[1-9][0-9_]*|0)$/,
  identify: value => Number.isInteger(value) || typeof value === 'bigint',
  resolve: text => {
    const bare = text.replaceAll('_', '').replace(/^([-+]?)0(?=[0-7])/, '$10o')
    const digits = BigInt(bare.replace(/^[-+]/, ''))
    const value = bare.startsWith('-') ? -digits : digits
    // As in Go: exact up to 64 bits, a float beyond.
    return Number.isSafeInteger(Number(value)) || value > MAX_UINT64 || value < MIN_INT64 ? Number(value) : value
  },
}

const floatTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  identify: value => typeof value === 'number',
  resolve: text => {
    if (/nan$/i.test(text)) return Number.NaN
    if (/inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    const value = Number(text.replaceAll('_', ''))
    // `1e999` is no number but a name, as in Go. Commit ids look like this.
    return Number.isFinite(value) ? value : text
  },
}

/** Sums of aliases below this are what people write; a "billion laughs" is far above. */
const MAX_ALIASES = 1_000
/** What `<<` may copy, at most: as many pairs as the largest object cannot have. */
const MAX_MERGED = 1_000_000
/** Flow and block collections opened inside one another, over the whole text, counted before parsing. */
const MAX_OPEN = 100

/** One document: what stands between two `---`. `firstLine` is the line of the file at which `text` begins. */
export function readYaml(text: string, firstLine: number): YamlAnswer {
  const tooDeep = nestingProblem(text)
  if (tooDeep !== undefined) {
    const hint = 'objects are nested at most 100 levels deep'
    return { is: 'refused', message: 'exceeded max depth 100', line: firstLine + tooDeep, hint }
  }
  const lines = new LineCounter()
  const lineAt = (offset: number): number => firstLine + lines.linePos(offset).line - 1
  let document: Document.Parsed
  let value: unknown
  // The library makes an Error for every mistake of a text; their stack traces are nine tenths of the time it takes to
  // refuse a megabyte of commas. Synchronous, so nobody else sees the change.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    const composed = compose(text, lines)
    if ('message' in composed)
      return { is: 'refused', ...explain(composed.code, composed.message), line: lineAt(composed.offset) }
    document = composed
    const duplicate = duplicateKey(document.contents)
    if (duplicate) {
      const message = `key "${duplicate.key}" already set in map`
      return { is: 'refused', ...explain('DUPLICATE_KEY', message), line: lineAt(duplicate.offset) }
    }
    if (mergedAtMost(document.contents) > MAX_MERGED) {
      return { is: 'refused', ...explain('', 'excessive merging with <<'), line: firstLine }
    }
    value = document.contents === null ? undefined : document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    // The library throws for what it cannot hold: a stack of collections, too many aliases, an unknown anchor.
    const message = error instanceof Error ? error.message : String(error)
    const deep = error instanceof RangeError
    return {
      is: 'refused',
      message: deep ? 'exceeded max depth 100' : `error converting YAML to JSON: yaml: ${message}`,
      line: firstLine,
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return { is: 'ok', document: { value, lineOf: path => lineAt(offsetOf(document.contents, path)) } }
}

interface Mistake {
  readonly message: string
  readonly code: string
  readonly offset: number
}

/** Stops at the first mistake. */
function compose(text: string, lines: LineCounter): Document.Parsed | Mistake {
  const tokens: CST.Token[] = []
  for (const token of new Parser(lines.addNewLine).parse(text)) {
    if (token.type === 'error') return { message: token.message, code: '', offset: token.offset }
    tokens.push(token)
  }
  const composer = new Composer({
    schema: 'failsafe',
    customTags: tags => [nullTag, boolTag, intTag, floatTag, ...tags],
    merge: true,
    prettyErrors: false,
    strict: true,
    // The library compares every key with every other; `duplicateKey` does it with a set.
    uniqueKeys: false,
    logLevel: 'error',
  })
  const [document, another] = composer.compose(tokens, true, text.length)
  if (document === undefined) throw new Error('the YAML library made no document')
  const [error] = document.errors
  if (error) return { message: error.message, code: error.code, offset: error.pos[0] }
  if (another) return { message: 'expected a single document', code: '', offset: another.range[0] }
  return document
}

function explain(code: string, message: string): { readonly message: string; readonly hint?: string } {
  const text = `error converting YAML to JSON: yaml: ${message}`
  switch (code) {
    case 'TAB_AS_INDENT':
      return { message: text, hint: 'indent with spaces, not tabs' }
    case 'DUPLICATE_KEY':
      return { message: text, hint: 'a key may occur once in a mapping; merge the two' }
    case 'BAD_ALIAS':
      return { message: text, hint: 'a text that starts with * or & needs quotes' }
    default:
      return { message: text }
  }
}

function duplicateKey(root: unknown): { readonly key: string; readonly offset: number } | undefined {
  const open: unknown[] = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isSeq(node)) for (const item of node.items) open.push(item)
    if (!isMap(node)) continue
    const seen = new Set<string>()
    for (const { key, value } of node.items) {
      const text = keyText(key) ?? ''
      // Several merges are several merges.
      if (seen.has(text) && text !== '<<') return { key: text, offset: rangeStart(key) ?? 0 }
      seen.add(text)
      open.push(key, value)
    }
  }
  return undefined
}

/** Each merge copies no more than everything: a few thousand short lines could ask for gigabytes. */
function mergedAtMost(root: unknown): number {
  const open: unknown[] = [root]
  let [merges, pairs] = [0, 0]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isSeq(node)) for (const item of node.items) open.push(item)
    if (!isMap(node)) continue
    pairs += node.items.length
    for (const { key, value } of node.items) {
      if (keyText(key) === '<<') merges += isSeq(value) ? value.items.length : 1
      open.push(value)
    }
  }
  return merges * pairs
}

/**
 * The line (from 0) at which brackets or block indentation go deeper than any manifest does, or undefined. Only an
 * estimate that errs upwards by what stands in quoted texts, so the limit for it is ten times as high.
 */
function nestingProblem(text: string): number | undefined {
  let open = 0
  let line = 0
  let dashes = 0
  let lineStart = true
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 10) {
      line++
      lineStart = true
      dashes = 0
    } else if (code === 91 || code === 123) open++
    else if (code === 93 || code === 125) open = Math.max(0, open - 1)
    else if (lineStart && (code === 45 || code === 63 || code === 58)) dashes++
    else if (code !== 32) lineStart = false
    if (open > MAX_OPEN * 10 || dashes > MAX_OPEN * 10) return line
  }
  return undefined
}

/** Where in the text `spec.tasks[2].runAfter[0]` is, or the deepest part of that way that exists. */
function offsetOf(root: Node | null, path: string): number {
  let node: unknown = root
  let offset = root?.range?.[0] ?? 0
  for (const [, field, index] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    if (isMap(node)) {
      const wanted = field ?? index ?? ''
      const keyed = node.items.find(item => keyText(item.key) === wanted)
      const found = keyed ?? node.items.find(item => keyText(item.key)?.toLowerCase() === wanted.toLowerCase())
      if (!found) return offset
      offset = rangeStart(found.key) ?? offset
      node = found.value
    } else if (isSeq(node) && index !== undefined) {
      const found: unknown = /^\d+$/.test(index)
        ? node.items[Number(index)]
        : node.items.find(item => isMap(item) && item.get('name') === index)
      if (found === undefined) return offset
      offset = rangeStart(found) ?? offset
      node = found
    } else return offset
  }
  return offset
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined
  // The library's sign for a merge is a symbol.
  return typeof key.value === 'symbol' ? key.value.description : String(key.value)
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}

/** Readable YAML that a YAML 1.1 reader such as Kubernetes reads back as the same value. */
export function writeYaml(value: unknown): string {
  return stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 })
}

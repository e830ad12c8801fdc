/** Bytes of a request body to a JSON value, or what is wrong with them, in the words of Go's decoder where it has any. */

/** Go stops at 10,000; real payloads stay below 30. Everything after this file may recurse. */
const MAX_DEPTH = 1000
/** A payload at the size limit with one value in 25 bytes. More only serves to exhaust the process. */
const MAX_VALUES = 1_000_000
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const HALF_PAIR = /\p{Surrogate}/u

export type Payload =
  | { readonly is: 'json'; readonly value: unknown }
  | { readonly is: 'empty' }
  | { readonly is: 'unreadable'; readonly message: string }

export function readPayload(body: Uint8Array): Payload {
  if (body.length === 0) return { is: 'empty' }
  let text: string
  try {
    text = UTF8.decode(body)
  } catch {
    return { is: 'unreadable', message: 'invalid UTF-8: send the JSON text encoded as UTF-8' }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { is: 'unreadable', message: syntaxProblem(text, error instanceof Error ? error.message : '') }
  }
  const message = limitProblem(value)
  return message === undefined ? { is: 'json', value } : { is: 'unreadable', message }
}

/** Tekton answers 400 to anything but an object. */
export function objectProblem(payload: Payload): string | undefined {
  if (payload.is === 'empty') return 'unexpected end of JSON input'
  if (payload.is === 'unreadable') return payload.message
  const type = goKind(payload.value)
  return type === 'object' ? undefined : `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`
}

/** Never quotes more of the payload than one character: the message is logged. */
function syntaxProblem(text: string, message: string): string {
  if (text.trim() === '' || /unexpected end|unterminated/i.test(message)) return 'unexpected end of JSON input'
  const offset = /at position (\d+)/.exec(message)?.[1]
  const character = offset === undefined ? /^Unexpected token '(.)'/u.exec(message)?.[1] : text[Number(offset)]
  const place = offset === undefined ? '' : ` at offset ${offset}`
  return character === undefined ? `invalid JSON${place}` : `invalid character ${quoted(character)}${place}`
}

function quoted(character: string): string {
  return character === "'" ? `'\\''` : `'${JSON.stringify(character).slice(1, -1)}'`
}

export function goKind(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Walks with its own stack: depth and size are what is being checked. */
function limitProblem(root: unknown): string | undefined {
  const containers: object[] = []
  const depths: number[] = []
  let values = 0
  const visit = (value: unknown, depth: number): string | undefined => {
    values += 1
    if (typeof value === 'string') return halfPair(value)
    if (typeof value === 'number')
      return Number.isFinite(value) ? undefined : 'json: a number does not fit into type float64'
    if (typeof value !== 'object' || value === null) return undefined
    containers.push(value)
    depths.push(depth)
    return depth > MAX_DEPTH ? `exceeded max depth ${MAX_DEPTH}` : undefined
  }
  let problem = visit(root, 0)
  for (let top = containers.pop(); top !== undefined && problem === undefined; top = containers.pop()) {
    const depth = (depths.pop() ?? 0) + 1
    const inner: readonly unknown[] = Array.isArray(top) ? top : Object.values(top)
    if (values + inner.length > MAX_VALUES) return `more than ${MAX_VALUES} values`
    if (!Array.isArray(top)) problem = firstProblem(Object.keys(top), halfPair)
    problem ??= firstProblem(inner, value => visit(value, depth))
  }
  return problem
}

function firstProblem<T>(values: readonly T[], check: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const problem = check(value)
    if (problem !== undefined) return problem
  }
  return undefined
}

function halfPair(text: string): string | undefined {
  return HALF_PAIR.test(text) ? 'invalid \\u escape: half of a surrogate pair' : undefined
}

/** Bytes of a request body to a JSON value, or what is wrong with them, in the words of Go's decoder where it has any. */

/** Go stops at 10,000; real payloads stay below 30. Everything after this file may recurse. */
const MAX_DEPTH = 1000
/** A payload at the size limit with one value in 25 bytes. More only serves to exhaust the process. */
const MAX_VALUES = 1_000_000
const HALF_PAIR = /\p{Surrogate}/u

export type Payload =
  | { readonly is: 'json'; readonly value: unknown }
  | { readonly is: 'empty' }
  | { readonly is: 'unreadable'; readonly message: string }

export function readPayload(body: Uint8Array): Payload {
  if (body.length === 0) return { is: 'empty' }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
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

function goKind(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Walks with its own stack: depth and size are what is being checked. */
function limitProblem(root: unknown): string | undefined {
  const stack: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }]
  let values = 0
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { value, depth } = top
    values += 1
    if (depth > MAX_DEPTH) return `exceeded max depth ${MAX_DEPTH}`
    if (values > MAX_VALUES) return `more than ${MAX_VALUES} values`
    if (typeof value === 'string') {
      if (HALF_PAIR.test(value)) return 'invalid \\u escape: half of a surrogate pair'
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) return 'json: a number does not fit into type float64'
    } else if (typeof value === 'object' && value !== null) {
      for (const key of Array.isArray(value) ? [] : Object.keys(value)) {
        if (HALF_PAIR.test(key)) return 'invalid \\u escape: half of a surrogate pair'
      }
      for (const inner of Object.values(value)) stack.push({ value: inner, depth: depth + 1 })
    }
  }
  return undefined
}

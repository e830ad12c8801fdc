/** The functions that Tekton Triggers adds to CEL, as far as we have them; those of cel-go's strings extension besides. */
import type { CelFunc, CelInput, CelList } from '@bufbuild/cel'
import { celFromJson, jsonFromCel } from './json.js'
import { celLibrary, stringFunctions } from './library.js'

const { CelScalar, celMethod, isCelList, listType, mapType } = celLibrary()
const { BOOL, DYN, INT, STRING } = CelScalar
const MAP = mapType(DYN, DYN)
const LIST = listType(DYN)

/** `canonical` spells a header's name as Go does; `text` writes JSON as Go does. */
export interface Spelling {
  readonly canonical: (header: string) => string
  readonly text: (json: unknown) => string
}

export function triggerFunctions({ canonical, text }: Spelling): readonly CelFunc[] {
  const firstValue = (header: { get(key: string): unknown }, name: string): string | undefined => {
    const values = header.get(canonical(name))
    const first = isCelList(values) ? values.get(0) : undefined
    return typeof first === 'string' ? first : undefined
  }
  const marshal = (value: CelList | Parameters<typeof jsonFromCel>[0]): string => {
    const json = jsonFromCel(value)
    if (json.is === 'none') throw new Error(`failed to marshal value to JSON: unsupported type ${json.type}`)
    return text(json.value)
  }
  return [
    ...stringFunctions(),
    celMethod('match', MAP, [STRING, STRING], BOOL, function (name, value) {
      return firstValue(this, name) === value
    }),
    celMethod('canonical', MAP, [STRING], STRING, function (name) {
      return firstValue(this, name) ?? ''
    }),
    celMethod('truncate', STRING, [INT], STRING, function (length) {
      return truncate(this, Number(length))
    }),
    celMethod('parseJSON', STRING, [], MAP, function () {
      return parseJson(this) as Map<string, CelInput>
    }),
    celMethod('parseURL', STRING, [], MAP, function () {
      return celFromJson(parseUrl(this), UNLIMITED) as Map<string, CelInput>
    }),
    celMethod('marshalJSON', MAP, [], STRING, function () {
      return marshal(this)
    }),
    celMethod('marshalJSON', LIST, [], STRING, function () {
      return marshal(this)
    }),
    celMethod('first', LIST, [], DYN, function () {
      return this.get(0) ?? null
    }),
    celMethod('last', LIST, [], DYN, function () {
      return this.get(this.size - 1) ?? null
    }),
  ]
}

/** Constant in time by its caller; true when `text` is the value of the key of that Secret of the trigger's namespace. */
export function compareSecretFunctions(
  equals: (text: string, key: string, name: string) => boolean,
): readonly CelFunc[] {
  return [
    celMethod('compareSecret', STRING, [STRING, STRING], BOOL, function (key, name) {
      return equals(this, key, name)
    }),
    // The namespace is accepted and ignored, as Triggers does: Secrets of other namespaces are nobody's business here.
    celMethod('compareSecret', STRING, [STRING, STRING, STRING], BOOL, function (key, name, _namespace) {
      return equals(this, key, name)
    }),
  ]
}

/** What was made inside the expression is bounded by what it was made of. */
const UNLIMITED = { left: Number.POSITIVE_INFINITY }

/** Bytes, as Go cuts strings; half a character at the end becomes U+FFFD. */
function truncate(text: string, bytes: number): string {
  if (bytes < 0) throw new Error(`truncate of a negative length ${bytes}`)
  const encoded = Buffer.from(text)
  return encoded.length <= bytes ? text : encoded.subarray(0, bytes).toString()
}

function parseJson(text: string): CelInput {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Error('failed to decode the text in parseJSON: it is not JSON', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('failed to decode the text in parseJSON: it is not a JSON object')
  }
  return celFromJson(value, UNLIMITED)
}

function parseUrl(text: string): unknown {
  if (!URL.canParse(text)) throw new Error('failed to parse the text in parseURL: it is not an absolute URL')
  const url = new URL(text)
  const names = [...new Set(url.searchParams.keys())]
  const queryStrings = Object.fromEntries(names.map(name => [name, url.searchParams.getAll(name)]))
  const { username, password } = url
  return {
    scheme: url.protocol.slice(0, -1),
    host: url.host,
    path: decodeURI(url.pathname),
    rawQuery: url.search.slice(1),
    fragment: decodeURIComponent(url.hash.slice(1)),
    query: Object.fromEntries(Object.entries(queryStrings).map(([name, values]) => [name, values.join(',')])),
    queryStrings,
    ...(username === '' && password === '' ? {} : { auth: { username, ...(password === '' ? {} : { password }) } }),
  }
}

/** The object that a request brings, read as its content type says. */
import { describeError } from '../lib/fault.js'
import { isRecord } from '../resources/shape.js'
import { readYaml } from '../resources/yaml-source.js'
import { duplicateFields } from './duplicate-fields.js'
import type { ApiRequest } from './request.js'
import { ApiError, badRequest, unsupportedMediaType } from './status.js'

export interface Body {
  readonly value: unknown
  /** Paths that are given twice: the last one counts. */
  readonly duplicates: readonly string[]
}

const MEDIA_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const MAX_SUMMARY_CHARS = 30
/** Reading YAML is a hundred times as slow as JSON, and nobody else is answered meanwhile. Clients send JSON. */
const MAX_YAML_BYTES = 512 * 1024

/** @throws ApiError 400, 413, 415. Of which kind it should be is for the message. */
export async function readObject(request: ApiRequest, kind: string): Promise<Body> {
  const media = mediaTypeOf(request)
  if (media === '' || media === 'application/json') return readJsonObject(await request.readBody(), kind)
  if (media !== 'application/yaml') throw unsupportedMediaType(MEDIA_TYPES)
  return { value: readYamlBody(await request.readBody(), kind), duplicates: [] }
}

export function mediaTypeOf({ headers }: Pick<ApiRequest, 'headers'>): string {
  return (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
}

function readJsonObject(bytes: Buffer, kind: string): Body {
  const text = bytes.toString('utf8')
  try {
    const value = JSON.parse(text) as unknown
    // A text that is just what its value is written as gives nothing twice: most programs write so, and it is soon told.
    const isPlain = JSON.stringify(value) === text.trimEnd()
    return { value, duplicates: isPlain ? [] : duplicateFields(text) }
  } catch (error) {
    const why = bytes.length === 0 ? 'unexpected end of JSON input' : describeError(error)
    throw unrecognised(kind, `couldn't get version/kind; json parse error: ${why}`, bytes)
  }
}

/** A JSON text is YAML, too: it is what `kubectl apply` sends. @throws ApiError 400, 413 */
export function readYamlBody(bytes: Buffer, kind: string): unknown {
  const text = bytes.toString('utf8')
  const json = bytes[0] === 0x7b ? jsonIn(text) : undefined
  if (json !== undefined) return json
  if (bytes.length > MAX_YAML_BYTES) {
    const wayOut = 'send it as JSON, which is YAML, too'
    throw new ApiError(413, 'RequestEntityTooLarge', `the YAML is over ${MAX_YAML_BYTES} bytes: ${wayOut}`)
  }
  const answer = readYaml(text, 1)
  if (answer.is === 'refused') {
    throw unrecognised(kind, `error converting YAML to JSON: yaml: line ${answer.line}: ${answer.message}`, bytes)
  }
  return plain(answer.document.value ?? null)
}

/** Undefined when it is none, or gives a key twice, which YAML does not allow. */
function jsonIn(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown
    return duplicateFields(text).length === 0 ? value : undefined
  } catch {
    return undefined // YAML may be written like this; if it is wrong, its reader says where
  }
}

/** Integers beyond JavaScript's become numbers, as in any other JSON reader. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
  return value
}

function unrecognised(kind: string, why: string, bytes: Buffer) {
  const summary = bytes.length === 0 ? '<empty>' : kind === 'Secret' ? 'not shown' : shown(bytes)
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summary})`)
}

/** As an API server shows it: what looks like JSON as it is, anything else in hexadecimal. */
function shown(bytes: Buffer): string {
  const head = bytes.subarray(0, MAX_SUMMARY_CHARS)
  const text = bytes[0] === 0x7b ? head.toString('utf8') : head.toString('hex')
  return bytes.length > MAX_SUMMARY_CHARS ? `${text} ...` : text
}

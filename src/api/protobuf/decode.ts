/** Objects in Kubernetes' protobuf, as the JSON that they would be otherwise. Pure. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { DELETE_OPTIONS, type Field, type FieldType, MESSAGES, type Message, objectMeta } from './messages.js'
import { WORKLOAD_MESSAGES } from './workload-messages.js'

/** What every such body begins with. */
const MAGIC = Buffer.from('k8s\0')

/** Around the object: its apiVersion and kind, and its bytes. */
const ENVELOPE: Message = {
  1: field('typeMeta', { 1: field('apiVersion', 'string'), 2: field('kind', 'string') }),
  2: field('raw', 'bytes'),
}

export type Decoded =
  | { readonly is: 'object'; readonly object: object }
  /** A kind that is not in our table: it has to come as JSON. */
  | { readonly is: 'unknown'; readonly apiVersion: string; readonly kind: string }

/** @throws Error when the bytes are no such body */
export function decodeObject(bytes: Buffer): Decoded {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('it does not begin with "k8s" and a zero byte')
  const { typeMeta, raw } = decodeMessage(ENVELOPE, bytes.subarray(MAGIC.length)) as Envelope
  const { apiVersion = '', kind = '' } = typeMeta ?? {}
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
  const name = `${group}/${kind}`
  const content = Buffer.from(raw ?? '', 'base64')
  const message = kind === 'DeleteOptions' ? DELETE_OPTIONS : Object.hasOwn(MESSAGES, name) ? MESSAGES[name] : undefined
  if (message !== undefined) return { is: 'object', object: { apiVersion, kind, ...decodeMessage(message, content) } }
  const workload = Object.hasOwn(WORKLOAD_MESSAGES, name) ? WORKLOAD_MESSAGES[name] : undefined
  if (workload === undefined || !isCovered(workload, content)) return { is: 'unknown', apiVersion, kind }
  return { is: 'object', object: { apiVersion, kind, ...decodeMessage(workload, content) } }
}

/** Whether everything that is set in it has a field in the message. */
function isCovered(message: Message, bytes: Uint8Array): boolean {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    const known = Object.hasOwn(message, number) ? message[number] : undefined
    if (known !== undefined && typeof known.type !== 'string' && wireType === WireType.LengthDelimited) {
      const inner = reader.bytes()
      // Of metadata the server knows better.
      if (known.type !== objectMeta && !isCovered(known.type, inner)) return false
    } else if (known !== undefined && wireType === wireTypeOf(known.type)) reader.skip(wireType, number)
    else if (!reader.skip(wireType, number).every(byte => byte === 0)) return false
  }
  return true
}

interface Envelope {
  readonly typeMeta?: { readonly apiVersion?: string; readonly kind?: string }
  /** In base64, as all bytes are in JSON. */
  readonly raw?: string
}

function decodeMessage(message: Message, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const decoded: Record<string, unknown> = {}
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    const known = Object.hasOwn(message, number) ? message[number] : undefined
    if (known === undefined || wireType !== wireTypeOf(known.type)) reader.skip(wireType, number)
    else add(decoded, known, decodeValue(known.type, reader))
  }
  return decoded
}

function add(decoded: Record<string, unknown>, { name, type, repeated }: Field, value: unknown): void {
  if (repeated) decoded[name] = [...((decoded[name] as unknown[] | undefined) ?? []), value]
  else if (name === '') Object.assign(decoded, value)
  else if (type === 'map' || type === 'map of bytes' || type === 'map of quantities') {
    decoded[name] = Object.fromEntries([...Object.entries(decoded[name] ?? {}), value as [string, string]])
  }
  // Go's encoder writes out texts and times that are not set; its JSON leaves them out.
  else if (value !== '' && value !== undefined) decoded[name] = value
}

function decodeValue(type: FieldType, reader: BinaryReader): unknown {
  switch (type) {
    case 'string':
      return reader.string()
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64')
    case 'int':
      return Number(reader.int64())
    case 'positive':
      return Number(reader.int64()) || undefined
    case 'bool':
      return reader.bool()
    case 'map':
      return decodeEntry('string', reader.bytes())
    case 'map of bytes':
      return decodeEntry('bytes', reader.bytes())
    case 'map of quantities':
      return decodeEntry(QUANTITY, reader.bytes())
    case 'int or string': {
      const { type: kind, number = 0, text = '' } = decodeMessage(INT_OR_STRING, reader.bytes()) as IntOrString
      return kind === 1 ? text : number
    }
    case 'ignored':
      reader.bytes()
      return undefined
    case 'time':
      return timeText(decodeMessage(TIME, reader.bytes()))
    case 'json': {
      const { raw } = decodeMessage(JSON_BYTES, reader.bytes()) as { raw?: string }
      return raw === undefined ? undefined : (JSON.parse(Buffer.from(raw, 'base64').toString('utf8')) as unknown)
    }
    default:
      return decodeMessage(type, reader.bytes())
  }
}

interface IntOrString {
  readonly type?: number
  readonly number?: number
  readonly text?: string
}

const INT_OR_STRING: Message = { 1: field('type', 'int'), 2: field('number', 'int'), 3: field('text', 'string') }
const QUANTITY: Message = { 1: field('text', 'string') }
const TIME: Message = { 1: field('seconds', 'int') }
const JSON_BYTES: Message = { 1: field('raw', 'bytes') }

function decodeEntry(type: 'string' | 'bytes' | typeof QUANTITY, bytes: Uint8Array): [key: string, value: string] {
  const { key = '', value = '' } = decodeMessage({ 1: field('key', 'string'), 2: field('value', type) }, bytes) as {
    key?: string
    value?: string | { readonly text?: string }
  }
  return [key, typeof value === 'string' ? value : (value.text ?? '')]
}

function timeText({ seconds }: { readonly seconds?: number }): string | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

function wireTypeOf(type: FieldType): WireType {
  return type === 'int' || type === 'positive' || type === 'bool' ? WireType.Varint : WireType.LengthDelimited
}

function field(name: string, type: FieldType): Field {
  return { name, type, repeated: false }
}

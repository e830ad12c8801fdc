/** Objects in Kubernetes' protobuf, as the JSON that they would be otherwise. Pure. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { DELETE_OPTIONS, type Field, type FieldType, MESSAGES, type Message } from './messages.js'

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
  const message = kind === 'DeleteOptions' ? DELETE_OPTIONS : Object.hasOwn(MESSAGES, name) ? MESSAGES[name] : undefined
  if (message === undefined) return { is: 'unknown', apiVersion, kind }
  const content = decodeMessage(message, Buffer.from(raw ?? '', 'base64'))
  return { is: 'object', object: { apiVersion, kind, ...content } }
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
  else if (type === 'map' || type === 'map of bytes') {
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
    case 'bool':
      return reader.bool()
    case 'map':
      return decodeEntry('string', reader.bytes())
    case 'map of bytes':
      return decodeEntry('bytes', reader.bytes())
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

const TIME: Message = { 1: field('seconds', 'int') }
const JSON_BYTES: Message = { 1: field('raw', 'bytes') }

function decodeEntry(type: 'string' | 'bytes', bytes: Uint8Array): [key: string, value: string] {
  const { key = '', value = '' } = decodeMessage({ 1: field('key', 'string'), 2: field('value', type) }, bytes) as {
    key?: string
    value?: string
  }
  return [key, value]
}

function timeText({ seconds }: { readonly seconds?: number }): string | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

function wireTypeOf(type: FieldType): WireType {
  return type === 'int' || type === 'bool' ? WireType.Varint : WireType.LengthDelimited
}

function field(name: string, type: FieldType): Field {
  return { name, type, repeated: false }
}

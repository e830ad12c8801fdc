/**
 * OpenAPI v2 as protobuf, which is the only form kubectl takes it in: the message openapi.v2.Document of gnostic, as far
 * as our documents use it. Field numbers are those of its openapiv2.proto.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { OperationV2, ParameterV2, PartsV2, PathV2 } from './document-v2.js'
import type { Schema } from './schema.js'

type Writer = InstanceType<typeof BinaryWriter>

/**
 * Its bytes, piece by piece. Each piece has all paths or all definitions as a message with one of them in it: whoever
 * reads a message twice puts the two together.
 */
export function* protobufParts({ version, paths, definitions }: PartsV2): Generator<Uint8Array> {
  yield part(writer => {
    text(writer, 1, '2.0')
    message(writer, 2, () => {
      text(writer, 1, 'Kubernetes')
      text(writer, 2, version)
    })
  })
  for (const [name, path] of paths) {
    yield part(writer => message(writer, 8, () => named(writer, 2, { [name]: path }, each => writePath(writer, each))))
  }
  for (const [name, schema] of definitions) {
    yield part(writer =>
      message(writer, 9, () => named(writer, 1, { [name]: schema }, each => writeSchema(writer, each))),
    )
  }
}

function part(write: (writer: Writer) => void): Uint8Array {
  const writer = new BinaryWriter()
  write(writer)
  return writer.finish()
}

function writePath(writer: Writer, { parameters, ...operations }: PathV2): void {
  const numbers = { get: 2, put: 3, post: 4, delete: 5, patch: 8 }
  for (const method of ['get', 'put', 'post', 'delete', 'patch'] as const) {
    const operation = operations[method]
    if (operation) message(writer, numbers[method], () => writeOperation(writer, operation))
  }
  writeParameters(writer, 9, parameters)
}

function writeOperation(writer: Writer, operation: OperationV2): void {
  const { operationId, produces, consumes, parameters, responses } = operation
  text(writer, 5, operationId)
  for (const type of produces) text(writer, 6, type)
  for (const type of consumes ?? []) text(writer, 7, type)
  writeParameters(writer, 8, parameters)
  message(writer, 9, () =>
    named(writer, 1, responses, ({ description, schema }) =>
      // One of several kinds of responses, of schemas: the first.
      message(writer, 1, () => {
        text(writer, 1, description)
        message(writer, 2, () => message(writer, 1, () => writeSchema(writer, schema)))
      }),
    ),
  )
  writeExtensions(writer, 13, operation)
}

function writeParameters(writer: Writer, field: number, parameters: readonly ParameterV2[] | undefined): void {
  for (const parameter of parameters ?? []) {
    message(writer, field, () => message(writer, 1, () => writeParameter(writer, parameter)))
  }
}

function writeParameter(writer: Writer, parameter: ParameterV2): void {
  if (parameter.in === 'body') {
    message(writer, 1, () => {
      text(writer, 2, parameter.name)
      text(writer, 3, parameter.in)
      flag(writer, 4, parameter.required)
      message(writer, 5, () => writeSchema(writer, parameter.schema))
    })
    return
  }
  const isQuery = parameter.in === 'query'
  // Parameters in queries may be empty, which puts the numbers behind that one up.
  message(writer, 2, () =>
    message(writer, isQuery ? 3 : 4, () => {
      flag(writer, 1, parameter.required)
      text(writer, 2, parameter.in)
      text(writer, 3, parameter.description)
      text(writer, 4, parameter.name)
      text(writer, isQuery ? 6 : 5, parameter.type)
      flag(writer, isQuery ? 20 : 19, parameter.uniqueItems)
    }),
  )
}

function writeSchema(writer: Writer, schema: Schema): void {
  const { $ref, format, description, required = [], additionalProperties, type, items, properties } = schema
  text(writer, 1, $ref)
  text(writer, 2, format)
  text(writer, 4, description)
  if (schema.default !== undefined) message(writer, 5, () => text(writer, 2, JSON.stringify(schema.default)))
  for (const name of required) text(writer, 19, name)
  for (const value of schema.enum ?? []) message(writer, 20, () => text(writer, 2, JSON.stringify(value)))
  if (typeof additionalProperties === 'object') {
    message(writer, 21, () => message(writer, 1, () => writeSchema(writer, additionalProperties)))
  } else if (additionalProperties) message(writer, 21, () => flag(writer, 2, true))
  if (type !== undefined) message(writer, 22, () => text(writer, 1, type))
  if (items) message(writer, 23, () => message(writer, 1, () => writeSchema(writer, items)))
  if (properties) message(writer, 25, () => named(writer, 1, properties, each => writeSchema(writer, each)))
  writeExtensions(writer, 31, schema)
}

/** Their values are YAML, of which JSON is a part. */
function writeExtensions(writer: Writer, field: number, values: object): void {
  for (const [name, value] of Object.entries(values)) {
    if (!name.startsWith('x-')) continue
    message(writer, field, () => {
      text(writer, 1, name)
      message(writer, 2, () => text(writer, 2, JSON.stringify(value)))
    })
  }
}

/** Maps are lists of a name and a value. */
function named<T>(writer: Writer, field: number, values: Readonly<Record<string, T>>, write: (value: T) => void): void {
  for (const [name, value] of Object.entries(values)) {
    message(writer, field, () => {
      text(writer, 1, name)
      message(writer, 2, () => write(value))
    })
  }
}

function message(writer: Writer, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork()
  write()
  writer.join()
}

function text(writer: Writer, field: number, value: string | undefined): void {
  if (value !== undefined && value !== '') writer.tag(field, WireType.LengthDelimited).string(value)
}

function flag(writer: Writer, field: number, value: boolean | undefined): void {
  if (value) writer.tag(field, WireType.Varint).bool(true)
}

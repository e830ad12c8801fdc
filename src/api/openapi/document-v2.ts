/** OpenAPI v2: one document for everything, as kubectl before 1.27 reads it. Pure. */
import { definitionsOf, listNameOf, STATUS_NAME } from './definitions.js'
import type { ServedKind } from './documented-kinds.js'
import { type Operation, type Path, pathsOf } from './operations.js'
import { refTo, type Schema } from './schema.js'
import { nameOf } from './schemas.js'

export interface DocumentV2 {
  readonly swagger: '2.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, PathV2>>
  readonly definitions: Readonly<Record<string, Schema>>
}

export type PathV2 = Readonly<Partial<Record<Operation['method'], OperationV2>>> & {
  readonly parameters?: readonly ParameterV2[]
}

export interface OperationV2 {
  readonly operationId: string
  readonly consumes?: readonly string[]
  readonly produces: readonly string[]
  readonly parameters: readonly ParameterV2[]
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>
  readonly 'x-kubernetes-action': string
  readonly 'x-kubernetes-group-version-kind': Operation['kind']
}

export type ParameterV2 =
  | {
      readonly in: 'query' | 'path'
      readonly name: string
      readonly type: string
      readonly description?: string
      readonly required?: true
      readonly uniqueItems: true
    }
  | { readonly in: 'body'; readonly name: string; readonly required: true; readonly schema: Schema }

/** Piece by piece: nobody has to hold all of it at once. */
export interface PartsV2 {
  readonly version: string
  readonly paths: Iterable<readonly [string, PathV2]>
  readonly definitions: Iterable<readonly [string, Schema]>
}

export function partsV2(kinds: readonly ServedKind[], version: string): PartsV2 {
  return { version, paths: pathsV2(kinds), definitions: definitionsV2(kinds) }
}

export function openApiV2({ version, paths, definitions }: PartsV2): DocumentV2 {
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(paths),
    definitions: Object.fromEntries(definitions),
  }
}

function* pathsV2(kinds: readonly ServedKind[]): Generator<readonly [string, PathV2]> {
  for (const kind of kinds) for (const path of pathsOf(kind.entry, kind.version)) yield pathOf(path, kind)
}

function* definitionsV2(kinds: readonly ServedKind[]): Generator<readonly [string, Schema]> {
  for (const [name, schema] of definitionsOf(kinds)) yield [name, v2Schema(schema)]
}

function pathOf({ path, placeholders, operations }: Path, kind: ServedKind): [string, PathV2] {
  const parameters = placeholders.map(
    (name): ParameterV2 => ({ in: 'path', name, type: 'string', required: true, uniqueItems: true }),
  )
  const methods = operations.map((each): [string, OperationV2] => [each.method, operationOf(each, kind)])
  return [path, { ...Object.fromEntries(methods), ...(parameters.length > 0 && { parameters }) }]
}

function operationOf(operation: Operation, { entry, version }: ServedKind): OperationV2 {
  const { id, action, kind, consumes, answers, method } = operation
  const object = nameOf(entry, version)
  const answer = { object, list: listNameOf(entry, version), status: STATUS_NAME }[answers]
  const body: Schema = method === 'patch' ? {} : { $ref: refTo(object) }
  return {
    operationId: id,
    ...(consumes.length > 0 && { consumes }),
    produces: ['application/json'],
    parameters: [
      ...(consumes.length > 0 ? [{ in: 'body' as const, name: 'body', required: true as const, schema: body }] : []),
      ...operation.parameters.map(each => ({ in: 'query' as const, ...each, uniqueItems: true as const })),
    ],
    responses: { 200: { description: 'OK', schema: { $ref: refTo(answer) } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
  }
}

/** What v2 cannot say, and what kubectl would misread. */
const UNSAID = ['allOf', 'anyOf', 'oneOf', 'not', 'nullable'] as const

/**
 * As Kubernetes publishes definitions of others in v2. kubectl refuses fields that it does not find: where unknown ones
 * may be, it must not find any.
 */
export function v2Schema(schema: Schema): Schema {
  const { properties, items, additionalProperties, required, ...rest } = schema
  for (const name of UNSAID) delete (rest as Record<string, unknown>)[name]
  if (schema['x-kubernetes-preserve-unknown-fields'] || schema.nullable) return untyped(rest)
  if (schema.type === 'array' && items === undefined) return untyped(rest)
  const needed = required?.filter(name => !properties?.[name]?.nullable) ?? []
  return {
    ...rest,
    ...(needed.length > 0 && { required: needed }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, v2Schema(each)])),
    }),
    ...(items && { items: v2Schema(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? v2Schema(additionalProperties) : additionalProperties,
    }),
  }
}

function untyped({ type: _, $ref: __, ...rest }: Schema): Schema {
  return rest['x-kubernetes-group-version-kind'] === undefined ? rest : { ...rest, type: 'object' }
}

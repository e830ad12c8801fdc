/** OpenAPI v3: a document for each group and version. Pure. */
import { definitionsOf, listNameOf, STATUS_NAME } from './definitions.js'
import type { ServedKind } from './documented-kinds.js'
import { type Operation, type Parameter, type Path, pathsOf } from './operations.js'
import { nameIn, type Schema } from './schema.js'
import { nameOf } from './schemas.js'

export function openApiV3(kinds: readonly ServedKind[], version: string): object {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(kinds.flatMap(kind => pathsOf(kind.entry, kind.version).map(path => pathOf(path, kind)))),
    components: {
      schemas: Object.fromEntries(definitionsOf(kinds).map(([name, schema]) => [name, v3Schema(schema)])),
      securitySchemes: {
        BearerToken: {
          description: 'Bearer Token authentication',
          type: 'apiKey',
          name: 'authorization',
          in: 'header',
        },
      },
    },
  }
}

function pathOf({ path, placeholders, operations }: Path, kind: ServedKind): [string, object] {
  const parameters = placeholders.map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  const methods = operations.map((each): [string, object] => [each.method, operationOf(each, kind)])
  return [path, { ...Object.fromEntries(methods), ...(parameters.length > 0 && { parameters }) }]
}

function operationOf(operation: Operation, { entry, version }: ServedKind): object {
  const { id, action, kind, parameters, consumes, answers, method } = operation
  const object = nameOf(entry, version)
  const answer = { object, list: listNameOf(entry, version), status: STATUS_NAME }[answers]
  // A patch may be a list, or a part of the object.
  const body = method === 'patch' ? {} : v3Ref(object)
  return {
    operationId: id,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
    parameters: parameters.map(parameterOf),
    ...(consumes.length > 0 && {
      requestBody: {
        required: true,
        content: Object.fromEntries(consumes.map(type => [type, { schema: body }])),
      },
    }),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: v3Ref(answer) } } } },
  }
}

function parameterOf({ name, type, description }: Parameter): object {
  return { name, in: 'query', description, schema: { type, uniqueItems: true } }
}

/** References stand alone in v3: what is beside them goes around them. */
export function v3Schema({ $ref, properties, items, additionalProperties, ...rest }: Schema): object {
  if ($ref !== undefined) {
    const ref = v3Ref(nameIn($ref))
    return Object.keys(rest).length === 0 ? ref : { ...rest, allOf: [ref] }
  }
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, v3Schema(schema)])),
    }),
    ...(items && { items: v3Schema(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? v3Schema(additionalProperties) : additionalProperties,
    }),
  }
}

function v3Ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` }
}

/** Shapes as schemas: each named type is a definition, and fields refer to it. Pure. */
import { DESCRIPTIONS, KIND_DESCRIPTIONS, KIND_FIELDS } from '../../resources/descriptions.js'
import { ANYTHING, SCALAR_SCHEMAS } from '../../resources/scalar-schemas.js'
import type { Fields, Shape } from '../../resources/shape.js'
import { type DocumentedKind, shapesOf } from './documented-kinds.js'
import { definitionPackage, kubernetesName, refTo, type Schema } from './schema.js'

/** The definitions of a kind of ours, in one of its versions, added to those that are there. */
export function defineKind(
  { group, kind }: Pick<DocumentedKind, 'group' | 'kind'>,
  version: string,
  definitions: Map<string, Schema>,
): void {
  const prefix = definitionPackage(group, version)
  const describe = (name: keyof typeof KIND_FIELDS, schema: Schema): Schema => ({
    description: KIND_FIELDS[name],
    ...schema,
  })
  const shapes = shapesOf(kind, version)
  const part = (name: 'spec' | 'status'): Readonly<Record<string, Schema>> => {
    const shape = shapes[name]
    return shape === undefined ? {} : { [name]: describe(name, schemaOfShape(shape, prefix, definitions)) }
  }
  definitions.set(`${prefix}.${kind}`, {
    description: KIND_DESCRIPTIONS[kind] ?? '',
    type: 'object',
    properties: {
      apiVersion: describe('apiVersion', { type: 'string' }),
      kind: describe('kind', { type: 'string' }),
      metadata: describe('metadata', { $ref: refTo(kubernetesName('ObjectMeta')) }),
      ...part('spec'),
      ...part('status'),
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  })
}

function schemaOfShape(shape: Shape, prefix: string, definitions: Map<string, Schema>): Schema {
  if (typeof shape === 'function') return schemaOfShape(shape(), prefix, definitions)
  if (typeof shape === 'string') return SCALAR_SCHEMAS[shape]
  // As in Tekton's own definitions.
  if ('list' in shape) {
    const items = schemaOfShape(shape.list, prefix, definitions)
    return { type: 'array', items, 'x-kubernetes-list-type': 'atomic' }
  }
  if ('map' in shape) {
    return { type: 'object', additionalProperties: schemaOfShape(shape.map, prefix, definitions) }
  }
  if (shape.kubernetes !== undefined) return { $ref: refTo(kubernetesName(shape.kubernetes)) }
  if (shape.type === undefined) throw new Error(`a type without a name: ${Object.keys(shape.fields).join(', ')}`)
  const name = `${prefix}.${shape.type}`
  // Before its fields: a type may be part of itself.
  if (!definitions.has(name)) {
    definitions.set(name, {})
    definitions.set(name, definitionOf(shape, DESCRIPTIONS[shape.type], prefix, definitions))
  }
  // The same type may be read by a schema in one place, and by Tekton's own decoder in another.
  return { $ref: refTo(name), ...(shape.schemaless && ANYTHING) }
}

function definitionOf(
  { fields, required = [], open }: Fields,
  { about, fields: descriptions }: (typeof DESCRIPTIONS)[keyof typeof DESCRIPTIONS],
  prefix: string,
  definitions: Map<string, Schema>,
): Schema {
  const properties = Object.entries(fields).map(([name, shape]): [string, Schema] => [
    name,
    { ...described(descriptions[name]), ...schemaOfShape(shape, prefix, definitions) },
  ])
  return {
    description: about,
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(properties),
    ...(open && ANYTHING),
  }
}

function described(description: string | undefined): Pick<Schema, 'description'> {
  return description === undefined ? {} : { description }
}

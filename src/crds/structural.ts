/**
 * Shapes as structural schemas, which is what CustomResourceDefinitions hold: one tree without references. What has no
 * schema in Tekton's definitions either (tasks and pipelines inside of runs and pipelines, which would go on for ever) is
 * an object of anything; whatever may stand anywhere is kept as it is. Pure.
 */
import { DESCRIPTIONS } from '../resources/descriptions.js'
import type { JsonSchema } from '../resources/json-schema.js'
import { ANYTHING, SCALAR_SCHEMAS } from '../resources/scalar-schemas.js'
import type { Fields, Shape } from '../resources/shape.js'

/** What is said about the fields of a type of Kubernetes' own. */
export interface KubernetesWords {
  readonly about?: string
  /** Undefined for what Kubernetes' type has no field of. */
  field(name: string): KubernetesWords | undefined
}

export interface StructuralOptions {
  /** Types are checked, names are not: fields that nobody knows stay, and none is required under just this name. */
  readonly keepsUnknown?: true
  readonly wordsOf: (kubernetesType: string) => KubernetesWords | undefined
}

/** Of the spec or status of a kind. */
export function structural(shape: Fields, options: StructuralOptions): JsonSchema {
  const { schemaless, ...outermost } = shape
  return schemaOf(outermost, { ...options, ...(schemaless && { keepsUnknown: true }) }, undefined)
}

function schemaOf(shape: Shape, options: StructuralOptions, words: KubernetesWords | undefined): JsonSchema {
  // A shape that is asked for is one inside of itself.
  if (typeof shape === 'function') return SCALAR_SCHEMAS.object
  if (typeof shape === 'string') return SCALAR_SCHEMAS[shape]
  if ('list' in shape) {
    const items = { ...schemaOf(shape.list, options, words), ...(shape.nullItems && { nullable: true }) }
    return { type: 'array', items, 'x-kubernetes-list-type': 'atomic' }
  }
  if ('map' in shape) return { type: 'object', additionalProperties: schemaOf(shape.map, options, undefined) }
  if (shape.schemaless) return { ...about(shape), ...SCALAR_SCHEMAS.object }
  return fieldsSchema(shape, options, shape.kubernetes === undefined ? words : options.wordsOf(shape.kubernetes))
}

function fieldsSchema(shape: Fields, options: StructuralOptions, words: KubernetesWords | undefined): JsonSchema {
  const { fields, required = [], open, type } = shape
  const descriptions = type === undefined ? undefined : DESCRIPTIONS[type].fields
  const properties = Object.entries(fields).map(([name, field]): [string, JsonSchema] => {
    const inner = descriptions === undefined ? words?.field(name) : undefined
    const schema = schemaOf(field, options, inner)
    const description = descriptions?.[name] ?? inner?.about
    return [name, description === undefined ? schema : { ...schema, description }]
  })
  return {
    ...about(shape),
    type: 'object',
    ...(required.length > 0 && !options.keepsUnknown && { required }),
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    ...((open || options.keepsUnknown) && ANYTHING),
  }
}

function about({ type }: Fields): Pick<JsonSchema, 'description'> {
  return type === undefined ? {} : { description: DESCRIPTIONS[type].about }
}

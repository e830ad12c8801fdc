/** OpenAPI v3 schemas as CustomResourceDefinitions hold them, once `admission/custom/schema-fields.ts` has looked at them. */
import { isRecord } from './shape.js'

export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly format?: string
  readonly description?: string
  readonly title?: string
  readonly nullable?: boolean
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  /** In code points. */
  readonly minLength?: number
  readonly maxLength?: number
  /** Of RE2; may match anywhere. */
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly allOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly not?: JsonSchema
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular'
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[]
}

export interface ValidationRule {
  /** CEL over `self` and, in an update, `oldSelf`. */
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate'
  /** Relative to where the rule stands, as in `.spec.size`. */
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

/** What the definition says of a property; members of an object's prototype are no properties. */
export function propertyOf({ properties }: JsonSchema, name: string): JsonSchema | undefined {
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
}

/** The schema of what `properties` does not name, if there is one. */
export function additionalSchema({ additionalProperties }: JsonSchema): JsonSchema | undefined {
  return isRecord(additionalProperties) ? (additionalProperties as JsonSchema) : undefined
}

/** The schema of a property, named or not. */
export function schemaOfKey(schema: JsonSchema, key: string): JsonSchema | undefined {
  return propertyOf(schema, key) ?? additionalSchema(schema)
}

/** The schemas of the shapes that have no parts. */
import type { JsonSchema } from './json-schema.js'
import type { Shape } from './shape.js'

/** What anything may be. */
export const ANYTHING: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true }

/** Of values without parts. */
export const SCALAR_SCHEMAS: Readonly<Record<Extract<Shape, string>, JsonSchema>> = {
  string: { type: 'string' },
  timestamp: { type: 'string', format: 'date-time' },
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  'int-or-string': { 'x-kubernetes-int-or-string': true },
  quantity: { 'x-kubernetes-int-or-string': true },
  duration: { type: 'string' },
  base64: { type: 'string', format: 'byte' },
  'param-value': ANYTHING,
  any: ANYTHING,
  object: { type: 'object', ...ANYTHING },
}

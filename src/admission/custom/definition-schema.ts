/** The schema of one version of a CustomResourceDefinition: whether it may be one, from the outside to the inside. */
import type { JsonSchema } from '../../resources/json-schema.js'
import type { Problem } from '../../resources/problem.js'
import { schemaFieldProblems } from './schema-fields.js'
import { structuralProblems } from './structural.js'

/** Each look counts on what those before it found to be right. */
export function schemaProblems(schema: unknown, path: string): readonly Problem[] {
  const fields = schemaFieldProblems(schema, path)
  if (fields.length > 0) return fields
  return structuralProblems(schema as JsonSchema, path)
}

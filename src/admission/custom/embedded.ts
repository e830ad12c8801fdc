/** Objects inside of objects (x-kubernetes-embedded-resource): they have a kind as every object. Texts of Kubernetes. */
import { fieldInvalid, fieldRequired } from '../../resources/field-problems.js'
import { type JsonSchema, schemaOfKey } from '../../resources/json-schema.js'
import type { Problem } from '../../resources/problem.js'
import { isRecord, type Json } from '../../resources/shape.js'
import { wrongLabel } from './dns-names.js'

export function embeddedProblems(schema: JsonSchema | undefined, value: unknown, path: string): readonly Problem[] {
  if (schema === undefined) return []
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => embeddedProblems(schema.items, item, `${path}[${index}]`))
  }
  if (!isRecord(value)) return []
  const inside = Object.entries(value).flatMap(([key, inner]) =>
    embeddedProblems(schemaOfKey(schema, key), inner, path === '' ? key : `${path}.${key}`),
  )
  return schema['x-kubernetes-embedded-resource'] ? [...envelopeProblems(value, path), ...inside] : inside
}

function envelopeProblems({ apiVersion, kind, metadata }: Json, path: string): readonly Problem[] {
  const wrongKind = typeof kind === 'string' && kind !== '' ? wrongLabel(kind.toLowerCase()) : undefined
  return [
    ...textProblems(apiVersion, `${path}.apiVersion`),
    ...textProblems(kind, `${path}.kind`),
    ...(wrongKind === undefined
      ? []
      : [fieldInvalid(`${path}.kind`, kind, `may have mixed case, but should otherwise match: ${wrongKind}`)]),
    ...(metadata === undefined || isRecord(metadata)
      ? []
      : [fieldInvalid(`${path}.metadata`, metadata, 'must be an object')]),
  ]
}

function textProblems(value: unknown, path: string): readonly Problem[] {
  if (value === undefined) return [fieldRequired(path)]
  if (typeof value !== 'string') return [fieldInvalid(path, value, 'must be a string')]
  return value === '' ? [fieldInvalid(path, value, 'must not be empty')] : []
}

/** x-kubernetes-list-type and x-kubernetes-map-type: which lists are sets or maps, and by what. Texts of Kubernetes. */
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../../resources/field-problems.js'
import { type JsonSchema, propertyOf } from '../../resources/json-schema.js'
import type { Problem } from '../../resources/problem.js'

export function mapTypeProblems(schema: JsonSchema, path: string): readonly Problem[] {
  const mapType = schema['x-kubernetes-map-type']
  if (mapType === undefined) return []
  const known = mapType === 'atomic' || mapType === 'granular'
  return [
    ...wrongType(schema, 'object', path, 'must be object if x-kubernetes-map-type is specified'),
    ...(known ? [] : [fieldNotSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular'])]),
  ]
}

export function listTypeProblems(schema: JsonSchema, path: string): readonly Problem[] {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const place = `${path}.x-kubernetes-list-type`
  if (listType === undefined) {
    if (keys.length === 0) return []
    return [fieldRequired(place, 'must be map if x-kubernetes-list-map-keys is non-empty')]
  }
  const problems = [...wrongType(schema, 'array', path, 'must be array if x-kubernetes-list-type is specified')]
  if (listType !== 'atomic' && listType !== 'set' && listType !== 'map') {
    return [...problems, fieldNotSupported(place, listType, ['atomic', 'set', 'map'])]
  }
  if (keys.length > 0 && listType !== 'map') {
    problems.push(fieldInvalid(place, listType, 'must be map if x-kubernetes-list-map-keys is non-empty'))
  }
  if (listType !== 'atomic' && schema.items?.nullable) {
    const text = `cannot be nullable when x-kubernetes-list-type is ${listType}`
    problems.push(fieldForbidden(`${path}.items.nullable`, text))
  }
  if (listType === 'set') problems.push(...setProblems(schema.items, `${path}.items`))
  if (listType === 'map') problems.push(...mapProblems(schema, keys, path))
  return problems
}

function wrongType(schema: JsonSchema, wanted: string, path: string, text: string): readonly Problem[] {
  if (schema.type === wanted) return []
  return schema.type ? [fieldInvalid(`${path}.type`, schema.type, text)] : [fieldRequired(`${path}.type`, text)]
}

function setProblems(items: JsonSchema | undefined, path: string): readonly Problem[] {
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  if (items?.type === 'array') {
    const inner = items['x-kubernetes-list-type']
    return inner === undefined || inner === 'atomic'
      ? []
      : [fieldInvalid(`${path}.x-kubernetes-list-type`, inner, text)]
  }
  if (items?.type !== 'object' || items['x-kubernetes-map-type'] === 'atomic') return []
  return [fieldInvalid(`${path}.x-kubernetes-map-type`, items['x-kubernetes-map-type'] ?? null, text)]
}

function mapProblems(schema: JsonSchema, keys: readonly string[], path: string): readonly Problem[] {
  const { items } = schema
  const keysPath = `${path}.x-kubernetes-list-map-keys`
  if (keys.length === 0) return [fieldRequired(keysPath, 'must not be empty if x-kubernetes-list-type is map')]
  if (items === undefined)
    return [fieldRequired(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map')]
  if (items.type !== 'object') {
    const text = "must be object if parent array's x-kubernetes-list-type is map"
    return [fieldInvalid(`${path}.items.type`, items.type ?? '', text)]
  }
  const problems: Problem[] = []
  if (new Set(keys).size < keys.length) {
    problems.push(fieldInvalid(keysPath, keys, 'must not contain duplicate entries'))
  }
  for (const key of new Set(keys)) {
    const property = propertyOf(items, key)
    const place = `${path}.items.properties[${key}]`
    if (property === undefined) {
      problems.push(fieldInvalid(keysPath, keys, 'entries must all be names of item properties'))
      continue
    }
    if (property.type === 'array' || property.type === 'object') {
      const text = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      problems.push(fieldInvalid(`${place}.type`, property.type, text))
    }
    if (!(items.required ?? []).includes(key) && property.default === undefined) {
      const text = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
      problems.push(fieldRequired(`${place}.default`, text))
    }
    if (property.nullable) {
      const text = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'
      problems.push(fieldForbidden(`${place}.nullable`, text))
    }
  }
  return problems
}

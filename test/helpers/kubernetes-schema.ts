/** Objects against the OpenAPI schemas of Kubernetes' own kinds, as they were written when Tektite was built. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { definitionPackage, nameIn, type Schema } from '../../src/api/openapi/schema.js'
import { ROOT } from './cli.js'

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: value => typeof value === 'string',
  boolean: value => typeof value === 'boolean',
  integer: value => Number.isInteger(value),
  number: value => typeof value === 'number',
  array: value => Array.isArray(value),
  object: value => typeof value === 'object' && value !== null && !Array.isArray(value),
}

const definitions = new Map<string, Schema>(
  readFileSync(join(ROOT, 'dist/kubernetes-schemas.txt'), 'utf8')
    .split('\n')
    .filter(line => line.includes('\t'))
    .map(line => {
      const [name = '', schema = ''] = line.split('\t')
      return [name, JSON.parse(schema) as Schema]
    }),
)

/** Whether Kubernetes itself has the kind, and we its schema. */
export function hasKubernetesSchema({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }) {
  return definitions.has(definitionOf(apiVersion, kind))
}

/** Every field that is unknown, missing or of another type, with its path. */
export function kubernetesSchemaProblems(object: {
  readonly apiVersion: string
  readonly kind: string
}): readonly string[] {
  const name = definitionOf(object.apiVersion, object.kind)
  const schema = definitions.get(name)
  return schema === undefined ? [`there is no schema ${name}`] : problemsOf(schema, object, object.kind)
}

function definitionOf(apiVersion: string, kind: string): string {
  const [group, version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  return `${definitionPackage(group ?? '', version)}.${kind}`
}

function problemsOf(schema: Schema, value: unknown, path: string): readonly string[] {
  const { $ref, type, format, properties, required = [], items, additionalProperties } = schema
  if ($ref !== undefined) {
    const target = definitions.get(nameIn($ref))
    return target === undefined ? [`${path}: there is no schema ${nameIn($ref)}`] : problemsOf(target, value, path)
  }
  const isQuantity = format === 'int-or-string' || format === 'quantity'
  if (type !== undefined && !TYPES[type]?.(value) && !(isQuantity && typeof value === 'number')) {
    return [`${path}: ${JSON.stringify(value)} is no ${type}`]
  }
  if (Array.isArray(value)) return items ? value.flatMap((each, i) => problemsOf(items, each, `${path}[${i}]`)) : []
  if (typeof value !== 'object' || value === null) return []
  const missing = required.filter(field => !Object.hasOwn(value, field)).map(field => `${path}: ${field} is missing`)
  const fields = Object.entries(value).flatMap(([field, each]) => {
    const own = properties?.[field] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
    const at = `${path}.${field}`
    if (own !== undefined) return problemsOf(own, each, at)
    return properties === undefined || additionalProperties === true ? [] : [`${at}: there is no such field`]
  })
  return [...missing, ...fields]
}

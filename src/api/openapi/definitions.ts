/** Which definitions the documents of OpenAPI consist of. */
import type { DocumentedKind, ServedKind } from './documented-kinds.js'
import { definitionPackage, kubernetesName, nameIn, refTo, type Schema } from './schema.js'
import { definitionNamed, nameOf, schemaOf } from './schemas.js'

export const STATUS_NAME = kubernetesName('Status')

/** Of these kinds, their lists, and everything that is in them: name and schema, ordered by name. */
export function definitionsOf(kinds: readonly ServedKind[]): readonly (readonly [string, Schema])[] {
  const found = new Map<string, Schema>()
  for (const { entry, version } of kinds) {
    const schema = schemaOf(entry, version)
    if (schema === undefined) continue
    found.set(nameOf(entry, version), schema)
    found.set(listNameOf(entry, version), listOf(entry, version))
  }
  const wanted = [STATUS_NAME, ...[...found.values()].flatMap(referencesIn)]
  for (const name of wanted) {
    if (found.has(name)) continue
    const schema = definitionNamed(name)
    if (schema === undefined) continue
    found.set(name, schema)
    wanted.push(...referencesIn(schema))
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1))
}

export function listNameOf({ group, listKind }: DocumentedKind, version: string): string {
  return `${definitionPackage(group, version)}.${listKind}`
}

function listOf(entry: DocumentedKind, version: string): Schema {
  const { group, kind, listKind } = entry
  return {
    description: `A list of objects of the kind ${kind}.`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: { $ref: refTo(nameOf(entry, version)) } },
      kind: { type: 'string' },
      metadata: { $ref: refTo(kubernetesName('ListMeta')) },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
  }
}

function referencesIn({ $ref, properties, items, additionalProperties }: Schema): readonly string[] {
  if ($ref !== undefined) return [nameIn($ref)]
  return [
    ...Object.values(properties ?? {}).flatMap(referencesIn),
    ...(items === undefined ? [] : referencesIn(items)),
    ...(typeof additionalProperties === 'object' ? referencesIn(additionalProperties) : []),
  ]
}

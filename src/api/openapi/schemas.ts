/** The schema of every kind there is: of shapes, of Kubernetes' own definitions, or of a CustomResourceDefinition. */
import { createHash } from 'node:crypto'
import { BUILT_IN_KINDS } from '../../resources/kind-table.js'
import { type DocumentedKind, isOurs, UNSTORED_KINDS } from './documented-kinds.js'
import { kubernetesDefinition, kubernetesText } from './kubernetes-definitions.js'
import { definitionPackage, kubernetesName, nameIn, refTo, type Schema } from './schema.js'
import { defineKind } from './shape-definitions.js'

export type { Schema }

const shaped = new Map<string, Schema>()
/** Every field of every object that is written is asked for. */
const resolved = new WeakMap<Schema, Schema>()
let sources: string | undefined
const custom = new WeakMap<object, Schema>()

/**
 * The schema of a kind's objects, with apiVersion, kind and metadata; what is inside may be references, which `resolve`
 * follows. A custom kind without a schema is an object of anything. Undefined when the version is not served.
 */
export function schemaOf(entry: DocumentedKind, version: string): Schema | undefined {
  if (!entry.served.includes(version)) return undefined
  return entry.definition === undefined
    ? resolve({ $ref: refTo(nameOf(entry, version)) })
    : customSchema(entry, version)
}

/** What the schema is, when it is a reference: with what stands beside it, such as its description. */
export function resolve(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const known = resolved.get(schema)
  if (known !== undefined) return known
  const { $ref, ...beside } = schema
  const definition = definitionNamed(nameIn($ref))
  if (definition === undefined) throw new Error(`no schema is called ${$ref}`)
  const found = { ...definition, ...beside }
  resolved.set(schema, found)
  return found
}

/** What the definition of a built-in kind is called. */
export function nameOf({ group, kind }: Pick<DocumentedKind, 'group' | 'kind'>, version: string): string {
  return `${definitionPackage(group, version)}.${kind}`
}

export function definitionNamed(name: string): Schema | undefined {
  if (name.startsWith('io.k8s.')) return kubernetesDefinition(name)
  return shapeDefinitions().get(name)
}

/** All that is made of shapes, in all versions. */
export function shapeDefinitions(): ReadonlyMap<string, Schema> {
  if (shaped.size === 0) {
    for (const entry of [...BUILT_IN_KINDS.all, ...UNSTORED_KINDS]) {
      if (isOurs(entry.group)) for (const version of entry.served) defineKind(entry, version, shaped)
    }
  }
  return shaped
}

/** Of everything that is the same until Tektite is another one. */
export function sourcesHash(): string {
  sources ??= createHash('sha256')
    .update(JSON.stringify([...shapeDefinitions()]))
    .update(kubernetesText())
    .digest('hex')
  return sources
}

/** As `apiextensions.k8s.io` publishes it: the fields that every object has are Kubernetes', whatever the definition says. */
function customSchema({ definition, group, kind }: DocumentedKind, version: string): Schema {
  const found = definition?.spec.versions.find(each => each.name === version)
  if (found === undefined) return {}
  const known = custom.get(found)
  if (known !== undefined) return known
  const own = (found.schema?.openAPIV3Schema ?? {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  }) as Schema
  const common = definitionNamed(nameOf({ group: '', kind: 'ConfigMap' }, 'v1'))?.properties
  const schema: Schema = {
    ...own,
    properties: {
      ...own.properties,
      ...(common?.['apiVersion'] && { apiVersion: common['apiVersion'] }),
      ...(common?.['kind'] && { kind: common['kind'] }),
      metadata: { $ref: refTo(kubernetesName('ObjectMeta')) },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  }
  custom.set(found, schema)
  return schema
}

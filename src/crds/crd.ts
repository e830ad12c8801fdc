/** The kinds of Tekton, Triggers and Tektite as CustomResourceDefinitions, for API servers that have none. Pure. */
import { SCHEDULE_PRINTER_COLUMNS } from '../api/tables/own-columns.js'
import { TEKTON_COLUMNS } from '../api/tables/tekton-columns.js'
import type { CustomResourceVersion, PrinterColumn } from '../resources/custom-resources.js'
import { KIND_DESCRIPTIONS, KIND_FIELDS } from '../resources/descriptions.js'
import type { JsonSchema } from '../resources/json-schema.js'
import { specShape } from '../resources/kind-shapes.js'
import { BUILT_IN_KINDS, type KindEntry } from '../resources/kind-table.js'
import type { Kind } from '../resources/kinds.js'
import type { Fields } from '../resources/shape.js'
import { statusShape } from '../resources/shapes-status.js'
import { bothVersions } from './both-versions.js'
import { type KubernetesWords, structural } from './structural.js'

const GROUPS = ['tekton.dev', 'resolution.tekton.dev', 'triggers.tekton.dev', 'tektite.dev']

/** Those that a cluster has to be told of. */
export function definedKinds(): readonly KindEntry[] {
  return BUILT_IN_KINDS.all.filter(({ group }) => GROUPS.includes(group))
}

export interface WrittenDefinition {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: object
}

/**
 * Objects are stored as they are written, whatever the version (conversion None), so all versions have one schema, in
 * which the spellings of all of them stand beside each other.
 */
export function definitionOf(
  entry: KindEntry,
  wordsOf: (kubernetesType: string) => KubernetesWords | undefined,
): WrittenDefinition {
  const { group, kind, listKind, plural, singular, shortNames, categories, namespaced, served, version } = entry
  const [first, ...others] = served.map(each => schemaIn(entry, each, wordsOf))
  const schema = others.reduce((one, other) => bothVersions(one, other), first!)
  const columns = columnsOf(entry)
  const versionOf = (name: string): CustomResourceVersion => ({
    name,
    served: true,
    storage: name === version,
    subresources: { status: {} },
    ...(columns && { additionalPrinterColumns: columns }),
    schema: { openAPIV3Schema: schema as Readonly<Record<string, unknown>> },
  })
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        kind,
        listKind,
        plural,
        singular,
        ...(shortNames.length > 0 && { shortNames }),
        ...(categories.length > 0 && { categories }),
      },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      conversion: { strategy: 'None' },
      versions: served.map(versionOf),
    },
  }
}

function columnsOf({ id }: KindEntry): readonly PrinterColumn[] | undefined {
  return id === 'Schedule' ? SCHEDULE_PRINTER_COLUMNS : TEKTON_COLUMNS[id]
}

function schemaIn(
  { kind }: KindEntry,
  version: string,
  wordsOf: (kubernetesType: string) => KubernetesWords | undefined,
): JsonSchema {
  const [spec, status] = [specShape(kind as Kind, version), statusShape(kind, version)]
  const described = (field: keyof typeof KIND_FIELDS, schema: JsonSchema): JsonSchema => ({
    ...schema,
    description: KIND_FIELDS[field],
  })
  return {
    description: KIND_DESCRIPTIONS[kind] ?? '',
    type: 'object',
    properties: {
      apiVersion: described('apiVersion', { type: 'string' }),
      kind: described('kind', { type: 'string' }),
      metadata: { type: 'object' },
      ...(spec && { spec: described('spec', structural(spec, { wordsOf })) }),
      // Controllers write it, some of them others' or older than ours: nothing of it is lost.
      ...(status && { status: described('status', structural(withoutSpecs(status), { wordsOf, keepsUnknown: true })) }),
    },
  }
}

/** What ran, in a status, is a copy of what has been checked elsewhere. */
function withoutSpecs(status: Fields): Fields {
  const specs = ['taskSpec', 'pipelineSpec'].filter(name => Object.hasOwn(status.fields, name))
  return { ...status, fields: { ...status.fields, ...Object.fromEntries(specs.map(name => [name, 'object'])) } }
}

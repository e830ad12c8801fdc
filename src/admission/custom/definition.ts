/** CustomResourceDefinitions: defaults and rules as apiextensions has them, and what is different here. */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceVersion,
} from '../../resources/custom-resources.js'
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../../resources/field-problems.js'
import { BUILT_IN_KINDS } from '../../resources/kind-table.js'
import type { NewMeta } from '../../resources/meta.js'
import { complete, type Problem } from '../../resources/problem.js'
import type { Json } from '../../resources/shape.js'
import { schemaProblems } from './definition-schema.js'
import { versionProblems } from './definition-version.js'
import { wrongLabel, wrongSubdomain } from './dns-names.js'
import { withoutNulls } from './schema-fields.js'

export function defaultDefinitionSpec(spec: CustomResourceDefinitionSpec): CustomResourceDefinitionSpec {
  const { names, versions, conversion } = spec
  const kind = names?.kind ?? ''
  return {
    ...spec,
    names: {
      ...names,
      ...(kind !== '' && { singular: names.singular || kind.toLowerCase(), listKind: names.listKind || `${kind}List` }),
    },
    versions: (versions ?? []).map(version => ({
      ...version,
      served: version.served ?? false,
      storage: version.storage ?? false,
      ...(version.schema?.openAPIV3Schema && {
        schema: { openAPIV3Schema: withoutNulls(version.schema.openAPIV3Schema) as Json },
      }),
    })),
    conversion: conversion ?? { strategy: 'None' },
  }
}

/** Of a spec with its defaults. */
export function validateDefinition(metadata: NewMeta, spec: CustomResourceDefinitionSpec): readonly Problem[] {
  return [
    ...nameProblems(metadata, spec),
    ...groupProblems(metadata, spec),
    ...scopeProblems(spec),
    ...spec.versions.flatMap((version, index) => versionProblems(version, `spec.versions[${index}]`)),
    // What changes nothing need not be understood.
    ...(isBuiltIn(spec) ? [] : spec.versions.flatMap(schemaOf)),
    ...versionsProblems(spec),
    ...namesProblems(spec),
    ...conversionProblems(spec),
    ...(spec.preserveUnknownFields === true ? [PRESERVED] : []),
  ]
}

const PRESERVED = fieldInvalid(
  'spec.preserveUnknownFields',
  true,
  'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
)

function schemaOf(version: CustomResourceVersion, index: number): readonly Problem[] {
  const path = `spec.versions[${index}].schema.openAPIV3Schema`
  const schema = version.schema?.openAPIV3Schema
  return schema === undefined ? [fieldRequired(path)] : schemaProblems(schema, path)
}

/**
 * Defines a kind that is here without being defined. Taken, because the files that install Tekton bring such definitions
 * along, and without effect.
 */
export function isBuiltIn({ group, names }: CustomResourceDefinitionSpec): boolean {
  const entry = BUILT_IN_KINDS.at(group, names.plural)
  return entry !== undefined && entry.kind === names.kind
}

function nameProblems({ name = '' }: NewMeta, { group, names }: CustomResourceDefinitionSpec): readonly Problem[] {
  if (name === `${names.plural}.${group}`) return []
  return [fieldInvalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')]
}

function groupProblems(metadata: NewMeta, spec: CustomResourceDefinitionSpec): readonly Problem[] {
  const { group } = spec
  if (!group) return [fieldRequired('spec.group')]
  const wrong = wrongSubdomain(group)
  if (wrong !== undefined) return [fieldInvalid('spec.group', group, wrong)]
  if (!group.includes('.')) return [fieldInvalid('spec.group', group, 'should be a domain with at least one dot')]
  if (isBuiltIn(spec)) return []
  if (group === 'tektite.dev') {
    return [fieldForbidden('spec.group', 'tektite.dev is the group of Tektite itself: use a domain of your own')]
  }
  return approvalProblems(metadata, group)
}

const APPROVED = 'api-approved.kubernetes.io'
const SEE = 'see https://github.com/kubernetes/enhancements/pull/1111'

/** The groups of the Kubernetes community are not for everybody to define kinds in. */
function approvalProblems({ annotations = {} }: NewMeta, group: string): readonly Problem[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return []
  const approval = annotations[APPROVED] ?? ''
  const path = `metadata.annotations[${APPROVED}]`
  const text = `protected groups must have approval annotation "${APPROVED}"`
  if (approval === '') return [fieldRequired(path, `${text}, ${SEE}`)]
  if (approval.startsWith('unapproved') || /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(approval)) return []
  return [fieldInvalid(path, approval, `${text} with either a URL or a reason starting with "unapproved", ${SEE}`)]
}

function scopeProblems({ scope }: CustomResourceDefinitionSpec): readonly Problem[] {
  if (!scope) return [fieldRequired('spec.scope')]
  const known = ['Cluster', 'Namespaced']
  return known.includes(scope) ? [] : [fieldNotSupported('spec.scope', scope, known)]
}

function versionsProblems({ versions }: CustomResourceDefinitionSpec): readonly Problem[] {
  const names = versions.map(version => version.name)
  const unique = new Set(names).size === names.length
  const stored = versions.filter(version => version.storage).length
  return [
    ...(unique ? [] : [fieldInvalid('spec.versions', names, 'must contain unique version names')]),
    ...(stored === 1
      ? []
      : [fieldInvalid('spec.versions', names, 'must have exactly one version marked as storage version')]),
  ]
}

function namesProblems({ names }: CustomResourceDefinitionSpec): readonly Problem[] {
  const path = 'spec.names'
  const required = (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter(name => !names[name])
    .map(name => fieldRequired(`${path}.${name}`))
  const label = (place: string, value: string | undefined): readonly Problem[] => {
    const wrong = value ? wrongLabel(value) : undefined
    return wrong === undefined ? [] : [fieldInvalid(place, value, wrong)]
  }
  const mixed = (place: string, value: string | undefined): readonly Problem[] => {
    const wrong = value ? wrongLabel(value.toLowerCase()) : undefined
    const text = 'may have mixed case, but should otherwise match: '
    return wrong === undefined ? [] : [fieldInvalid(place, value, text + wrong)]
  }
  return [
    ...required,
    ...label(`${path}.plural`, names.plural),
    ...label(`${path}.singular`, names.singular),
    ...mixed(`${path}.kind`, names.kind),
    ...mixed(`${path}.listKind`, names.listKind),
    ...(names.shortNames ?? []).flatMap((name, index) => label(`${path}.shortNames[${index}]`, name)),
    ...(names.kind && names.kind === names.listKind
      ? [fieldInvalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same')]
      : []),
    ...(names.categories ?? []).flatMap((name, index) => label(`${path}.categories[${index}]`, name)),
  ]
}

const NO_WEBHOOKS =
  'Tektite calls no conversion webhooks: serve one version only, or write versions whose objects differ in nothing but apiVersion, with strategy None'

function conversionProblems(spec: CustomResourceDefinitionSpec): readonly Problem[] {
  const path = 'spec.conversion.strategy'
  const strategy = spec.conversion?.strategy
  if (strategy === 'None') return []
  if (!strategy) return [fieldRequired(path)]
  if (strategy !== 'Webhook') return [fieldNotSupported(path, strategy, ['None', 'Webhook'])]
  if (isBuiltIn(spec) || spec.versions.filter(version => version.served).length <= 1) return []
  return [{ ...fieldForbidden(path, 'conversion webhooks are not supported'), hint: NO_WEBHOOKS }]
}

/** What a change of a definition may not do, beside what the new one says by itself. */
export function validateDefinitionUpdate(
  stored: CustomResourceDefinition,
  next: { readonly spec: CustomResourceDefinitionSpec },
): readonly Problem[] {
  const [before, after] = [stored.spec, next.spec]
  const established = stored.status?.conditions?.some(each => each.type === 'Established' && each.status === 'True')
  const same = (path: string, old: string, now: string) =>
    old === now ? [] : [fieldInvalid(path, now, 'field is immutable')]
  const names = after.versions.map(version => version.name)
  return [
    ...(established
      ? [
          ...same('spec.scope', before.scope, after.scope),
          ...same('spec.names.kind', before.names.kind, after.names.kind),
        ]
      : []),
    ...same('spec.group', before.group, after.group),
    ...same('spec.names.plural', before.names.plural, after.names.plural),
    ...(stored.status?.storedVersions ?? []).flatMap((version, index) =>
      names.includes(version) ? [] : [goneVersion(version, index)],
    ),
  ]
}

function goneVersion(version: string, index: number): Problem {
  const text = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`
  return fieldInvalid(`status.storedVersions[${index}]`, version, text)
}

/** What a definition is taken with, and does not do. */
export function definitionWarnings(spec: CustomResourceDefinitionSpec): readonly Problem[] {
  const { names, group, conversion } = spec
  if (isBuiltIn(spec)) {
    const message = `Tektite has ${names.kind} of ${group} built in: this definition is kept, and changes nothing`
    return [complete(message, 'spec.names.kind')]
  }
  if (conversion?.strategy === 'Webhook') {
    return [complete('the conversion webhook is never called: one version is served', 'spec.conversion.strategy')]
  }
  return []
}

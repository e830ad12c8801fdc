/** An object of a kind that a CustomResourceDefinition makes, as apiextensions admits it. Pure. */
import { Meter } from '../../cel/meter.js'
import { LimitExceeded } from '../../cel/problem.js'
import type { Opaque } from '../../resources/core.js'
import type { CustomResourceVersion } from '../../resources/custom-resources.js'
import { fieldInvalid } from '../../resources/field-problems.js'
import { jsonLimitProblem } from '../../resources/json-limits.js'
import type { JsonSchema } from '../../resources/json-schema.js'
import { groupVersion, type KindEntry } from '../../resources/kind-table.js'
import type { New, NewMeta } from '../../resources/meta.js'
import { newMetaOf } from '../../resources/metadata.js'
import { complete, type Problem } from '../../resources/problem.js'
import { asRecord, isRecord, type Json } from '../../resources/shape.js'
import { hasRules, ruleProblems } from './cel-rules.js'
import { before, type Correlated, NEW } from './correlate.js'
import { withDefaults } from './default-values.js'
import { embeddedProblems } from './embedded.js'
import { listProblems } from './list-types.js'
import { pruned } from './prune.js'
import { validateValue } from './validate-value.js'

/** What one object may cost; see `cel/meter.ts`. About a second at worst: objects that people write cost a thousandth. */
const MAX_COST = 5_000_000

export interface CustomOptions {
  /** For objects that name none. */
  readonly namespace?: string
  /** What is said to fields that the schema does not name; they go in any case. */
  readonly fieldValidation?: FieldValidation
  /** What is stored, in an update. */
  readonly old?: object
  /** Only the status is to be changed. */
  readonly subresource?: 'status'
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export type CustomAdmission =
  | { readonly is: 'ok'; readonly object: New<Opaque>; readonly warnings: readonly Problem[] }
  | { readonly is: 'refused'; readonly problems: readonly Problem[] }

/** `version` is the one that the object is written in; it comes back in the one that is stored. */
export function admitCustom(
  info: KindEntry,
  version: string,
  object: unknown,
  options: CustomOptions = {},
): CustomAdmission {
  const limit = jsonLimitProblem(object)
  if (limit !== undefined) return { is: 'refused', problems: [limit] }
  const definition = info.definition?.spec.versions.find(each => each.name === version)
  if (definition === undefined || !isRecord(object)) return { is: 'refused', problems: [noMatch(info, version)] }
  try {
    return admitted(info, definition, object, options)
  } catch (error) {
    if (!(error instanceof LimitExceeded)) throw error
    const text = `checking the object costs too much (${error.message}): make it smaller, or its schema simpler`
    return { is: 'refused', problems: [fieldInvalid('<nil>', '', text)] }
  }
}

function admitted(
  info: KindEntry,
  version: CustomResourceVersion,
  object: Json,
  options: CustomOptions,
): CustomAdmission {
  const problems: Problem[] = []
  const metadata = newMetaOf(object, info, options.namespace ?? 'default', problems)
  const schema = (version.schema?.openAPIV3Schema ?? {}) as JsonSchema
  const { value, unknown } = pruned(schema, withoutStatus(info, version, object, options))
  const { fieldValidation = 'Warn' } = options
  if (fieldValidation === 'Strict' && unknown.length > 0) return { is: 'refused', problems: [unknownFields(unknown)] }
  const meter = new Meter(undefined, MAX_COST)
  const filled = withDefaults(value, schema, meter) as Json
  problems.push(...contentProblems(schema, filled, options, meter))
  if (problems.length > 0) return { is: 'refused', problems }
  return {
    is: 'ok',
    object: stored(info, metadata, filled),
    warnings: [
      ...deprecation(info, version),
      ...(fieldValidation === 'Warn' ? unknown.map(path => complete(`unknown field "${path}"`, path)) : []),
    ],
  }
}

/** What a write to the object itself does not touch when status has a path of its own. */
function withoutStatus(
  info: KindEntry,
  version: CustomResourceVersion,
  object: Json,
  { subresource }: CustomOptions,
): Json {
  if (subresource === 'status' || !(info.status || version.subresources?.status)) return object
  const { status: _status, ...rest } = object
  return rest
}

function contentProblems(
  schema: JsonSchema,
  object: Json,
  { old: stored }: CustomOptions,
  meter: Meter,
): readonly Problem[] {
  const old = stored === undefined ? NEW : before(stored)
  const { metadata: _metadata, ...content } = object
  const problems = [
    ...validateValue(schema, content, '', meter, withoutMetadata(old)),
    ...embeddedProblems(schema, content, ''),
    ...listProblems(schema, content, '', meter),
  ]
  if (!hasRules(schema)) return problems
  if (problems.some(({ reason }) => reason !== undefined && BLOCKING.includes(reason))) return [...problems, UNCHECKED]
  return [...problems, ...ruleProblems(schema, object, { path: '', old, meter, isRoot: true })]
}

/** Metadata is checked by itself, whatever a definition says of it. */
function withoutMetadata(old: Correlated): Correlated {
  if (old.is === 'new') return old
  const { metadata: _metadata, ...rest } = asRecord(old.value)
  return before(rest)
}

/** A rule may count on all this; a value that is wrong in another way it can still look at. */
const BLOCKING: readonly string[] = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]

const UNCHECKED = fieldInvalid(
  '<nil>',
  'null',
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
)

function unknownFields(unknown: readonly string[]): Problem {
  const listed = unknown.slice(0, 50).map(path => `unknown field "${path}"`)
  return complete(`strict decoding error: ${listed.join(', ')}`, unknown[0] ?? '')
}

function stored({ group, version, kind }: KindEntry, metadata: NewMeta, content: Json): New<Opaque> {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...rest } = content
  return { apiVersion: groupVersion(group, version), kind, metadata, ...rest }
}

function deprecation({ group, kind }: KindEntry, version: CustomResourceVersion): readonly Problem[] {
  if (!version.deprecated) return []
  const text = version.deprecationWarning ?? `${groupVersion(group, version.name)} ${kind} is deprecated`
  return [complete(text, 'apiVersion')]
}

function noMatch({ group, kind, served }: KindEntry, version: string): Problem {
  const hint = `${kind} is served as ${served.map(each => groupVersion(group, each)).join(' and ')}`
  const message = `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(groupVersion(group, version))}`
  return complete(message, 'apiVersion', hint)
}

/**
 * What an API server with Tekton's webhooks does to an object before it stores it: types checked, older versions brought
 * into the stored one, defaults filled in, rules checked. Pure; the same for files, the API and triggers.
 */
import { checkWhen } from '../cel/when.js'
import type { CustomResourceDefinition } from '../resources/custom-resources.js'
import { settleDefinitions } from '../resources/definition-status.js'
import { envelopeOf } from '../resources/envelope.js'
import { fromEventsV1 } from '../resources/events-v1.js'
import { jsonLimitProblem } from '../resources/json-limits.js'
import { specShape } from '../resources/kind-shapes.js'
import { BUILT_IN_KINDS, type KindEntry, type KindTable, kindTable, servedAs } from '../resources/kind-table.js'
import { type AnyKind, type AnyResource, apiVersionOf, KINDS, type Kind } from '../resources/kinds.js'
import type { New, NewMeta } from '../resources/meta.js'
import { newMetaOf } from '../resources/metadata.js'
import { normaliseTekton, normaliseTriggers } from '../resources/normalise.js'
import { type ParsedObject, parseManifests } from '../resources/parse.js'
import type { Problem } from '../resources/problem.js'
import { asRecord, decode, isRecord, type Json } from '../resources/shape.js'
import { CORE_SHAPES } from '../resources/shapes-core.js'
import { configOf, configProblems, settingsFrom } from '../run/config-maps.js'
import { CONFIG_NAMES, type ConfigNames } from '../run/config-names.js'
import { retryBudgetProblems } from '../run/retry-budgets.js'
import { DEFAULT_SETTINGS, type Settings } from '../run/settings.js'
import type { Rules } from '../run/validate/gates.js'
import type { CelCheck } from '../run/validate/when.js'
import { admitCustom, type FieldValidation } from './custom/admit-custom.js'
import { lintObject, lintReferences } from './lint.js'
import { checkReferences } from './references.js'
import { retentionAnnotationProblems } from './retention-annotations.js'
import { defaultedSpec, specProblems } from './rules.js'

export interface AdmitOptions {
  /** For objects that name none. */
  readonly namespace?: string
  readonly settings?: Settings
  /** Which ConfigMaps hold the settings. */
  readonly configNames?: ConfigNames
  /** What is wrong with a CEL text; plain CEL's own check unless told otherwise. */
  readonly celCheck?: CelCheck
  /** The kinds there are; the built-in ones unless told otherwise. */
  readonly kinds?: KindTable
  /** What is said to fields of custom objects that their schema does not name. */
  readonly fieldValidation?: FieldValidation
  /** Fields that nobody knows are left out and told, instead of refused. What Tekton's own decoder refuses stays refused. */
  readonly dropUnknownFields?: boolean
}

export type Admission =
  | {
      readonly is: 'ok'
      readonly kind: AnyKind
      readonly object: New<AnyResource>
      readonly warnings: readonly Problem[]
      /** Fields that were left out. */
      readonly dropped: readonly Problem[]
    }
  | { readonly is: 'refused'; readonly problems: readonly Problem[] }

/** Decides over one object, with the defaults of all settings. */
export function admit(object: unknown): Admission {
  return admitWith({}, object)
}

/** Decides over one object. Problems come all at once, as far as one does not hide the next. */
export function admitWith(options: AdmitOptions, written: unknown): Admission {
  const limit = jsonLimitProblem(written)
  if (limit) return { is: 'refused', problems: [limit] }
  const object = fromEventsV1(written)
  const custom = customKindOf(options.kinds ?? BUILT_IN_KINDS, object)
  if (custom !== undefined) return admitAsCustom(custom, options, object)
  let problems: Problem[] = []
  const envelope = envelopeOf(object, problems)
  if (!envelope || !isRecord(object)) return { is: 'refused', problems }
  const { kind, version } = envelope
  const named = (found: readonly Problem[]) => found.map(problem => ({ ...problem, object: nameOf(kind, object) }))

  const metadata = newMetaOf(object, KINDS[kind], options.namespace ?? 'default', problems)
  const body = bodyOf(object, kind, version, problems)
  const dropped = options.dropUnknownFields ? problems.filter(({ unknownField }) => unknownField) : []
  problems = problems.filter(found => !dropped.includes(found))
  // Rules read the fields, so they wait until every field has its type.
  if (problems.length > 0) return { is: 'refused', problems: named(problems) }

  const normalised = normalise(kind, version, metadata, body, problems)
  const rules: Rules = {
    settings: options.settings ?? DEFAULT_SETTINGS,
    celCheck: options.celCheck ?? checkWhen,
  }
  const finished = defaultedSpec(kind, normalised.metadata, normalised.body, rules.settings)
  problems.push(...specProblems(kind, finished.metadata, finished.body, rules))
  problems.push(...retentionAnnotationProblems(kind, finished.metadata.annotations))
  if (RETRIED.has(kind)) problems.push(...retryBudgetProblems(finished.metadata.annotations))
  if (problems.length > 0) return { is: 'refused', problems: named(problems) }

  const admitted = { apiVersion: apiVersionOf(kind), kind, metadata: finished.metadata, ...finished.body }
  const made = admitted as unknown as New<AnyResource>
  const config = configOf(made, options.configNames ?? CONFIG_NAMES)
  if (config) problems.push(...configProblems(config.role, config.data))
  if (problems.length > 0) return { is: 'refused', problems: named(problems) }
  return { is: 'ok', kind, object: made, warnings: named(lintObject(made)), dropped }
}

/** Runs, and what they take annotations from. */
const RETRIED: ReadonlySet<string> = new Set<Kind>(['Task', 'TaskRun', 'Pipeline', 'PipelineRun'])

interface CustomKindOf {
  readonly entry: KindEntry
  readonly version: string
}

function customKindOf(kinds: KindTable, object: unknown): CustomKindOf | undefined {
  const { apiVersion, kind } = asRecord(object)
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
  const found = servedAs(kinds, apiVersion, kind)
  return found?.entry.definition === undefined ? undefined : found
}

function admitAsCustom({ entry, version }: CustomKindOf, options: AdmitOptions, object: unknown): Admission {
  const { namespace, fieldValidation } = options
  const admission = admitCustom(entry, version, object, {
    ...(namespace !== undefined && { namespace }),
    ...(fieldValidation !== undefined && { fieldValidation }),
  })
  const named = (found: readonly Problem[]) =>
    found.map(problem => ({ ...problem, object: nameOf(entry.kind, asRecord(object)) }))
  if (admission.is === 'refused') return { is: 'refused', problems: named(admission.problems) }
  const { object: made, warnings } = admission
  return { is: 'ok', kind: entry.id, object: made as New<AnyResource>, warnings: named(warnings), dropped: [] }
}

function nameOf(kind: string, object: Json): string {
  const { name, generateName } = asRecord(object['metadata'])
  return `${kind} ${JSON.stringify(name ?? generateName ?? '')}`
}

/** Everything but apiVersion, kind, metadata and status, with its types checked. */
function bodyOf(object: Json, kind: Kind, version: string, problems: Problem[]): Json {
  const { apiVersion: _a, kind: _k, metadata: _m, status: _s, ...written } = object
  const spec = specShape(kind, version)
  if (spec) return decode({ fields: { spec } }, { ...written, spec: written['spec'] ?? {} }, '', problems) as Json
  return decode(CORE_SHAPES[kind] ?? { fields: {}, open: true }, written, '', problems) as Json
}

interface Draft {
  readonly metadata: NewMeta
  readonly body: Json
}

function normalise(kind: Kind, version: string, metadata: NewMeta, body: Json, problems: Problem[]): Draft {
  const { group, version: stored } = KINDS[kind]
  const spec = body['spec']
  if (version === stored || !isRecord(spec)) return { metadata, body }
  if (group === 'triggers.tekton.dev') return { metadata, body: { ...body, spec: normaliseTriggers(kind, spec) } }
  if (group !== 'tekton.dev') return { metadata, body }
  const { spec: converted, annotations } = normaliseTekton(kind, metadata.name ?? '', spec, problems)
  const kept = { ...metadata.annotations, ...annotations }
  return {
    metadata: Object.keys(kept).length > 0 ? { ...metadata, annotations: kept } : metadata,
    body: { ...body, spec: converted },
  }
}

export interface ManifestText {
  readonly file: string
  readonly text: string
}

export type AdmittedManifests =
  | {
      readonly is: 'ok'
      readonly objects: readonly New<AnyResource>[]
      readonly warnings: readonly Problem[]
      /** What shows only when the objects are put together as their runs would: asked for by who starts none. */
      readonly references: () => { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] }
    }
  | { readonly is: 'refused'; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] }

/** All objects of some files, or everything that is wrong with any of them, with file and line. */
export function admitManifests(texts: readonly ManifestText[], options: AdmitOptions = {}): AdmittedManifests {
  const parsed = texts.map(({ text, file }) => parseManifests(text, file))
  const problems = parsed.flatMap(file => (file.is === 'refused' ? file.problems : []))
  const sources = parsed.flatMap(file => (file.is === 'ok' ? file.objects : []))
  const settings = settingsIn(sources, options)
  const kinds = options.kinds ?? kindsIn(sources)
  const given = { fieldValidation: 'Strict', ...options, settings, kinds } as const
  const admissions = sources.map(source => ({ source, admission: admitWith(given, source.value) }))
  for (const { source, admission } of admissions) {
    if (admission.is === 'refused') problems.push(...admission.problems.map(problem => located(problem, source)))
  }
  const admitted = admissions.flatMap(({ source, admission }) =>
    admission.is === 'ok' ? [{ source, ...admission }] : [],
  )
  const objects = admitted.map(({ object }) => object)
  const sourceOf = new Map(admitted.map(({ object, source }) => [object, source]))
  const locate = ({ problem, object }: { readonly problem: Problem; readonly object: New<AnyResource> }): Problem => {
    const source = sourceOf.get(object)
    return source ? located(problem, source) : problem
  }
  const between = lintReferences(objects).map(locate)
  const own = admitted.flatMap(({ warnings, source }) => warnings.map(problem => located(problem, source)))
  const warnings = [...own, ...between]
  if (problems.length > 0) return { is: 'refused', problems, warnings }
  const references = () => {
    const found = checkReferences(objects, settings)
    return { problems: found.problems.map(locate), warnings: found.warnings.map(locate) }
  }
  return { is: 'ok', objects, warnings, references }
}

/** The kinds that the files themselves define, besides those that are built in: in whatever order they stand. */
function kindsIn(sources: readonly ParsedObject[]): KindTable {
  const definitions = sources
    .filter(({ value }) => asRecord(value)['kind'] === 'CustomResourceDefinition')
    .flatMap(({ value }) => {
      const admission = admit(value)
      return admission.is === 'ok' ? [admission.object as unknown as CustomResourceDefinition] : []
    })
  return kindTable(settleDefinitions(definitions, ''))
}

/** The settings that the files themselves bring along, over those of the installation: in whatever order they stand. */
function settingsIn(sources: readonly ParsedObject[], options: AdmitOptions): Settings {
  const config = sources
    .filter(({ value }) => isRecord(value) && value['kind'] === 'ConfigMap')
    .flatMap(({ value }) => {
      const admission = admitWith(options, value)
      const found = admission.is === 'ok' && configOf(admission.object, options.configNames ?? CONFIG_NAMES)
      return found ? [[found.role, found.data] as const] : []
    })
  return settingsFrom(Object.fromEntries(config), options.settings)
}

function located(problem: Problem, source: ParsedObject): Problem {
  return { ...problem, file: source.file, line: source.lineOf(problem.at ?? problem.paths[0] ?? '') }
}

/**
 * Managed fields from write to write, as github.com/kubernetes-sigs/structured-merge-diff keeps them: an update takes the
 * fields that it changes from whoever had them; an apply owns what it names, conflicts with others over what it would
 * change, and removes what it named before and nobody else owns. Pure.
 */
import { asRecord, type Json } from '../../resources/shape.js'
import { type Comparison, compare, fieldsOf } from './compare.js'
import {
  difference,
  EMPTY,
  type FieldPath,
  type FieldSet,
  has,
  intersection,
  isEmpty,
  pathsIn,
  setOfPaths,
  union,
} from './field-set.js'
import { capped, isSameManager, type Manager, type Operation } from './managers.js'
import { mergedWith, withNamedFields, withoutFields } from './merge.js'
import { blank, type Form, type Scope, trackedPart, withTrackedPart } from './tracked.js'

export interface Writer extends Scope {
  readonly manager: string
  readonly apiVersion: string
  readonly isOfKubernetes: boolean
  /** Of the write, RFC 3339. */
  readonly time: string
  /** How a version looks; undefined when it is not served (any more). */
  readonly form: (apiVersion: string) => Form | undefined
}

export interface Conflict {
  readonly manager: Manager
  readonly path: FieldPath
}

export type Applied =
  | { readonly is: 'applied'; readonly object: Json; readonly managers: readonly Manager[] }
  | { readonly is: 'conflicts'; readonly conflicts: readonly Conflict[] }

const BEFORE_FIRST_APPLY = 'before-first-apply'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** After a create (no `live`), an update or a patch. What had no managers before a change has none after it. */
export function afterUpdate(
  live: Json | undefined,
  next: Json,
  managers: readonly Manager[],
  writer: Writer,
): readonly Manager[] {
  if (live !== undefined && managers.length === 0) return []
  return capped(updated(live ?? blank(next, writer.isOfKubernetes), next, managers, writer))
}

function updated(live: Json, next: Json, managers: readonly Manager[], writer: Writer): readonly Manager[] {
  const compared = comparisons(live, next, writer)
  const own = compared(writer.apiVersion)
  const others = managers.flatMap(manager => {
    const found = compared(manager.apiVersion)
    return found === undefined ? [] : [without(manager, found)]
  })
  if (own === undefined) return others
  const set = union(own.added, own.modified)
  return isEmpty(set) ? others : entered(others, entryOf(writer, 'Update', set))
}

/** Loses what somebody else changed or took away. */
function without(manager: Manager, { added, modified, removed }: Comparison): Manager {
  return { ...manager, fields: difference(manager.fields, union(union(added, modified), removed)) }
}

function entryOf({ manager, apiVersion, subresource, time }: Writer, operation: Operation, fields: FieldSet): Manager {
  return { name: manager, operation, apiVersion, ...(subresource !== undefined && { subresource }), time, fields }
}

function entered(managers: readonly Manager[], entry: Manager): readonly Manager[] {
  const before = managers.find(manager => isSameManager(manager, entry))
  const rest = managers.filter(manager => manager !== before)
  return [...rest, before === undefined ? entry : { ...entry, fields: union(before.fields, entry.fields) }]
}

/** What changed, in each version that somebody named fields in. */
function comparisons(live: Json, next: Json, writer: Writer): (apiVersion: string) => Comparison | undefined {
  const known = new Map<string, Comparison | undefined>()
  return apiVersion => {
    if (!known.has(apiVersion)) {
      const form = writer.form(apiVersion)
      const part = (object: Json) => (form === undefined ? {} : trackedPart(form.show(object), writer))
      known.set(apiVersion, form && compare(form.schema, part(live), part(next)))
    }
    return known.get(apiVersion)
  }
}

/** After an apply; `live` is undefined when there was no object. */
export function afterApply(
  live: Json | undefined,
  config: Json,
  managers: readonly Manager[],
  writer: Writer & { readonly force: boolean },
): Applied {
  const before = live ?? { ...config, ...blank(config, writer.isOfKubernetes), metadata: identityOf(config) }
  const known =
    live === undefined || managers.length > 0
      ? managers
      : updated(blank(live, writer.isOfKubernetes), live, [], { ...writer, manager: BEFORE_FIRST_APPLY })
  const result = apply(before, config, known, writer)
  if (result.is === 'applied' || writer.manager !== 'kubectl') return withLastApplied(result, config, writer)
  // What kubectl itself set before, by a client-side apply, is no conflict.
  const allowed = lastAppliedFields(before, writer)
  const conflicts = result.conflicts.filter(({ path }) => !has(allowed, path))
  if (conflicts.length > 0) return { is: 'conflicts', conflicts }
  return withLastApplied(apply(before, config, known, { ...writer, force: true }), config, writer)
}

function identityOf(object: Json): Json {
  const { name, namespace } = asRecord(object['metadata'])
  return { ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }) }
}

function apply(
  live: Json,
  config: Json,
  managers: readonly Manager[],
  writer: Writer & { readonly force: boolean },
): Applied {
  const { schema, show } = formOf(writer)
  const [liveShown, given] = [show(live), trackedPart(config, writer)]
  const livePart = trackedPart(liveShown, writer)
  const last = managers.find(each => isSameManager(each, entryOf(writer, 'Apply', EMPTY)))
  const entry = entryOf(writer, 'Apply', withoutMetadata(fieldsOf(schema, given)))
  const others = managers.filter(each => each !== last)
  const merged = mergedWith(schema, livePart, given) as Json
  const owned = others.reduce((set, { fields }) => union(set, fields), entry.fields)
  const part = last === undefined ? merged : pruned(merged, schema, last.fields, owned)
  const next = withTrackedPart(liveShown, part, writer)

  // What is applied is in the writer's version only: fields that others named in another one are taken to have its names.
  const found = compare(schema, livePart, trackedPart(next, writer))
  const left: Manager[] = []
  const conflicts: Conflict[] = []
  for (const other of others) {
    if (writer.form(other.apiVersion) === undefined) continue
    const contested = intersection(other.fields, union(found.added, found.modified))
    for (const path of pathsIn(contested)) conflicts.push({ manager: other, path })
    left.push(without(other, found))
  }
  if (conflicts.length > 0 && !writer.force) {
    return { is: 'conflicts', conflicts: conflicts.sort((a, b) => (a.manager.name < b.manager.name ? -1 : 1)) }
  }
  const changed = ![found.added, found.modified, found.removed].every(isEmpty)
  const time = changed || last?.time === undefined ? writer.time : last.time
  return { is: 'applied', object: next, managers: [...left, { ...entry, time }] }
}

/** Metadata is everybody's; what is in it is not. */
function withoutMetadata(fields: FieldSet): FieldSet {
  return difference(fields, setOfPaths([['f:metadata']]))
}

function formOf(writer: Writer): Form {
  return writer.form(writer.apiVersion) ?? { schema: undefined, show: object => object }
}

/** Without what this manager applied last time, does not any more, and nobody else owns. */
function pruned(merged: Json, schema: Form['schema'], last: FieldSet, owned: FieldSet): Json {
  const named = (set: FieldSet) => withNamedFields(schema, merged, set)
  const removed = difference(intersection(named(fieldsOf(schema, merged)), named(last)), named(owned))
  return asRecord(withoutFields(schema, merged, removed))
}

/** What a client-side apply of kubectl's set last, as far as it still is as it was set. */
function lastAppliedFields(live: Json, writer: Writer): FieldSet {
  const { schema, show } = formOf(writer)
  const config = parsed(annotationsOf(live)[LAST_APPLIED])
  if (config === undefined || config['apiVersion'] !== writer.apiVersion) return EMPTY
  const part = trackedPart(config, writer)
  const { added, modified, removed } = compare(schema, part, trackedPart(show(live), writer))
  const differing = union(union(added, modified), removed)
  return setOfPaths([...pathsIn(fieldsOf(schema, part))].filter(path => !has(differing, path)))
}

function withLastApplied(result: Applied, config: Json, { manager }: Writer): Applied {
  if (result.is !== 'applied' || manager !== 'kubectl') return result
  const annotations = annotationsOf(result.object)
  if (!annotations[LAST_APPLIED]) return result
  const metadata = asRecord(config['metadata'])
  const { [LAST_APPLIED]: _last, ...others } = asRecord(metadata['annotations'])
  const text = `${JSON.stringify({ ...config, metadata: { ...metadata, annotations: others } })}\n`
  return {
    ...result,
    object: {
      ...result.object,
      metadata: { ...asRecord(result.object['metadata']), annotations: { ...annotations, [LAST_APPLIED]: text } },
    },
  }
}

function annotationsOf(object: Json): Json {
  return asRecord(asRecord(object['metadata'])['annotations'])
}

function parsed(text: unknown): Json | undefined {
  try {
    return typeof text === 'string' ? asRecord(JSON.parse(text)) : undefined
  } catch {
    return undefined
  }
}

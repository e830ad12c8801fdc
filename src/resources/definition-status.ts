/**
 * What the API server says of CustomResourceDefinitions: which names they have got, and whether their kinds are there.
 * Follows from the definitions alone, so that it is written with them and never by somebody who comes later. Pure.
 */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionStatus,
  CustomResourceNames,
} from './custom-resources.js'
import { BUILT_IN_KINDS } from './kind-table.js'
import type { Condition } from './meta.js'

/**
 * The same definitions in the same order, each with its status; one that has the right status already is handed back as it
 * is. Of two that want the same name, the one that has it keeps it, and the older one gets it.
 */
export function settleDefinitions(
  definitions: readonly CustomResourceDefinition[],
  now: string,
): readonly CustomResourceDefinition[] {
  const settled = new Map(definitions.map(definition => [definition.metadata.name, definition]))
  const byAge = [...definitions].sort((a, b) =>
    compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''),
  )
  for (const definition of byAge) {
    const others = [...settled.values()].filter(other => other.metadata.name !== definition.metadata.name)
    settled.set(definition.metadata.name, settle(definition, takenNames(definition, others), now))
  }
  return [...settled.values()]
}

interface TakenNames {
  /** In paths, and as kubectl calls them. */
  readonly resources: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

/** Names are of a group: another one may use them too. */
function takenNames(definition: CustomResourceDefinition, others: readonly CustomResourceDefinition[]): TakenNames {
  const { group, names } = definition.spec
  const builtIn = BUILT_IN_KINDS.all.filter(entry => entry.group === group && entry.plural !== names.plural)
  const accepted = others.filter(other => other.spec.group === group).map(other => other.status?.acceptedNames)
  const taken = [...builtIn, ...accepted.filter(one => one !== undefined)]
  return {
    resources: new Set(taken.flatMap(each => [each.plural, each.singular ?? '', ...(each.shortNames ?? [])])),
    kinds: new Set(taken.flatMap(each => [each.kind, each.listKind ?? ''])),
  }
}

function settle(definition: CustomResourceDefinition, taken: TakenNames, now: string): CustomResourceDefinition {
  const { status: before = {}, spec, metadata } = definition
  const { names, conflict } = acceptedNames(spec.names, before.acceptedNames, taken)
  const wasEstablished = conditionOf(before, 'Established')?.status === 'True'
  const conditions = [
    accepting(conflict),
    established(wasEstablished || conflict === undefined),
    ...(metadata.deletionTimestamp === undefined ? [] : [TERMINATING]),
  ].map(condition => since(conditionOf(before, condition.type), condition, now))
  const storage = spec.versions.find(version => version.storage)?.name ?? ''
  const storedVersions = before.storedVersions ?? []
  const status = {
    ...before,
    acceptedNames: names,
    conditions,
    storedVersions: storedVersions.includes(storage) ? storedVersions : [...storedVersions, storage],
  }
  return JSON.stringify(status) === JSON.stringify(before) ? definition : { ...definition, status }
}

interface Conflict {
  readonly reason: string
  readonly names: readonly string[]
}

function acceptedNames(
  wanted: CustomResourceNames,
  has: CustomResourceNames | undefined,
  { resources, kinds }: TakenNames,
): { readonly names: CustomResourceNames; readonly conflict: Conflict | undefined } {
  const free = (name: string | undefined, own: string | undefined, taken: ReadonlySet<string>) =>
    name === undefined || name === own || !taken.has(name)
  const ownShort = new Set(has?.shortNames ?? [])
  const takenShort = (wanted.shortNames ?? []).filter(name => !ownShort.has(name) && resources.has(name))
  const plural = free(wanted.plural, has?.plural, resources)
  const singular = free(wanted.singular, has?.singular, resources)
  const kind = free(wanted.kind, has?.kind, kinds)
  const listKind = free(wanted.listKind, has?.listKind, kinds)
  const shortNames = takenShort.length === 0
  const conflicts: readonly Conflict[] = [
    ...(listKind ? [] : [{ reason: 'ListKindConflict', names: [wanted.listKind ?? ''] }]),
    ...(kind ? [] : [{ reason: 'KindConflict', names: [wanted.kind] }]),
    ...(shortNames ? [] : [{ reason: 'ShortNamesConflict', names: takenShort }]),
    ...(singular ? [] : [{ reason: 'SingularConflict', names: [wanted.singular ?? ''] }]),
    ...(plural ? [] : [{ reason: 'PluralConflict', names: [wanted.plural] }]),
  ]
  const names = {
    plural: plural ? wanted.plural : (has?.plural ?? ''),
    ...optional('singular', singular ? wanted.singular : has?.singular),
    kind: kind ? wanted.kind : (has?.kind ?? ''),
    ...optional('listKind', listKind ? wanted.listKind : has?.listKind),
    ...optional('shortNames', shortNames ? wanted.shortNames : has?.shortNames),
    ...optional('categories', wanted.categories),
  }
  return { names, conflict: conflicts[0] }
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [Name in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Name in K]?: V }
}

function accepting(conflict: Conflict | undefined): Condition {
  const type = 'NamesAccepted'
  if (conflict === undefined) return { type, status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
  const inUse = conflict.names.map(name => `${JSON.stringify(name)} is already in use`)
  const message = inUse.length === 1 ? inUse.join('') : `[${inUse.join(', ')}]`
  return { type, status: 'False', reason: conflict.reason, message }
}

function established(is: boolean): Condition {
  const type = 'Established'
  return is
    ? { type, status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
    : { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
}

const TERMINATING: Condition = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
}

function conditionOf({ conditions = [] }: CustomResourceDefinitionStatus, type: string): Condition | undefined {
  return conditions.find(condition => condition.type === type)
}

function since(before: Condition | undefined, condition: Condition, now: string): Condition {
  const { type, ...rest } = condition
  const kept = before?.status === condition.status ? before.lastTransitionTime : undefined
  return { type, lastTransitionTime: kept ?? now, ...rest } as Condition
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

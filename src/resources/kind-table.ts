/** Which kinds there are at the moment: the built-in ones, and those that CustomResourceDefinitions add. Pure. */
import type { CustomResourceDefinition } from './custom-resources.js'
import { EVENTS_GROUP } from './events-v1.js'
import { type AnyKind, type CustomKind, isKind, KINDS, type Kind, type KindInfo } from './kinds.js'

/** A kind, with all its names. */
export interface KindEntry extends KindInfo {
  /** What the store calls it. */
  readonly id: AnyKind
  /** What objects call it. */
  readonly kind: string
  readonly singular: string
  readonly listKind: string
  readonly categories: readonly string[]
  /** Only custom kinds have one. */
  readonly definition?: CustomResourceDefinition
}

/** A value: another set of kinds is another table. */
export interface KindTable {
  readonly all: readonly KindEntry[]
  of(id: AnyKind): KindEntry | undefined
  /** By how objects name it; the version is left to the caller. */
  named(group: string, kind: string): KindEntry | undefined
  /** By how paths name it. */
  at(group: string, plural: string): KindEntry | undefined
}

/** Events have two names; what the store calls them is the first. */
const EVENTS_V1: KindEntry = { ...builtIn('Event'), group: EVENTS_GROUP }

export const BUILT_IN_KINDS: KindTable = tableOf([...Object.keys(KINDS).filter(isKind).map(builtIn), EVENTS_V1])

/** The built-in kinds and those of the definitions that are established. */
export function kindTable(definitions: readonly CustomResourceDefinition[]): KindTable {
  // A definition of what is built in changes nothing, as where two API servers share a group.
  const established = definitions.filter(each => isEstablished(each) && !isOfBuiltIn(each))
  return established.length === 0 ? BUILT_IN_KINDS : tableOf([...BUILT_IN_KINDS.all, ...established.map(custom)])
}

/** The kind, and the version that is asked for; undefined when nothing is served under this name. */
export function servedAs(
  kinds: KindTable,
  apiVersion: string,
  kind: string,
): { readonly entry: KindEntry; readonly version: string } | undefined {
  const slash = apiVersion.indexOf('/')
  const version = apiVersion.slice(slash + 1)
  const entry = kinds.named(slash < 0 ? '' : apiVersion.slice(0, slash), kind)
  return entry?.served.includes(version) ? { entry, version } : undefined
}

/** The kind an object is of, as the store calls it. Does not say that there is such a kind. */
export function kindIdOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): AnyKind {
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  return isKind(kind) && KINDS[kind].group === group ? kind : customKind(group, kind)
}

function customKind(group: string, kind: string): CustomKind {
  return `${kind}.${group}`
}

function tableOf(all: readonly KindEntry[]): KindTable {
  const byId = new Map<string, KindEntry>(
    all.filter(({ group }) => group !== EVENTS_GROUP).map(entry => [entry.id, entry]),
  )
  const byResource = new Map(all.map(entry => [`${entry.plural}.${entry.group}`, entry]))
  const byName = new Map(all.map(entry => [`${entry.kind}.${entry.group}`, entry]))
  return {
    all,
    of: id => byId.get(id),
    named: (group, kind) => byName.get(`${kind}.${group}`),
    at: (group, plural) => byResource.get(`${plural}.${group}`),
  }
}

function builtIn(kind: Kind): KindEntry {
  const info: KindInfo = KINDS[kind]
  return {
    ...info,
    id: kind,
    kind,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    categories: info.categories ?? [],
  }
}

function custom(definition: CustomResourceDefinition): KindEntry {
  const { group, names, scope, versions } = definition.spec
  const stored = versions.find(version => version.storage)
  return {
    id: customKind(group, names.kind),
    kind: names.kind,
    group,
    version: stored?.name ?? '',
    served: versions.filter(version => version.served).map(version => version.name),
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === 'Namespaced',
    status: stored?.subresources?.status !== undefined,
    definition,
  }
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(each => each.type === 'Established' && each.status === 'True') ?? false
}

function isOfBuiltIn({ spec }: CustomResourceDefinition): boolean {
  return BUILT_IN_KINDS.at(spec.group, spec.names.plural) !== undefined
}

/** `tekton.dev/v1`, or `v1` for the core group. */
export function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

/** `pipelineruns.tekton.dev`, or `pods`: how the API server names a resource in its messages. */
export function groupResource({ group, plural }: Pick<KindInfo, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** `PipelineRun.tekton.dev`, or `Pod`: how the API server names a kind in its messages. */
export function groupKind({ group, kind }: Pick<KindEntry, 'group' | 'kind'>): string {
  return group === '' ? kind : `${kind}.${group}`
}

/** `/apis/tekton.dev/v1`, or `/api/v1`: where the resources of a group and version are served. */
export function groupVersionPath(group: string, version: string): string {
  return `/${group === '' ? 'api' : 'apis'}/${groupVersion(group, version)}`
}

/** Which groups, versions and resources there are, and what can be done with each. Pure. */
import type { KindEntry, KindTable } from '../../resources/kind-table.js'
import { REVIEW_RESOURCES, type ReviewResource } from '../access/reviews.js'
import { DELIVERY_RESOURCES } from '../deliveries.js'
import { OWN_GROUP, OWN_VERSION, type OwnResource } from '../own-resources.js'
import { SCHEDULE_RESOURCES } from '../schedules.js'
import { compareVersions } from './version-order.js'

export interface DiscoveredGroup {
  /** '' for the core. */
  readonly name: string
  /** The preferred one first. */
  readonly versions: readonly DiscoveredVersion[]
}

export interface DiscoveredVersion {
  readonly version: string
  readonly resources: readonly DiscoveredResource[]
}

export interface DiscoveredResource {
  /** Plural. */
  readonly name: string
  readonly singularName: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly subresources: readonly DiscoveredSubresource[]
}

export interface DiscoveredSubresource {
  readonly name: string
  readonly kind: string
  readonly verbs: readonly string[]
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** Besides `status`, which the table of kinds knows of. */
const SUBRESOURCES: Readonly<Record<string, readonly DiscoveredSubresource[]>> = {
  Pod: [{ name: 'log', kind: 'Pod', verbs: ['get'] }],
}

const known = new WeakMap<KindTable, readonly DiscoveredGroup[]>()

export function discoveredGroups(kinds: KindTable): readonly DiscoveredGroup[] {
  const groups = known.get(kinds) ?? groupsOf(kinds)
  known.set(kinds, groups)
  return groups
}

function groupsOf(kinds: KindTable): readonly DiscoveredGroup[] {
  const others = [{ group: OWN_GROUP, version: OWN_VERSION }, ...REVIEW_RESOURCES]
  const names = [...new Set([...kinds.all, ...others].map(({ group }) => group))]
  return names.map(name => {
    const entries = kinds.all.filter(({ group }) => group === name)
    const served = entries.flatMap(entry => entry.served)
    const besides = others.filter(({ group }) => group === name).map(({ version }) => version)
    const versions = [...new Set([...served, ...besides])].sort(compareVersions)
    return {
      name,
      versions: versions.map(version => ({
        version,
        resources: withOwn(
          name,
          version,
          entries.filter(entry => entry.served.includes(version)).map(entry => resourceOf(entry, version)),
        ),
      })),
    }
  })
}

function resourceOf(entry: KindEntry, version: string): DiscoveredResource {
  const { id, plural, singular, kind, namespaced, shortNames, categories } = entry
  const status = hasStatus(entry, version) ? [{ name: 'status', kind, verbs: ['get', 'patch', 'update'] }] : []
  return {
    name: plural,
    singularName: singular,
    kind,
    namespaced,
    verbs: VERBS,
    shortNames,
    categories,
    subresources: [...(Object.hasOwn(SUBRESOURCES, id) ? (SUBRESOURCES[id] ?? []) : []), ...status],
  }
}

function hasStatus({ definition, status }: KindEntry, version: string): boolean {
  if (definition === undefined) return status
  return definition.spec.versions.find(each => each.name === version)?.subresources?.status !== undefined
}

/** With the resources that no store keeps, and what else can be asked of those it does. */
function withOwn(
  group: string,
  version: string,
  resources: readonly DiscoveredResource[],
): readonly DiscoveredResource[] {
  const reviews = REVIEW_RESOURCES.filter(each => each.group === group && each.version === version)
  if (reviews.length > 0) return [...resources, ...reviews.map(reviewResource)]
  if (group !== OWN_GROUP || version !== OWN_VERSION) return resources
  const own: readonly OwnResource[] = [...DELIVERY_RESOURCES, ...SCHEDULE_RESOURCES]
  const added = own
    .filter(({ name }) => !name.includes('/'))
    .map(each => ({ categories: [], shortNames: [], subresources: [], namespaced: true, ...each }))
  return [...resources, ...added].map(resource => ({
    ...resource,
    subresources: [
      ...resource.subresources,
      ...own
        .filter(({ name }) => name.startsWith(`${resource.name}/`))
        .map(({ name, kind, verbs }) => ({ name: name.slice(resource.name.length + 1), kind, verbs })),
    ],
  }))
}

function reviewResource({ name, singularName, kind, namespaced, verbs }: ReviewResource): DiscoveredResource {
  return { name, singularName, kind, namespaced, verbs, shortNames: [], categories: [], subresources: [] }
}

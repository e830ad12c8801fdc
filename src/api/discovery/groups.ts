/** Which groups, versions and resources there are, and what can be done with each. Pure. */
import type { KindEntry, KindTable } from '../../resources/kind-table.js'
import { REVIEW_RESOURCES } from '../access/reviews.js'
import { DELIVERY_RESOURCES } from '../deliveries.js'
import { EXPLANATION_RESOURCES } from '../explanations.js'
import { GRAPH_RESOURCES } from '../graphs.js'
import { OWN_GROUP, OWN_VERSION, type UnstoredResource } from '../own-resources.js'
import { RERUN_RESOURCES } from '../reruns.js'
import { RUN_LOG_RESOURCES } from '../run-logs.js'
import { RUN_RESOURCES } from '../runs.js'
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
  Namespace: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  Pod: [
    { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
    { name: 'log', kind: 'Pod', verbs: ['get'] },
  ],
}

/** What no store keeps, and what else can be asked of kinds that are kept. */
const UNSTORED: readonly UnstoredResource[] = [
  ...[
    ...DELIVERY_RESOURCES,
    ...RUN_RESOURCES,
    ...SCHEDULE_RESOURCES,
    ...GRAPH_RESOURCES,
    ...RERUN_RESOURCES,
    ...EXPLANATION_RESOURCES,
    ...RUN_LOG_RESOURCES,
  ].map(each => ({
    ...each,
    group: OWN_GROUP,
    version: OWN_VERSION,
    namespaced: true,
  })),
  ...REVIEW_RESOURCES,
]

const known = new WeakMap<KindTable, readonly DiscoveredGroup[]>()

export function discoveredGroups(kinds: KindTable): readonly DiscoveredGroup[] {
  const groups = known.get(kinds) ?? groupsOf(kinds)
  known.set(kinds, groups)
  return groups
}

function groupsOf(kinds: KindTable): readonly DiscoveredGroup[] {
  const names = new Set([...kinds.all, ...UNSTORED].map(({ group }) => group))
  return [...names].map(name => {
    const entries = kinds.all.filter(({ group }) => group === name)
    const unstored = UNSTORED.filter(({ group }) => group === name)
    const versions = new Set([...entries.flatMap(({ served }) => served), ...unstored.map(({ version }) => version)])
    return {
      name,
      versions: [...versions].sort(compareVersions).map(version => {
        const served = entries.filter(entry => entry.served.includes(version))
        const stored = served.map(entry => resourceOf(entry, version))
        return {
          version,
          resources: withUnstored(
            stored,
            unstored.filter(each => each.version === version),
          ),
        }
      }),
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

function withUnstored(
  stored: readonly DiscoveredResource[],
  unstored: readonly UnstoredResource[],
): readonly DiscoveredResource[] {
  const alone = unstored
    .filter(({ name }) => !name.includes('/'))
    .map(each => ({ shortNames: [], categories: [], subresources: [], ...each }))
  return [...stored, ...alone].map(resource => {
    const more = unstored.filter(({ name }) => name.startsWith(`${resource.name}/`))
    const subresources = more.map(({ name, kind, verbs }) => ({
      name: name.slice(resource.name.length + 1),
      kind,
      verbs,
    }))
    return { ...resource, subresources: [...resource.subresources, ...subresources] }
  })
}

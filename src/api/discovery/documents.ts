/** What discovery answers, in the forms that clients ask for. Pure. */
import { groupVersion } from '../../resources/kind-table.js'
import type { DiscoveredGroup, DiscoveredResource, DiscoveredVersion } from './groups.js'

export function apiGroupList(groups: readonly DiscoveredGroup[]): object {
  const named = groups.filter(({ name }) => name !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupOf) }
}

export function apiGroup(group: DiscoveredGroup): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) }
}

function groupOf({ name, versions }: DiscoveredGroup): object {
  const all = versions.map(({ version }) => ({ groupVersion: groupVersion(name, version), version }))
  return { name, versions: all, preferredVersion: all[0] }
}

export function apiResourceList(group: string, { version, resources }: DiscoveredVersion): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group, version),
    resources: resources.flatMap(resource => {
      const { name, singularName, namespaced, kind, verbs, shortNames, categories, subresources } = resource
      return [
        { name, singularName, namespaced, kind, verbs, ...filled({ shortNames, categories }) },
        ...subresources.map(each => ({ ...each, name: `${name}/${each.name}`, singularName: '', namespaced })),
      ]
    }),
  }
}

/** All groups with all resources in one answer: what clients since 1.26 ask for. */
export function apiGroupDiscoveryList(groups: readonly DiscoveredGroup[], version: string): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(group => ({
      metadata: { ...(group.name !== '' && { name: group.name }), creationTimestamp: null },
      versions: group.versions.map(each => ({
        version: each.version,
        resources: each.resources.map(resource => aggregated(group.name, each.version, resource)),
        freshness: 'Current',
      })),
    })),
  }
}

function aggregated(group: string, version: string, resource: DiscoveredResource): object {
  const { name, singularName, namespaced, verbs, shortNames, categories, subresources } = resource
  const kindOf = (kind: string) => ({ group, version, kind })
  return {
    resource: name,
    responseKind: kindOf(resource.kind),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singularName,
    verbs,
    ...filled({ shortNames, categories }),
    ...(subresources.length > 0 && {
      subresources: subresources.map(each => ({
        subresource: each.name,
        responseKind: kindOf(each.kind),
        verbs: each.verbs,
      })),
    }),
  }
}

/** Kubernetes leaves out empty lists. */
function filled(lists: Readonly<Record<string, readonly string[]>>): object {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))
}

/** What a client asks before it asks for anything else: which groups, versions and resources there are. Pure. */
import { groupVersion, type KindTable } from '../resources/kind-table.js'
import { DELIVERY_RESOURCES } from './deliveries.js'
import { OWN_GROUP, OWN_VERSION, type OwnResource } from './own-resources.js'
import { SCHEDULE_RESOURCES } from './schedules.js'

/** Those that no store keeps, and what can be asked of those it does. */
const OWN_RESOURCES: readonly OwnResource[] = [...DELIVERY_RESOURCES, ...SCHEDULE_RESOURCES]
const VERBS = ['create', 'delete', 'get', 'list', 'update']

export function discover(kinds: KindTable, path: string): unknown {
  const parts = path.split('/').filter(part => part !== '')
  if (path === '/version') return { major: '1', minor: '32', gitVersion: 'v1.32.0-tektite', platform: 'linux/amd64' }
  if (parts[0] === 'api' && parts.length === 1) return { kind: 'APIVersions', versions: ['v1'] }
  if (parts[0] === 'api' && parts.length === 2 && parts[1] === 'v1') return resourceList(kinds, '', 'v1')
  if (parts[0] !== 'apis') return undefined
  if (parts.length === 1) {
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(kinds).map(group => groupOf(kinds, group)) }
  }
  const group = parts[1] ?? ''
  if (!groups(kinds).includes(group)) return undefined
  if (parts.length === 2) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(kinds, group) }
  const version = parts[2] ?? ''
  return parts.length === 3 && versionsOf(kinds, group).includes(version)
    ? resourceList(kinds, group, version)
    : undefined
}

function groups(kinds: KindTable): readonly string[] {
  return [...new Set([...kinds.all.map(({ group }) => group), OWN_GROUP])].filter(group => group !== '')
}

function versionsOf(kinds: KindTable, group: string): readonly string[] {
  const stored = kinds.all.filter(info => info.group === group).map(info => info.version)
  return [...new Set([...stored, ...(group === OWN_GROUP ? [OWN_VERSION] : [])])]
}

function groupOf(kinds: KindTable, name: string): object {
  const versions = versionsOf(kinds, name).map(version => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

function resourceList(kinds: KindTable, group: string, version: string): unknown {
  const resources = kinds.all
    .filter(info => info.group === group && info.version === version)
    .flatMap(({ plural, singular, namespaced, kind, shortNames, status }) => {
      const own = { name: plural, singularName: singular, namespaced, kind, verbs: VERBS, shortNames }
      return status
        ? [own, { name: `${plural}/status`, singularName: '', namespaced, kind, verbs: ['get', 'update'] }]
        : [own]
    })
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group, version),
    resources: [
      ...resources,
      ...(group === OWN_GROUP ? OWN_RESOURCES.map(each => ({ ...each, namespaced: true })) : []),
    ],
  }
}

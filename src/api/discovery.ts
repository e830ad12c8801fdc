/** What a client asks before it asks for anything else: which groups, versions and resources there are. Pure. */
import { KINDS, type Kind } from '../resources/kinds.js'
import { DELIVERY_RESOURCES } from './deliveries.js'
import { OWN_GROUP, OWN_VERSION, type OwnResource } from './own-resources.js'
import { SCHEDULE_RESOURCES } from './schedules.js'

/** Those that no store keeps, and what can be asked of those it does. */
const OWN_RESOURCES: readonly OwnResource[] = [...DELIVERY_RESOURCES, ...SCHEDULE_RESOURCES]
const VERBS = ['create', 'delete', 'get', 'list', 'update']

export function discover(path: string): unknown {
  const parts = path.split('/').filter(part => part !== '')
  if (path === '/version') return { major: '1', minor: '32', gitVersion: 'v1.32.0-tektite', platform: 'linux/amd64' }
  if (parts[0] === 'api' && parts.length === 1) return { kind: 'APIVersions', versions: ['v1'] }
  if (parts[0] === 'api' && parts.length === 2 && parts[1] === 'v1') return resourceList('', 'v1')
  if (parts[0] !== 'apis') return undefined
  if (parts.length === 1) {
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(groupOf) }
  }
  const group = parts[1] ?? ''
  if (!groups().includes(group)) return undefined
  if (parts.length === 2) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) }
  return parts.length === 3 && versionsOf(group).includes(parts[2] ?? '')
    ? resourceList(group, parts[2] ?? '')
    : undefined
}

function groups(): readonly string[] {
  const groupsOfKinds = Object.values(KINDS).map(info => info.group)
  return [...new Set([...groupsOfKinds, OWN_GROUP])].filter(group => group !== '')
}

function versionsOf(group: string): readonly string[] {
  const stored = Object.values(KINDS)
    .filter(info => info.group === group)
    .map(info => info.version)
  return [...new Set([...stored, ...(group === OWN_GROUP ? [OWN_VERSION] : [])])]
}

function groupOf(name: string): object {
  const versions = versionsOf(name).map(version => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

function resourceList(group: string, version: string): unknown {
  const kinds = (Object.keys(KINDS) as Kind[]).filter(
    kind => KINDS[kind].group === group && KINDS[kind].version === version,
  )
  const resources = kinds.flatMap(kind => {
    const { plural, namespaced, shortNames, status } = KINDS[kind]
    const own = { name: plural, singularName: kind.toLowerCase(), namespaced, kind, verbs: VERBS, shortNames }
    return status
      ? [own, { name: `${plural}/status`, singularName: '', namespaced, kind, verbs: ['get', 'update'] }]
      : [own]
  })
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: [
      ...resources,
      ...(group === OWN_GROUP ? OWN_RESOURCES.map(each => ({ ...each, namespaced: true })) : []),
    ],
  }
}

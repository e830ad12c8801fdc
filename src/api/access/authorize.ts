/** What a role may. Pure. */
import type { KindTable } from '../../resources/kind-table.js'
import { ApiError, detailsOf } from '../status.js'
import type { Attributes } from './attributes.js'
import { type Role, roleOf, type User } from './users.js'

const LOOKS = ['get', 'list', 'watch']
/** Of what is looked at: not `exec`, nor anything else that does something. */
const SUBRESOURCES = ['', 'status', 'log', 'scale', 'graph', 'explain', 'logs']
/** What everybody may ask about oneself. */
const QUESTIONS: readonly (readonly [string, string])[] = [
  ['authorization.k8s.io', 'selfsubjectaccessreviews'],
  ['authorization.k8s.io', 'selfsubjectrulesreviews'],
  ['authentication.k8s.io', 'selfsubjectreviews'],
]

export function mayDo(role: Role | undefined, attributes: Attributes): boolean {
  if (role === undefined) return false
  if (role === 'admin') return true
  if (!('resource' in attributes)) return ['get', 'head'].includes(attributes.verb)
  const { verb, group, resource, subresource } = attributes
  if (verb === 'create') return QUESTIONS.some(([of, name]) => of === group && name === resource)
  return (
    LOOKS.includes(verb) &&
    SUBRESOURCES.includes(subresource) &&
    ![group, resource].includes('*') &&
    !(group === '' && resource === 'secrets')
  )
}

/** @throws ApiError 403 */
export function authorize(user: User, attributes: Attributes): void {
  if (mayDo(roleOf(user), attributes)) return
  const who = `User ${JSON.stringify(user.name)}`
  if (!('resource' in attributes)) {
    const { verb, path } = attributes
    throw new ApiError(403, 'Forbidden', `forbidden: ${who} cannot ${verb} path ${JSON.stringify(path)}`, {})
  }
  const { verb, group, resource, subresource, namespace, name } = attributes
  const what = `${resource}${group === '' ? '' : `.${group}`}${name === '' ? '' : ` ${JSON.stringify(name)}`}`
  const whole = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  const cannot = `cannot ${verb} resource ${JSON.stringify(whole)} in API group ${JSON.stringify(group)} ${where}`
  throw new ApiError(
    403,
    'Forbidden',
    `${what} is forbidden: ${who} ${cannot}`,
    detailsOf({ group, plural: resource }, name),
  )
}

export interface Rules {
  readonly resourceRules: readonly {
    readonly verbs: readonly string[]
    readonly apiGroups: readonly string[]
    readonly resources: readonly string[]
  }[]
  readonly nonResourceRules: readonly {
    readonly verbs: readonly string[]
    readonly nonResourceURLs: readonly string[]
  }[]
  readonly incomplete: boolean
}

/** The same as a list, for `kubectl auth can-i --list`. */
export function rulesOf(role: Role | undefined, kinds: KindTable): Rules {
  if (role === undefined) return { resourceRules: [], nonResourceRules: [], incomplete: false }
  if (role === 'admin') {
    return {
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    }
  }
  const groups = [...new Set(kinds.all.map(({ group }) => group))]
  const questions = QUESTIONS.map(([group, name]) => ({ verbs: ['create'], apiGroups: [group], resources: [name] }))
  const looks = groups.map(group => ({ verbs: LOOKS, apiGroups: [group], resources: seenIn(group, kinds) }))
  return {
    resourceRules: [...questions, ...looks],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['*'] }],
    incomplete: false,
  }
}

function seenIn(group: string, kinds: KindTable): readonly string[] {
  const names = kinds.all
    .filter(info => info.group === group && !(group === '' && info.plural === 'secrets'))
    .flatMap(({ plural, status }) => (status ? [plural, `${plural}/status`] : [plural]))
  const more = group === '' ? ['pods/log'] : group === 'tektite.dev' ? ['deliveries', 'runs'] : []
  return [...names, ...more]
}

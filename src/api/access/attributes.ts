/** What a request does to what, as Kubernetes calls it: for roles, reviews and the audit log. Pure. */

import { isOfNamespace } from '../route.js'

export interface ResourceAttributes {
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  /** '' for what is in none, and over all of them. */
  readonly namespace: string
  /** '' for a collection. */
  readonly name: string
}

/** Of what is no resource, such as `/version`. */
export interface PathAttributes {
  readonly verb: string
  readonly path: string
}

export type Attributes = ResourceAttributes | PathAttributes

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** Asked for with GET as well as POST, and always more than a look. */
const CONNECTIONS = ['exec', 'attach', 'portforward', 'proxy']

/** @param path still encoded */
export function attributesOf(method: string, path: string, query: URLSearchParams): Attributes {
  const parts = path
    .split('/')
    .filter(part => part !== '')
    .map(decodeURIComponent)
  const [group, version, ...rest] = parts[0] === 'api' ? ['', ...parts.slice(1)] : parts.slice(1)
  if ((parts[0] !== 'api' && parts[0] !== 'apis') || group === undefined || version === undefined || !rest[0]) {
    return { verb: method.toLowerCase(), path }
  }
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !isOfNamespace(group, rest)
  const [resource = '', name = '', subresource = ''] = inNamespace ? rest.slice(2) : rest
  const namespace = inNamespace ? (rest[1] ?? '') : group === '' && resource === 'namespaces' ? name : ''
  return { verb: verbOf(method, name, subresource, query), group, version, resource, subresource, namespace, name }
}

function verbOf(method: string, name: string, subresource: string, query: URLSearchParams): string {
  if (CONNECTIONS.includes(subresource)) return 'create'
  const verb = VERBS[method] ?? method.toLowerCase()
  if (name !== '') return verb
  if (verb === 'delete') return 'deletecollection'
  if (verb !== 'get') return verb
  return ['true', '1'].includes(query.get('watch') ?? '') ? 'watch' : 'list'
}

/** Changes something, or may: everything but a look, and the questions about access. */
export function isWrite(attributes: Attributes): boolean {
  if (['get', 'list', 'watch', 'head', 'options'].includes(attributes.verb)) return false
  return !('group' in attributes && ['authorization.k8s.io', 'authentication.k8s.io'].includes(attributes.group))
}

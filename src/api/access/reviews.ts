/** "May I?" and "who am I?": `kubectl auth can-i`, `can-i --list` and `whoami`. Nothing of it is stored. */
import type { KindTable } from '../../resources/kind-table.js'
import type { ObjectAnswer } from '../answer.js'
import type { UnstoredResource } from '../own-resources.js'
import { type ApiRequest, readJson } from '../request.js'
import { ApiError } from '../status.js'
import type { Attributes } from './attributes.js'
import { userOfToken } from './authenticate.js'
import { mayDo, rulesOf } from './authorize.js'
import { roleOf, type TokenUser, type User, userInfo } from './users.js'

export const REVIEW_RESOURCES: readonly UnstoredResource[] = [
  review('authorization.k8s.io', 'SelfSubjectAccessReview'),
  review('authorization.k8s.io', 'SelfSubjectRulesReview'),
  review('authorization.k8s.io', 'SubjectAccessReview'),
  { ...review('authorization.k8s.io', 'LocalSubjectAccessReview'), namespaced: true },
  review('authentication.k8s.io', 'SelfSubjectReview'),
  review('authentication.k8s.io', 'TokenReview'),
]

function review(group: string, kind: string): UnstoredResource {
  const singularName = kind.toLowerCase()
  return { group, version: 'v1', name: `${singularName}s`, singularName, kind, namespaced: false, verbs: ['create'] }
}

export interface ReviewDeps {
  readonly kinds: KindTable
  readonly users: readonly TokenUser[]
}

/** Undefined when the path is of something else. @throws ApiError */
export async function answerReview(
  { kinds, users }: ReviewDeps,
  request: ApiRequest,
  attributes: Attributes,
): Promise<ObjectAnswer | undefined> {
  if (!('resource' in attributes)) return undefined
  const { group, version, resource, verb, namespace, name, subresource } = attributes
  const found = REVIEW_RESOURCES.find(one => one.group === group && one.version === version && one.name === resource)
  if (found === undefined || name !== '' || subresource !== '' || found.namespaced !== (namespace !== ''))
    return undefined
  if (verb !== 'create') {
    throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  const apiVersion = `${group}/${version}`
  const body = objectIn(await readJson(request))
  if (body['kind'] !== found.kind || body['apiVersion'] !== apiVersion) {
    throw new ApiError(400, 'BadRequest', `the body is no ${found.kind} of ${apiVersion}`)
  }
  const spec = objectIn(body['spec'])
  const status = statusOf({ kinds, users }, found, spec, request.user)
  // The token of a TokenReview is not sent back.
  const shown = found.kind === 'TokenReview' ? {} : spec
  const object = { kind: found.kind, apiVersion, metadata: { creationTimestamp: null }, spec: shown, status }
  return { code: 201, body: object }
}

type Fields = Readonly<Record<string, unknown>>

function statusOf({ kinds, users }: ReviewDeps, of: UnstoredResource, spec: Fields, self: User): object {
  switch (of.kind) {
    case 'SelfSubjectAccessReview':
      return verdict(self, attributesIn(of, spec))
    case 'SelfSubjectRulesReview':
      return rulesOf(roleOf(self), kinds)
    case 'SelfSubjectReview':
      return { userInfo: userInfo(self) }
    case 'TokenReview': {
      const user = userOfToken(users, text(spec['token']))
      if (user !== undefined) return { authenticated: true, user: userInfo(user) }
      return { user: {}, error: '[invalid bearer token]' }
    }
    default:
      return verdict(subjectIn(of, spec), attributesIn(of, spec))
  }
}

function verdict(user: User, attributes: Attributes): object {
  const role = roleOf(user)
  if (mayDo(role, attributes)) return { allowed: true, reason: `the role ${role} allows it` }
  return { allowed: false, ...(role === undefined && { reason: 'the user has no role here' }) }
}

/** The user alone says nothing here, except one of our own: roles are given to groups. */
function subjectIn(of: UnstoredResource, spec: Fields): User {
  const [name, groups] = [text(spec['user']), texts(spec['groups'])]
  if (name === '' && groups.length === 0) {
    throw invalid(of, 'spec.user: Invalid value: "": at least one of user or group must be specified')
  }
  const own = /^tektite:(admin|view)$/.test(name) ? [name] : []
  return { name, groups: [...groups, ...own] }
}

function attributesIn(of: UnstoredResource, spec: Fields): Attributes {
  const [resource, path] = [spec['resourceAttributes'] ?? undefined, spec['nonResourceAttributes'] ?? undefined]
  if ((resource === undefined) === (path === undefined)) {
    const rule = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    throw invalid(of, `spec.resourceAttributes: Invalid value: ${resource === undefined ? 'null' : '{}'}: ${rule}`)
  }
  if (path !== undefined) return { verb: text(objectIn(path)['verb']), path: text(objectIn(path)['path']) }
  const given = objectIn(resource)
  return {
    verb: text(given['verb']),
    group: text(given['group']),
    version: text(given['version']),
    resource: text(given['resource']),
    subresource: text(given['subresource']),
    namespace: text(given['namespace']),
    name: text(given['name']),
  }
}

function invalid({ kind, group }: UnstoredResource, problem: string): ApiError {
  return new ApiError(422, 'Invalid', `${kind}.${group} "" is invalid: ${problem}`)
}

function objectIn(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}

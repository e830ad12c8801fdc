/** Who may ask what, over HTTP; and that nothing is asked past the roles. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attributesOf } from '../../src/api/access/attributes.js'
import { mayDo, rulesOf } from '../../src/api/access/authorize.js'
import { builtInUser, parseTokenFile, type TokenUser } from '../../src/api/access/users.js'
import { parseRoute } from '../../src/api/route.js'
import { BUILT_IN_KINDS } from '../../src/resources/kind-table.js'
import { cases } from '../helpers/cases.js'
import { type ApiWorld, serveApi } from './world.js'

const VIEW: TokenUser = { token: 'the-view-token', user: builtInUser('view') }
const VIEWER = `Bearer ${VIEW.token}`
const PODS = '/api/v1/namespaces/default/pods'
const RUNS = '/apis/tekton.dev/v1/namespaces/ci/pipelineruns'
const SECRET = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'default' },
  stringData: { password: 'hunter2-value' },
}

async function serve(): Promise<ApiWorld> {
  const world = await serveApi({ users: [VIEW] })
  expect((await world.call('POST', '/api/v1/namespaces/default/secrets', { body: SECRET })).status).toBe(201)
  return world
}

test.each(
  cases({
    'to create': {
      method: 'POST',
      path: PODS,
      cannot:
        'pods is forbidden: User "tektite:view" cannot create resource "pods" in API group "" in the namespace "default"',
    },
    'to delete': {
      method: 'DELETE',
      path: `${RUNS}/r`,
      cannot:
        'pipelineruns.tekton.dev "r" is forbidden: User "tektite:view" cannot delete resource "pipelineruns" in API group "tekton.dev" in the namespace "ci"',
    },
    'to delete all': {
      method: 'DELETE',
      path: RUNS,
      cannot:
        'pipelineruns.tekton.dev is forbidden: User "tektite:view" cannot deletecollection resource "pipelineruns" in API group "tekton.dev" in the namespace "ci"',
    },
    'to replace a status': {
      method: 'PUT',
      path: `${RUNS}/r/status`,
      cannot:
        'pipelineruns.tekton.dev "r" is forbidden: User "tektite:view" cannot update resource "pipelineruns/status" in API group "tekton.dev" in the namespace "ci"',
    },
    'to patch': {
      method: 'PATCH',
      path: '/api/v1/namespaces/x',
      cannot:
        'namespaces "x" is forbidden: User "tektite:view" cannot patch resource "namespaces" in API group "" in the namespace "x"',
    },
    'to get a Secret': {
      method: 'GET',
      path: '/api/v1/namespaces/default/secrets/s',
      cannot:
        'secrets "s" is forbidden: User "tektite:view" cannot get resource "secrets" in API group "" in the namespace "default"',
    },
    'to list Secrets': {
      method: 'GET',
      path: '/api/v1/secrets',
      cannot:
        'secrets is forbidden: User "tektite:view" cannot list resource "secrets" in API group "" at the cluster scope',
    },
    'to watch Secrets': {
      method: 'GET',
      path: '/api/v1/secrets?watch=true',
      cannot:
        'secrets is forbidden: User "tektite:view" cannot watch resource "secrets" in API group "" at the cluster scope',
    },
    'to exec': {
      method: 'GET',
      path: `${PODS}/p/exec?command=id`,
      cannot:
        'pods "p" is forbidden: User "tektite:view" cannot create resource "pods/exec" in API group "" in the namespace "default"',
    },
    'to run a schedule': {
      method: 'POST',
      path: '/apis/tektite.dev/v1alpha1/namespaces/ci/schedules/s/run',
      cannot:
        'schedules.tektite.dev "s" is forbidden: User "tektite:view" cannot create resource "schedules/run" in API group "tektite.dev" in the namespace "ci"',
    },
    'to replay a delivery': {
      method: 'POST',
      path: '/apis/tektite.dev/v1alpha1/namespaces/ci/deliveries/d/replay',
      cannot:
        'deliveries.tektite.dev "d" is forbidden: User "tektite:view" cannot create resource "deliveries/replay" in API group "tektite.dev" in the namespace "ci"',
    },
    'to ask for others': {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      cannot:
        'subjectaccessreviews.authorization.k8s.io is forbidden: User "tektite:view" cannot create resource "subjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope',
    },
    'to write where nothing is': {
      method: 'POST',
      path: '/version',
      cannot: 'forbidden: User "tektite:view" cannot post path "/version"',
    },
  }),
)('view is not allowed %s, in Kubernetes’ words', async (_, { method, path, cannot }) => {
  const { call, cluster } = await serve()
  const version = cluster.version()
  const answer = await call(method, path, { authorization: VIEWER, body: {} })
  expect(answer).toMatchObject({
    status: 403,
    body: { kind: 'Status', reason: 'Forbidden', code: 403, message: cannot },
  })
  expect(answer.text).not.toContain('hunter2')
  expect(cluster.version()).toBe(version)
})

test('view sees everything else', async () => {
  const { call } = await serve()
  for (const path of [PODS, RUNS, '/api/v1/namespaces/default/configmaps', '/apis', '/version', '/api/v1']) {
    expect([path, (await call('GET', path, { authorization: VIEWER })).status]).toEqual([path, 200])
  }
  // Not there, rather than not allowed.
  for (const path of [`${PODS}/none`, `${PODS}/none/log?container=a`]) {
    expect([path, (await call('GET', path, { authorization: VIEWER })).status]).toEqual([path, 404])
  }
})

const segment = fc.constantFrom(
  ...[
    'api',
    'apis',
    'v1',
    'namespaces',
    'default',
    'secrets',
    'Secrets',
    'pods',
    's',
    'status',
    'finalize',
    'log',
    '',
    '%73ecrets',
    'secrets%2fs',
    '.',
    'tekton.dev',
    'watch',
  ],
)

test('whatever a path looks like, what leads to Secrets is known to do so', () => {
  const path = fc.array(segment, { maxLength: 8 }).map(parts => `/${parts.join('/')}`)
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE')
  fc.assert(
    fc.property(path, method, (written, verb) => {
      const { pathname, searchParams } = new URL(`http://localhost${written}`)
      const route = parseRoute(BUILT_IN_KINDS, pathname)
      if (route === undefined) return
      const attributes = attributesOf(verb, pathname, searchParams)
      expect(attributes).toMatchObject({ group: route.info.group, resource: route.info.plural, name: route.name ?? '' })
      if (route.info.id === 'Secret') expect(mayDo('view', attributes)).toBe(false)
    }),
    { numRuns: 2_000 },
  )
})

test('impersonation is refused, and says so', async () => {
  const { port } = await serveApi()
  const headers = { authorization: 'Bearer the-token-of-this-test', 'impersonate-user': 'jane' }
  const response = await fetch(`http://127.0.0.1:${port}${PODS}`, { headers })
  expect(response.status).toBe(403)
  expect(await response.json()).toMatchObject({
    reason: 'Forbidden',
    message:
      'users "jane" is forbidden: User "tektite:admin" cannot impersonate resource "users" in API group "" at the cluster scope: Tektite knows only service accounts to act as, and only its admin may; ask with the token of the user',
  })
})

test('a token file as Kubernetes has it', () => {
  const text =
    '# who\n\nt1,jane,7,"tektite:admin, dev"\r\nt2, joe ,,tektite:view\n"t,3","the ""third""",u,"tektite:view"\n'
  expect(parseTokenFile(text)).toEqual([
    { token: 't1', user: { name: 'jane', uid: '7', groups: ['tektite:admin', 'dev', 'system:authenticated'] } },
    { token: 't2', user: { name: 'joe', groups: ['tektite:view', 'system:authenticated'] } },
    { token: 't,3', user: { name: 'the "third"', uid: 'u', groups: ['tektite:view', 'system:authenticated'] } },
  ])
})

test.each(
  cases({
    'no user': { text: 'secret-token\n', problem: 'line 1 has no token, or no user' },
    'no token': { text: '\n,jane,1,tektite:view\n', problem: 'line 2 has no token, or no user' },
    'no role': { text: 'secret-token,jane,1,dev\n', problem: 'line 1 names neither the group tektite:admin nor' },
  }),
)('a token file with %s is refused, without quoting it', (_, { text, problem }) => {
  expect(() => parseTokenFile(text)).toThrow(problem)
  expect(() => parseTokenFile(text)).not.toThrow('secret-token')
})

async function review(kind: string, spec: object, authorization?: string) {
  const { call } = await serve()
  const group = ['SelfSubjectReview', 'TokenReview'].includes(kind) ? 'authentication.k8s.io' : 'authorization.k8s.io'
  const place = kind === 'LocalSubjectAccessReview' ? 'namespaces/default/' : ''
  const body = { apiVersion: `${group}/v1`, kind, spec }
  const path = `/apis/${group}/v1/${place}${kind.toLowerCase()}s`
  return call('POST', path, { body, ...(authorization && { authorization }) })
}

test.each(
  cases({
    'admin may everything': { allowed: true, spec: { resourceAttributes: { verb: '*', group: '*', resource: '*' } } },
    'admin may Secrets': { allowed: true, spec: { resourceAttributes: { verb: 'get', resource: 'secrets' } } },
    'view may not everything': {
      as: VIEWER,
      allowed: false,
      spec: { resourceAttributes: { verb: '*', resource: '*' } },
    },
    'view may not look at everything': {
      as: VIEWER,
      allowed: false,
      spec: { resourceAttributes: { verb: 'get', group: '*', resource: '*' } },
    },
    'view may look at pods': {
      as: VIEWER,
      allowed: true,
      spec: { resourceAttributes: { verb: 'list', resource: 'pods' } },
    },
    'view may read logs': {
      as: VIEWER,
      allowed: true,
      spec: { resourceAttributes: { verb: 'get', resource: 'pods', subresource: 'log' } },
    },
    'view may not exec': {
      as: VIEWER,
      allowed: false,
      spec: { resourceAttributes: { verb: 'get', resource: 'pods', subresource: 'exec' } },
    },
    'view may not look at Secrets': {
      as: VIEWER,
      allowed: false,
      spec: { resourceAttributes: { verb: 'get', resource: 'secrets' } },
    },
    'view may see paths': {
      as: VIEWER,
      allowed: true,
      spec: { nonResourceAttributes: { verb: 'get', path: '/metrics' } },
    },
  }),
)('can I: %s', async (_, one) => {
  const answer = await review('SelfSubjectAccessReview', one.spec, 'as' in one ? one.as : undefined)
  expect(answer).toMatchObject({
    status: 201,
    body: { kind: 'SelfSubjectAccessReview', spec: one.spec, status: { allowed: one.allowed } },
  })
})

test('whether others may is for admin to ask', async () => {
  const resourceAttributes = { verb: 'create', resource: 'pods' }
  const asked = (spec: object, kind = 'SubjectAccessReview') => review(kind, { ...spec, resourceAttributes })
  expect(await asked({ user: 'tektite:admin' })).toMatchObject({ body: { status: { allowed: true } } })
  expect(await asked({ user: 'tektite:view' })).toMatchObject({ body: { status: { allowed: false } } })
  expect(await asked({ user: 'jane', groups: ['tektite:admin'] })).toMatchObject({
    body: { status: { allowed: true } },
  })
  expect(await asked({ user: 'jane' }, 'LocalSubjectAccessReview')).toMatchObject({
    body: { status: { allowed: false } },
  })
  expect(await asked({})).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('at least one of user or group') },
  })
})

test('who I am, and whose a token is, which is not sent back', async () => {
  const view = { username: 'tektite:view', groups: ['tektite:view', 'system:authenticated'] }
  expect(await review('SelfSubjectReview', {}, VIEWER)).toMatchObject({
    status: 201,
    body: { status: { userInfo: view } },
  })
  const known = await review('TokenReview', { token: VIEW.token })
  expect(known).toMatchObject({ status: 201, body: { status: { authenticated: true, user: view } } })
  expect(known.text).not.toContain(VIEW.token)
  expect(await review('TokenReview', { token: 'other' })).toMatchObject({
    status: 201,
    body: { status: { user: {}, error: '[invalid bearer token]' } },
  })
})

test('the rules are the same as a list: what it has is allowed, and Secrets are not in it', async () => {
  const answer = await review('SelfSubjectRulesReview', { namespace: 'default' }, VIEWER)
  expect(answer).toMatchObject({ status: 201, body: { status: { ...rulesOf('view', BUILT_IN_KINDS) } } })
  const { resourceRules } = rulesOf('view', BUILT_IN_KINDS)
  const all = resourceRules.flatMap(({ verbs, apiGroups, resources }) =>
    verbs.flatMap(verb => apiGroups.flatMap(group => resources.map(whole => ({ verb, group, whole })))),
  )
  expect(all).toContainEqual({ verb: 'watch', group: 'tekton.dev', whole: 'taskruns' })
  for (const { verb, group, whole } of all) {
    const [resource = '', subresource = ''] = whole.split('/')
    const attributes = { verb, group, version: 'v1', resource, subresource, namespace: 'default', name: '' }
    expect([attributes, mayDo('view', attributes)]).toEqual([attributes, true])
  }
  expect(all.filter(({ whole }) => whole.startsWith('secrets'))).toEqual([])
})

test.each([
  ['SelfSubjectAccessReview', {}],
  ['SelfSubjectAccessReview', { resourceAttributes: {}, nonResourceAttributes: {} }],
])('a %s of %j is invalid', async (kind, spec) => {
  expect(await review(kind, spec)).toMatchObject({
    status: 422,
    body: {
      reason: 'Invalid',
      message: expect.stringContaining('exactly one of nonResourceAttributes or resourceAttributes'),
    },
  })
})

test('a review of another kind than its path is a bad request, and one that is asked for with GET is no review', async () => {
  const { call } = await serve()
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  for (const body of [{}, null, [], { kind: 'Pod' }]) {
    expect(await call('POST', path, { body: JSON.stringify(body) })).toMatchObject({ status: 400 })
  }
  expect(await call('GET', path)).toMatchObject({ status: 405 })
  expect(await call('DELETE', `${path}/x`)).toMatchObject({ status: 404 })
})

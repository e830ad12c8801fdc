import { expect, test } from 'vitest'
import type { ClusterErrorReason, RefusedBy } from '../../src/cluster/cluster.js'
import { errorFrom } from '../../src/cluster/kubernetes/errors.js'
import { cases } from '../helpers/cases.js'

interface Answer {
  readonly code: number
  /** Of the Status, in the API server's own words. */
  readonly message: string
  readonly statusReason?: string
  readonly details?: object
  readonly reason: ClusterErrorReason
  readonly by?: RefusedBy
}

test.each(
  cases<Answer>({
    'a quota that is used up': {
      code: 403,
      message: 'pods "one-pod" is forbidden: exceeded quota: small, requested: pods=1, used: pods=10, limited: pods=10',
      details: { name: 'one-pod', kind: 'pods' },
      reason: 'Forbidden',
      by: 'quota',
    },
    'a quota that nobody has counted yet': {
      code: 403,
      message: 'pods "one-pod" is forbidden: status unknown for quota: small, resources: pods',
      reason: 'Forbidden',
      by: 'quota',
    },
    'a quota that asks for limits': {
      code: 403,
      message: 'pods "one-pod" is forbidden: failed quota: small: must specify limits.cpu for: step-s',
      reason: 'Forbidden',
    },
    'a quota that many write to': {
      code: 409,
      statusReason: 'Conflict',
      message:
        'Operation cannot be fulfilled on resourcequotas "small": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: 'small', kind: 'resourcequotas' },
      reason: 'Conflict',
      by: 'quota conflict',
    },
    'an object that somebody else wrote': {
      code: 409,
      statusReason: 'Conflict',
      message:
        'Operation cannot be fulfilled on taskruns.tekton.dev "one": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: 'one', group: 'tekton.dev', kind: 'taskruns' },
      reason: 'Conflict',
    },
    'a LimitRange': {
      code: 403,
      message: 'pods "one-pod" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
      reason: 'Forbidden',
    },
    'Pod Security': {
      code: 403,
      message:
        'pods "one-pod" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      reason: 'Forbidden',
      by: 'pod security',
    },
    'security context constraints': {
      code: 403,
      message: 'pods "one-pod" is forbidden: unable to validate against any security context constraint: []',
      reason: 'Forbidden',
      by: 'pod security',
    },
    'a namespace that goes': {
      code: 403,
      message:
        'pods "one-pod" is forbidden: unable to create new content in namespace ns because it is being terminated',
      details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
      reason: 'Forbidden',
      by: 'namespace',
    },
    'a namespace that is gone': {
      code: 404,
      statusReason: 'NotFound',
      message: 'namespaces "ns" not found',
      details: { name: 'ns', kind: 'namespaces' },
      reason: 'NotFound',
    },
    'a service account that is not there': {
      code: 403,
      message: 'pods "one-pod" is forbidden: error looking up service account ns/ci: serviceaccount "ci" not found',
      reason: 'Forbidden',
      by: 'service account',
    },
    'a right that we lack': {
      code: 403,
      message:
        'pods is forbidden: User "system:serviceaccount:tektite:workers" cannot create resource "pods" in API group "" in the namespace "ns"',
      reason: 'Forbidden',
      by: 'rights',
    },
    'a right on owners that we lack': {
      code: 403,
      message:
        'pods "one-pod" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can\'t set finalizers on: , <nil>',
      reason: 'Forbidden',
      by: 'rights',
    },
    'a webhook that says no': {
      code: 403,
      message: 'admission webhook "policy.example.com" denied the request: images come from our registry only',
      reason: 'Forbidden',
      by: 'policy',
    },
    'a webhook that says no as a bad request': {
      code: 400,
      message: 'admission webhook "policy.example.com" denied the request: no label "team"',
      reason: 'Invalid',
      by: 'policy',
    },
    'a webhook whose no has the code of a conflict': {
      code: 409,
      statusReason: 'Conflict',
      message: 'admission webhook "policy.example.com" denied the request: taken',
      reason: 'Invalid',
      by: 'policy',
    },
    'a webhook whose no has the code of a missing token': {
      code: 401,
      statusReason: 'Unauthorized',
      message: 'admission webhook "policy.example.com" denied the request: who are you',
      reason: 'Forbidden',
      by: 'policy',
    },
    'a webhook that quotes a right': {
      code: 403,
      message:
        'admission webhook "policy.example.com" denied the request: User "jo" cannot create resource "pods" on Sundays',
      reason: 'Forbidden',
      by: 'policy',
    },
    'a webhook that failed in itself': {
      code: 500,
      message: 'admission webhook "policy.example.com" denied the request: context deadline exceeded',
      reason: 'Unavailable',
      by: 'webhook',
    },
    'a policy of the API server': {
      code: 422,
      statusReason: 'Invalid',
      message:
        "pods \"one-pod\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: failed expression: false",
      reason: 'Invalid',
      by: 'policy',
    },
    'a webhook that is away': {
      code: 500,
      statusReason: 'InternalError',
      message:
        'Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: Post "https://policy.ns.svc:443/?timeout=10s": context deadline exceeded',
      reason: 'Unavailable',
      by: 'webhook',
    },
    'an object that etcd does not take': {
      code: 500,
      message: 'etcdserver: request is too large',
      reason: 'Invalid',
      by: 'size',
    },
    'an object that does not fit between API server and etcd': {
      code: 500,
      message:
        'rpc error: code = ResourceExhausted desc = trying to send message larger than max (2101302 vs. 2097152)',
      reason: 'Invalid',
      by: 'size',
    },
    'a request that the API server does not read': {
      code: 413,
      statusReason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
      reason: 'Invalid',
      by: 'size',
    },
    'annotations over their limit': {
      code: 422,
      statusReason: 'Invalid',
      message: 'Pod "one-pod" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
      reason: 'Invalid',
      by: 'size',
    },
    'a name over its limit': {
      code: 422,
      statusReason: 'Invalid',
      message: 'Pod "one-pod" is invalid: spec.containers[0].name: Too long: may not be more than 63 bytes',
      reason: 'Invalid',
    },
    'too many requests': {
      code: 429,
      statusReason: 'TooManyRequests',
      message: 'The request was rejected because the server is overloaded, please try again later.',
      reason: 'Unavailable',
    },
    'etcd between two leaders': {
      code: 500,
      message: 'etcdserver: leader changed',
      reason: 'Unavailable',
    },
  }),
)('%s', (_, { code, message, statusReason = 'Forbidden', details, reason, by }) => {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason: statusReason, code, details }
  const error = errorFrom({ code, body: Buffer.from(JSON.stringify(body)) }, 'create pods')
  expect({ reason: error.reason, by: error.by }).toEqual({ reason, by })
  expect(error.message).toContain(message)
})

test('a proxy on the way that finds a body too large is no Status, and says the same', () => {
  const page = Buffer.from('<html><h1>413 Request Entity Too Large</h1></html>')
  expect(errorFrom({ code: 413, body: page }, 'update x')).toMatchObject({ reason: 'Invalid', by: 'size' })
})

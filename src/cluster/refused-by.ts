/**
 * Which part of an API server said no. The same code means another thing from each: a quota has room again later, a policy
 * says the same tomorrow, a right of ours that is missing is no fault of the object. Read here, and nowhere else. Pure.
 */

export type RefusedBy =
  /** A quota of the namespace is used up, or not counted yet. */
  | 'quota'
  /** Many wrote at once, and the quota could not be counted. Nothing is wrong. */
  | 'quota conflict'
  /** The namespace is being deleted and takes in nothing new. */
  | 'namespace'
  /** Who asked may not: RBAC. */
  | 'rights'
  /** Pod Security, or a security context constraint. */
  | 'pod security'
  /** The service account that a Pod names is not there. */
  | 'service account'
  /** A webhook or policy of the cluster, which looked at the object and does not want it. */
  | 'policy'
  /** A webhook that could not be asked. */
  | 'webhook'
  /** The object is larger than can be stored. */
  | 'size'

/** What an API server says besides its code: a `Status` of Kubernetes, or as much of one as there is. */
export interface Said {
  readonly code: number
  readonly message: string
  /** Of the resource that the answer is about, in plural. */
  readonly resource?: string
  /** `details.causes[].reason` */
  readonly causes: readonly string[]
}

/** Undefined when it says nothing that is known here. */
export function refusedBy({ code, message, resource, causes }: Said): RefusedBy | undefined {
  if (code === 413 || TOO_LARGE.test(message)) return 'size'
  // A webhook may answer with any code, also with one that means something else from the API server itself.
  if (WEBHOOK_FAILED.test(message)) return 'webhook'
  if (DENIED.test(message)) return code >= 500 ? 'webhook' : 'policy'
  if (code === 409) return resource === 'resourcequotas' ? 'quota conflict' : undefined
  if (code !== 403) return undefined
  if (causes.includes('NamespaceTerminating') || BEING_TERMINATED.test(message)) return 'namespace'
  return FORBIDDEN.find(([pattern]) => pattern.test(message))?.[1]
}

const TOO_LARGE =
  /request is too large|larger than max|Request entity too large|annotations: Too long: |Too long: \d+ bytes/
const WEBHOOK_FAILED = /failed calling webhook|conversion webhook for .* failed/
const DENIED = /admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*'.* denied request/
const BEING_TERMINATED = /because it is being terminated/

/** The words of admission plug-ins of Kubernetes and OpenShift, which give no other sign of who they are. */
const FORBIDDEN: readonly (readonly [RegExp, RefusedBy])[] = [
  [/\bcannot \w+ (?:resource|path) "/, 'rights'],
  [/cannot set blockOwnerDeletion/, 'rights'],
  [/exceeded quota: |status unknown for quota: /, 'quota'],
  [/violates PodSecurity|security context constraint/, 'pod security'],
  [/error looking up service account /, 'service account'],
]

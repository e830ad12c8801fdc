/** What the audit log says of a request: who did what to what, and what became of it. Never a body. Pure. */
import type { Attributes } from './attributes.js'
import { serviceAccount, type User, userInfo } from './users.js'

export interface AuditedRequest {
  readonly user: User
  readonly attributes: Attributes
  /** Path and query. */
  readonly url: string
  readonly userAgent: string | undefined
  readonly address: string | undefined
}

/** What it was answered with. */
export interface AuditedOutcome {
  readonly code: number
  readonly body: unknown
}

/** Times in epoch ms. */
export interface AuditMark {
  readonly id: string
  readonly receivedAt: number
  readonly completedAt: number
}

/** Of texts that the client chooses. */
const MAX_TEXT = 1_024

/** As `audit.k8s.io/v1` writes it at the level Metadata. */
export function auditEvent(request: AuditedRequest, outcome: AuditedOutcome, mark: AuditMark): object {
  const { user, attributes, url, userAgent, address } = request
  const actedAs = user.actsAs === undefined ? undefined : serviceAccount(user.actsAs)
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: mark.id,
    stage: 'ResponseComplete',
    requestURI: cut(url),
    verb: attributes.verb,
    user: userInfo(user),
    ...(actedAs && { impersonatedUser: userInfo(actedAs) }),
    // Of a socket that takes both, IPv4 comes in the clothes of IPv6.
    sourceIPs: address === undefined ? [] : [address.replace(/^::ffff:/, '')],
    ...(userAgent !== undefined && { userAgent: cut(userAgent) }),
    ...('resource' in attributes && { objectRef: objectReference(attributes, outcome) }),
    responseStatus: responseStatus(outcome),
    requestReceivedTimestamp: microTime(mark.receivedAt),
    stageTimestamp: microTime(mark.completedAt),
  }
}

function objectReference(
  { group, version, resource, subresource, namespace, name }: Extract<Attributes, { readonly resource: string }>,
  { body }: AuditedOutcome,
): object {
  const { name: made, uid } = madeIn(body)
  const called = name === '' ? made : name
  return {
    resource,
    ...(namespace !== '' && { namespace: cut(namespace) }),
    ...(called && { name: cut(called) }),
    ...(uid && { uid }),
    ...(group !== '' && { apiGroup: cut(group) }),
    apiVersion: cut(version),
    ...(subresource !== '' && { subresource: cut(subresource) }),
  }
}

/** The name that was generated, and the uid: of the object that is the answer. */
function madeIn(body: unknown): { readonly name?: string; readonly uid?: string } {
  if (typeof body !== 'object' || body === null || !('metadata' in body)) return {}
  const { name, uid } = (body.metadata ?? {}) as Readonly<Record<string, unknown>>
  return { ...(typeof name === 'string' && { name }), ...(typeof uid === 'string' && { uid }) }
}

/** Not the message: it may quote what was sent. */
function responseStatus({ code, body }: AuditedOutcome): object {
  const { reason } = (code >= 400 ? body : {}) as { readonly reason?: string }
  return { metadata: {}, ...(code >= 400 && { status: 'Failure' }), ...(reason && { reason }), code }
}

function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text
}

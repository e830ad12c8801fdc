/** What an API server says when it says no, as errors of the port. Pure. */
import { ClusterError, type ClusterErrorReason } from '../cluster.js'
import { type RefusedBy, refusedBy } from '../refused-by.js'
import type { HttpAnswer } from './http.js'

/** A `Status` of Kubernetes, as far as anything here looks at one. */
export interface Status {
  readonly reason: string
  readonly message: string
  readonly code: number
  readonly details: {
    readonly retryAfterSeconds?: unknown
    readonly causes?: unknown
    readonly kind?: unknown
  }
}

/** Proxies on the way answer with pages of HTML; this much of them says what they are. */
const MAX_TEXT_CHARS = 300

/** Undefined when the answer is no Status: then it came from something else than an API server. */
export function statusIn(body: Buffer | string): Status | undefined {
  return asStatus(parsedJson(`${body}`))
}

export function asStatus(given: unknown): Status | undefined {
  if (typeof given !== 'object' || given === null || (given as { kind?: unknown }).kind !== 'Status') return undefined
  const { reason, message, code, details } = given as Record<string, unknown>
  return {
    reason: typeof reason === 'string' ? reason : '',
    message: typeof message === 'string' ? message : '',
    code: typeof code === 'number' ? code : 0,
    details: typeof details === 'object' && details !== null ? details : {},
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // A page of a proxy, or plain text: the caller shows it as it is.
    return undefined
  }
}

/** `what` was asked: for messages of those that do not say so themselves. */
export function errorFrom({ code, body }: Pick<HttpAnswer, 'code' | 'body'>, what: string): ClusterError {
  const status = statusIn(body)
  if (code === 404 && isUnknownResource(status)) {
    const message = `${what}: the API server has no such resource; is its CustomResourceDefinition applied?`
    return new ClusterError('Unavailable', message)
  }
  const said = status?.message || body.toString('utf8', 0, MAX_TEXT_CHARS).trim() || 'no reason given'
  const by = refuserIn(code, status)
  const isBare = status === undefined || (code === 401 && by === undefined)
  return new ClusterError(reasonOf(code, status, by), isBare ? `${what}: HTTP ${code}: ${said}` : said, {
    ...(by !== undefined && { by }),
  })
}

/** Who said no; undefined when that is not known, and when it is no `Status`. */
export function refuserIn(code: number, status: Status | undefined): RefusedBy | undefined {
  if (status === undefined) return code === 413 ? 'size' : undefined
  const { message, details } = status
  const causes = Array.isArray(details.causes) ? (details.causes as readonly { readonly reason?: unknown }[]) : []
  return refusedBy({
    code,
    message,
    ...(typeof details.kind === 'string' && { resource: details.kind }),
    causes: causes.map(cause => String(cause?.reason)),
  })
}

function reasonOf(code: number, status: Status | undefined, by: RefusedBy | undefined): ClusterErrorReason {
  // Whatever the code: a webhook chooses its own, and etcd's limit comes back as an internal error.
  if (by === 'size') return 'Invalid'
  if (by === 'webhook') return 'Unavailable'
  if (by === 'policy') return code === 401 || code === 403 ? 'Forbidden' : 'Invalid'
  if (code === 409) return status?.reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict'
  if (code === 403) return 'Forbidden'
  if (code === 404) return 'NotFound'
  // Credentials are the operator's to mend, as is an API server that is down: no fault of the object.
  if (code === 401 || code === 408 || code === 429) return 'Unavailable'
  return code >= 400 && code < 500 ? 'Invalid' : 'Unavailable'
}

/** 404 for the path, not for the object: the kind is not served. */
export function isUnknownResource(status: Status | undefined): boolean {
  return status === undefined || status.message === 'the server could not find the requested resource'
}

/**
 * The version is too old to go on from (410), or was never given out: etcd was restored from a backup, and a watch from
 * there would wait for ever.
 */
export function isLostVersion(code: number, status: Status | undefined): boolean {
  if (code === 410 || status?.code === 410 || status?.reason === 'Expired' || status?.reason === 'Gone') return true
  const causes = status?.details.causes
  return (
    Array.isArray(causes) && causes.some(each => (each as { reason?: unknown })?.reason === 'ResourceVersionTooLarge')
  )
}

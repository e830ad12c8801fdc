/** Kubernetes' way to say no: a `Status` object. What we do not support we say so, in the same form. */
import { ClusterError, type ClusterErrorReason } from '../cluster/cluster.js'

export interface ApiStatus {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: Record<string, never>
  readonly status: 'Success' | 'Failure'
  readonly message: string
  readonly reason: string
  readonly code: number
  readonly details?: { readonly causes: readonly StatusCause[] }
}

/** One of several things wrong with one object. */
export interface StatusCause {
  readonly reason: string
  readonly message: string
  /** Its path, as Tekton writes paths. */
  readonly field: string
}

/** Thrown by a handler to answer with this status. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  readonly reason: string
  readonly causes: readonly StatusCause[]
  constructor(code: number, reason: string, message: string, causes: readonly StatusCause[] = []) {
    super(message)
    this.code = code
    this.reason = reason
    this.causes = causes
  }
}

const CODES: Readonly<Record<ClusterErrorReason, number>> = {
  AlreadyExists: 409,
  Conflict: 409,
  Forbidden: 403,
  Invalid: 422,
  NotFound: 404,
  Unavailable: 503,
}

export function statusOf(error: unknown): ApiStatus {
  if (error instanceof ApiError) return failure(error.code, error.reason, error.message, error.causes)
  if (error instanceof ClusterError) {
    const reason = error.reason === 'Unavailable' ? 'ServiceUnavailable' : error.reason
    return failure(CODES[error.reason], reason, error.message)
  }
  // What went wrong inside is for our log, not for whoever asked.
  return failure(500, 'InternalError', 'internal error; the server log says more')
}

function failure(code: number, reason: string, message: string, causes: readonly StatusCause[] = []): ApiStatus {
  const details = causes.length > 0 ? { details: { causes } } : {}
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...details, code }
}

export function success(message: string): ApiStatus {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', message, reason: '', code: 200 }
}

/** Kubernetes' way to say no: a `Status` object. What we do not support we say so, in the same form. */
import { ClusterError, type ClusterErrorReason } from '../cluster/cluster.js'
import { groupResource, type KindEntry } from '../resources/kind-table.js'

export interface ApiStatus {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: StatusMetadata
  readonly status: 'Success' | 'Failure'
  readonly message: string
  readonly reason: string
  readonly code: number
  readonly details?: StatusDetails
}

export interface StatusMetadata {
  /** Where a list can go on, though not with what it began with. */
  readonly continue?: string
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  /** The resource, such as `pods`; of what is invalid the kind, such as `Pod`. */
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

/** One of several things wrong with one object. */
export interface StatusCause {
  readonly reason: string
  readonly message: string
  /** Its path, as Tekton writes paths. */
  readonly field?: string
}

/** Thrown by a handler to answer with this status. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails | undefined
  readonly metadata: StatusMetadata
  constructor(code: number, reason: string, message: string, details?: StatusDetails, metadata: StatusMetadata = {}) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
    this.metadata = metadata
  }
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message)
}

export function notFound(info: KindEntry, name: string): ApiError {
  const message = `${groupResource(info)} ${JSON.stringify(name)} not found`
  return new ApiError(404, 'NotFound', message, detailsOf(info, name))
}

/** Nothing answers at this path. */
export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})
}

/** Something answers at this path, though not to this method. */
export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}

/** What is wrong with an option: `message` is `Type: why`, as Kubernetes writes them. */
export interface OptionProblem {
  readonly field: string
  readonly type: string
  readonly message: string
}

export function invalidOptions(kind: string, problems: readonly OptionProblem[]): ApiError {
  const texts = problems.map(({ field, message }) => `${field}: ${message}`)
  const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  return new ApiError(422, 'Invalid', `${kind}.meta.k8s.io "" is invalid: ${all}`, {
    group: 'meta.k8s.io',
    kind,
    causes: problems.map(({ field, type, message }) => ({ reason: type, message, field })),
  })
}

export function notSupported(field: string, shown: string, supported: readonly string[]): OptionProblem {
  const listed = supported.map(each => JSON.stringify(each)).join(', ')
  const message = `Unsupported value: ${shown}: supported values: ${listed}`
  return { field, type: 'FieldValueNotSupported', message }
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const list = accepted.join(', ')
  const message = `the body of the request was in an unknown format - accepted media types include: ${list}`
  return new ApiError(415, 'UnsupportedMediaType', message)
}

/** Whose object a status speaks of. */
export function detailsOf({ group, plural }: Pick<KindEntry, 'group' | 'plural'>, name: string): StatusDetails {
  return { ...(name !== '' && { name }), ...(group !== '' && { group }), kind: plural }
}

const CODES: Readonly<Record<ClusterErrorReason, number>> = {
  AlreadyExists: 409,
  Conflict: 409,
  Forbidden: 403,
  Invalid: 422,
  NotFound: 404,
  Unavailable: 503,
}

/** What the store refused, with the object it was about. */
export function refusedByStore(error: ClusterError, info: KindEntry, name: string): ApiError {
  const { reason, message } = error
  if (reason === 'Unavailable') return new ApiError(503, 'ServiceUnavailable', message)
  const about = detailsOf(info, name || nameIn(message))
  if (reason !== 'Invalid') return new ApiError(CODES[reason], reason, message, about)
  return new ApiError(CODES[reason], reason, message, { ...about, kind: info.kind, causes: causesIn(message) })
}

/** kubectl shows what is invalid from the causes, and nothing else: the store says `Pod "name" is invalid: field: why`. */
function causesIn(message: string): readonly StatusCause[] {
  const [, field, why] = /^\S+ "(?:[^"\\]|\\.)*" is invalid: ([^\s:]+(?:\[[^\]]*\])?): (.*)$/s.exec(message) ?? []
  if (field === undefined || why === undefined) return []
  const reason =
    [
      ['Required value', 'FieldValueRequired'],
      ['Forbidden', 'FieldValueForbidden'],
      ['Too long', 'FieldValueTooLong'],
    ].find(([word = '']) => why.startsWith(word))?.[1] ?? 'FieldValueInvalid'
  return [{ reason, message: why, field }]
}

/** Of an object that the request left to be named: the store says `pods "name" …`. */
function nameIn(message: string): string {
  return /^\S+ "([^"\\]*)"/.exec(message)?.[1] ?? ''
}

export function statusOf(error: unknown): ApiStatus {
  if (error instanceof ApiError) return failure(error)
  if (error instanceof ClusterError) {
    const reason = error.reason === 'Unavailable' ? 'ServiceUnavailable' : error.reason
    return failure({ code: CODES[error.reason], reason, message: error.message })
  }
  // What went wrong inside is for our log, not for whoever asked.
  return failure({ code: 500, reason: 'InternalError', message: 'internal error; the server log says more' })
}

function failure({
  code,
  reason,
  message,
  details,
  metadata = {},
}: Pick<ApiError, 'code' | 'reason' | 'message'> & Partial<Pick<ApiError, 'details' | 'metadata'>>): ApiStatus {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message,
    reason,
    ...(details && { details }),
    code,
  }
}

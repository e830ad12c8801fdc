/** What is asked of a container's output: Kubernetes' PodLogOptions. Pure. */
import { fromTimestamp } from '../../lib/time.js'
import { ApiError, type StatusCause } from '../status.js'

export interface LogOptions {
  readonly container: string | undefined
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  /** Epoch ms: only lines that came then or later. */
  readonly since: number | undefined
  /** Only so many of the last lines. */
  readonly tailLines: number | undefined
  readonly limitBytes: number | undefined
}

/** @throws ApiError 400, 422 */
export function logOptions(query: URLSearchParams, pod: string, now: number): LogOptions {
  const problems: StatusCause[] = []
  const problem = (field: string, reason: string, message: string): void => {
    problems.push({ reason, message, field })
  }
  const atLeast = (field: string, least: number): number | undefined => {
    const number = numberIn(query, field)
    if (number !== undefined && number < least) {
      const rule = least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0'
      problem(field, 'FieldValueInvalid', `Invalid value: ${number}: ${rule}`)
    }
    return number
  }
  const tailLines = atLeast('tailLines', 0)
  const limitBytes = atLeast('limitBytes', 1)
  const sinceSeconds = atLeast('sinceSeconds', 1)
  const sinceTime = timeIn(query, 'sinceTime')
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    const rule = 'at most one of `sinceTime` or `sinceSeconds` may be specified'
    problem('sinceSeconds', 'FieldValueForbidden', `Forbidden: ${rule}`)
  }
  if (problems.length > 0) throw invalid(pod, problems)
  return {
    container: query.get('container') || undefined,
    follow: flagIn(query, 'follow'),
    previous: flagIn(query, 'previous'),
    timestamps: flagIn(query, 'timestamps'),
    since: sinceSeconds === undefined ? sinceTime : now - sinceSeconds * 1_000,
    tailLines,
    limitBytes,
  }
}

function invalid(pod: string, causes: readonly StatusCause[]): ApiError {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`)
  const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const message = `PodLogOptions ${JSON.stringify(pod)} is invalid: ${all}`
  return new ApiError(422, 'Invalid', message, { name: pod, kind: 'PodLogOptions', causes })
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^-?\d{1,15}$/.test(text)) throw bad(name, text, 'a whole number')
  return Number(text)
}

function timeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? fromTimestamp(text) : Number.NaN
  if (Number.isNaN(ms)) throw bad(name, text, 'a time such as 2026-03-29T00:00:00Z')
  return ms
}

/** As Go reads them: `follow`, `follow=true` and `follow=1` say yes. */
function flagIn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  return text !== null && !['0', 'f', 'F', 'false', 'False', 'FALSE'].includes(text)
}

function bad(name: string, text: string, what: string): ApiError {
  return new ApiError(400, 'BadRequest', `${name} is ${JSON.stringify(text)}; it must be ${what}`)
}

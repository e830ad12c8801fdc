/**
 * The life of a ResolutionRequest. Pure.
 *
 *   (nothing)  → Unknown/ResolutionInProgress, `waiting for resolver`
 *   waiting    the resolver of its type, ours or somebody else's, writes `status.data`, or False/ResolutionFailed
 *   resolved   `status.data` is there → True. Resolvers of other people leave this to us.
 *   too late   → False/ResolutionTimedOut. The clock runs from the creation, whoever should have answered.
 *
 * True and False are never left again.
 */
import { formatDuration } from '../lib/duration.js'
import { fromTimestamp, toTimestamp } from '../lib/time.js'
import type { Condition } from '../resources/meta.js'
import type { ResolutionRequest, ResolutionRequestStatus } from '../resources/resolution.js'
import { isDone, succeededCondition, withSucceeded } from '../status/conditions.js'
import { RESOLUTION_REASONS as REASONS } from '../status/reasons.js'
import type { Found } from './resolver.js'

export type RequestState =
  | { readonly is: 'done' }
  /** To be stored now. */
  | { readonly is: 'next'; readonly status: ResolutionRequestStatus }
  /** Nothing to do but to resolve it; look again at this time (epoch ms). */
  | { readonly is: 'waiting'; readonly untilMs: number }

export function requestState(request: ResolutionRequest, now: number, timeoutMs: number): RequestState {
  if (isDone(request)) return { is: 'done' }
  const { status = {} } = request
  if (status.data) return { is: 'next', status: { ...status, conditions: succeeded(status, now) } }
  // Creation times are cut to whole seconds, so one is added: a resolver gets all of its time.
  const untilMs = fromTimestamp(request.metadata.creationTimestamp) + timeoutMs + 1_000
  if (now >= untilMs) {
    const message = `resolution took longer than global timeout of ${formatDuration(timeoutMs)}`
    return { is: 'next', status: failedStatus(status, REASONS.ResolutionTimedOut, message, now) }
  }
  if (succeededCondition(request)) return { is: 'waiting', untilMs }
  const conditions = withSucceeded([], 'Unknown', REASONS.ResolutionInProgress, 'waiting for resolver', now)
  return { is: 'next', status: { ...status, conditions } }
}

export function foundStatus(
  status: ResolutionRequestStatus,
  { data, refSource, annotations }: Found,
  now: number,
): ResolutionRequestStatus {
  return {
    ...status,
    data: data.toString('base64'),
    refSource,
    source: refSource,
    annotations: { ...status.annotations, ...annotations },
    conditions: succeeded(status, now),
  }
}

export function failedStatus(
  status: ResolutionRequestStatus,
  reason: string,
  message: string,
  now: number,
): ResolutionRequestStatus {
  return { ...status, conditions: withSucceeded(status.conditions, 'False', reason, message, now) }
}

/** As Tekton writes it: without reason and message. */
function succeeded({ conditions = [] }: ResolutionRequestStatus, now: number): readonly Condition[] {
  const others = conditions.filter(({ type }) => type !== 'Succeeded')
  return [...others, { type: 'Succeeded', status: 'True', lastTransitionTime: toTimestamp(now) }]
}

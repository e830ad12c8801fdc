/**
 * What the API server will take later: a quota has room again, a webhook comes back, a right is given. The run waits, says
 * for what, and asks again after a pause that grows with the time it has waited.
 */
import type { RefusedBy } from '../cluster/cluster.js'
import { fromTimestamp } from '../lib/time.js'
import type { Condition } from '../resources/meta.js'
import { withSucceeded } from '../status/conditions.js'
import type { Decision } from './decision.js'

const FIRST_PAUSE_MS = 1_000
/** Tekton's minute. */
const LONGEST_PAUSE_MS = 60_000

export interface Hold {
  readonly reason: string
  /** The same for as long as it is held for the same cause. */
  readonly words: string
  /** The API server's own words. They may change with every look: a quota tells what is used. */
  readonly why: string
}

/** What is waited for when something was refused; undefined when waiting does not help. */
export function heldUpBy(by: RefusedBy | undefined): string | undefined {
  if (by === 'webhook') return 'a webhook of the cluster does not answer'
  if (by === 'rights') return 'Tektite lacks a right, which an administrator has to give it'
  return undefined
}

export function hold<Status extends { readonly conditions?: readonly Condition[] }>(
  status: Status,
  { reason, words, why }: Hold,
  now: number,
): Decision<Status> {
  const since = heldSince(status, words)
  const held = withSucceeded(status.conditions, 'Unknown', reason, `${words}: ${why}`, now)
  // How long it has waited does not begin anew when only the server's words change.
  const conditions = held.map(one => (one.type === 'Succeeded' && since ? { ...one, lastTransitionTime: since } : one))
  return { actions: [], status: { ...status, conditions }, lookAgainAt: now + pauseMs(since, now) }
}

/** Since when it is held for the same cause; undefined when it is not. */
export function heldSince(
  { conditions }: { readonly conditions?: readonly Condition[] },
  words: string,
): string | undefined {
  const before = conditions?.find(({ type }) => type === 'Succeeded')
  const isHeldAlready = before?.status === 'Unknown' && before.message?.startsWith(`${words}: `) === true
  return isHeldAlready ? before.lastTransitionTime : undefined
}

/** Half of what was waited so far, so that looks become rarer by and by. */
function pauseMs(since: string | undefined, now: number): number {
  const waited = now - fromTimestamp(since ?? '')
  if (!Number.isFinite(waited)) return FIRST_PAUSE_MS
  return Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, waited / 2))
}

/** The one condition that runs have: `Succeeded`. */
import { toTimestamp } from '../lib/time.js'
import type { Condition, ConditionStatus } from '../resources/meta.js'

interface WithConditions {
  readonly status?: { readonly conditions?: readonly Condition[] }
}

/** Asked of everything that is seen, so also of objects that nobody has looked into yet. */
export function succeededCondition(run: WithConditions): Condition | undefined {
  const conditions: unknown = run.status?.conditions
  if (!Array.isArray(conditions)) return undefined
  return (conditions as readonly (Condition | null)[]).find(condition => condition?.type === 'Succeeded') ?? undefined
}

/** Terminal is terminal: True and False are never left again. */
export function isDone(run: WithConditions): boolean {
  const status = succeededCondition(run)?.status
  return status === 'True' || status === 'False'
}

/** The list with this `Succeeded`; `lastTransitionTime` moves only when something else does, so that a pass that finds nothing new writes nothing. */
export function withSucceeded(
  conditions: readonly Condition[] | undefined,
  status: ConditionStatus,
  reason: string,
  message: string,
  now: number,
): readonly Condition[] {
  const before = conditions?.find(condition => condition.type === 'Succeeded')
  const same = before?.status === status && before.reason === reason && before.message === message
  if (same && conditions) return conditions
  const others = conditions?.filter(condition => condition.type !== 'Succeeded') ?? []
  return [...others, { type: 'Succeeded', status, reason, message, lastTransitionTime: toTimestamp(now) }]
}

/**
 * Whether a failed attempt is followed by another, and who pays. The budget of the failure's class pays first, then
 * `spec.retries`. What was paid is in the status: an attempt that a budget paid for says so in a condition of its own, and
 * every other attempt in `retriesStatus` was paid by `spec.retries`.
 */
import { fromTimestamp, toTimestamp } from '../../lib/time.js'
import { ON_ERROR_ANNOTATION } from '../../resources/annotations.js'
import type { Condition } from '../../resources/meta.js'
import type { TaskRun, TaskRunStatus } from '../../resources/tekton.js'
import { retryAnnotation, retryBudgets } from '../../run/retry-budgets.js'
import type { Settings } from '../../run/settings.js'
import { classOfReason, type FailureClass, type FailureKind } from '../../status/failure-class.js'
import { PAID_BY_BUDGET, PAID_BY_RETRIES, paidBudget, paidOf, RETRY_BUDGET } from '../../status/paid-attempts.js'

/**
 * Nobody has to ask for it: where no step was begun, trying again repeats nothing. It is not given where an infrastructure
 * budget was set, be it 0.
 */
const NEVER_STARTED_RETRIES = 3

/** Between a failure of the infrastructure and the next attempt; four times as long each time. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000

/** Of a class by its reason, where nobody knows better. */
export interface FailedAttempt extends Partial<FailureKind> {
  readonly reason: string
}

export type Payment =
  | { readonly from: 'spec.retries' }
  | { readonly from: 'budget'; readonly failureClass: FailureClass; readonly nth: number; readonly of: number }

/** Undefined when nobody pays: the failure is the run's end. */
export function paymentFor(
  run: TaskRun,
  status: TaskRunStatus,
  failure: FailedAttempt,
  settings: Settings,
): Payment | undefined {
  const failureClass = failure.failureClass ?? classOfReason(failure.reason)
  if (failureClass === undefined) return undefined
  // What the pipeline goes on after is no reason to try again.
  const isAllowed = failureClass === 'user' && run.metadata.annotations?.[ON_ERROR_ANNOTATION] === 'continue'
  const of = isAllowed ? 0 : budgetFor(run, failureClass, failure, settings)
  const earlier = status.retriesStatus ?? []
  const spent = earlier.filter(attempt => paidBudget(attempt) === failureClass).length
  if (spent < of) return { from: 'budget', failureClass, nth: spent + 1, of }
  const spentOfAny = earlier.filter(attempt => paidBudget(attempt) === undefined).length
  return spentOfAny < (run.spec.retries ?? 0) ? { from: 'spec.retries' } : undefined
}

function budgetFor(run: TaskRun, failureClass: FailureClass, failure: FailedAttempt, settings: Settings): number {
  const written = retryBudgets(run.metadata.annotations, settings.retries)[failureClass]
  if (written !== undefined) return written
  return failureClass === 'infrastructure' && failure.neverStarted === true ? NEVER_STARTED_RETRIES : 0
}

/**
 * What remembers the payment while the Pod of the attempt still stands. That of a budget stays with the attempt; an attempt
 * that `spec.retries` paid for looks as it does in Tekton.
 */
export function paidCondition(payment: Payment, now: number): Condition {
  const lastTransitionTime = toTimestamp(now)
  const common = { type: RETRY_BUDGET, status: 'True', lastTransitionTime } as const
  if (payment.from === 'spec.retries')
    return { ...common, reason: PAID_BY_RETRIES, message: 'tried again from spec.retries' }
  const { failureClass, nth, of } = payment
  const message = `${failureClass} failure, tried again from ${retryAnnotation(failureClass)}: ${nth} of ${of}`
  return { ...common, reason: PAID_BY_BUDGET[failureClass], message }
}

/** Epoch ms: the infrastructure gets time to recover before the next attempt begins. */
export function restingUntil({ retriesStatus = [], startTime }: TaskRunStatus): number | undefined {
  const last = retriesStatus.at(-1)
  if (startTime !== undefined || last === undefined || paidBudget(last) !== 'infrastructure') return undefined
  const failures = retriesStatus.filter(attempt => paidBudget(attempt) === 'infrastructure').length
  const since = fromTimestamp(paidOf(last)?.lastTransitionTime ?? '')
  if (!Number.isFinite(since)) return undefined
  return since + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 4 ** Math.min(failures - 1, 10))
}

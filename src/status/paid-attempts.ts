/** What an attempt says of who paid for the one after it. */
import type { Condition } from '../resources/meta.js'
import type { TaskRunStatus } from '../resources/tekton.js'
import type { FailureClass } from './failure-class.js'

/** The type of the condition, which says when it was paid as well. Its reason is one of these. */
export const RETRY_BUDGET = 'RetryBudget'

export const PAID_BY_RETRIES = 'Retries'
/** Conditions want words of this form. */
export const PAID_BY_BUDGET: Readonly<Record<FailureClass, string>> = {
  user: 'User',
  infrastructure: 'Infrastructure',
  memory: 'Memory',
  timeout: 'Timeout',
}

export function paidOf({ conditions }: TaskRunStatus): Condition | undefined {
  return conditions?.find(({ type }) => type === RETRY_BUDGET)
}

export function isOfBudget({ reason }: Condition): boolean {
  return reason !== PAID_BY_RETRIES
}

/** Undefined when nobody has paid, or `spec.retries`. */
export function paidBudget(attempt: TaskRunStatus): FailureClass | undefined {
  const reason = paidOf(attempt)?.reason
  return (Object.keys(PAID_BY_BUDGET) as FailureClass[]).find(each => PAID_BY_BUDGET[each] === reason)
}

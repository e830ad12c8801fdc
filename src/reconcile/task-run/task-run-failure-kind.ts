/** As long as an attempt that failed is not over with, a condition remembers what kind of failure it was. */
import type { Condition } from '../../resources/meta.js'
import { FAILURE_CLASSES, type FailureKind } from '../../status/failure-class.js'

export const FAILURE_KIND = 'FailureKind'
const NEVER_STARTED = 'no step was begun'

export function kindToRemember({ failureClass, neverStarted }: Partial<FailureKind>): readonly Condition[] {
  if (failureClass === undefined) return []
  const message = neverStarted ? NEVER_STARTED : ''
  return [{ type: FAILURE_KIND, status: 'True', reason: failureClass, message }]
}

export function rememberedKind(conditions: readonly Condition[] | undefined): Partial<FailureKind> {
  const found = conditions?.find(({ type }) => type === FAILURE_KIND)
  const failureClass = FAILURE_CLASSES.find(each => each === found?.reason)
  return failureClass === undefined ? {} : { failureClass, neverStarted: found?.message === NEVER_STARTED }
}

/** Whose fault failures were, those that were tried again included. */
import { Counter, type Registry } from 'prom-client'
import { FAILURE_CLASS_ANNOTATION } from '../resources/annotations.js'
import type { TaskRun, TaskRunStatus } from '../resources/tekton.js'
import { isDone, succeededCondition } from '../status/conditions.js'
import { classOfReason, FAILURE_CLASSES } from '../status/failure-class.js'
import { paidBudget } from '../status/paid-attempts.js'

export interface FailureMetrics {
  /** A status was stored. */
  changed(before: TaskRun, after: TaskRun): void
}

/** @param bound of a label's values, those that are told apart */
export function createFailureMetrics(
  registry: Registry,
  bound: (label: string, value: string) => string,
): FailureMetrics {
  const failures = new Counter({
    name: 'tektite_taskrun_failures_total',
    help: 'Attempts of TaskRuns that failed, by whose fault it was, and whether another attempt followed',
    labelNames: ['namespace', 'class', 'retried'],
    registers: [registry],
  })

  return {
    changed(before, after) {
      const namespace = bound('namespace', after.metadata.namespace)
      const attempts = after.status?.retriesStatus ?? []
      for (const attempt of attempts.slice(before.status?.retriesStatus?.length ?? 0)) {
        const failureClass = paidBudget(attempt) ?? classByReason(attempt)
        if (failureClass) failures.inc({ namespace, class: failureClass, retried: 'true' })
      }
      const hasFailed = isDone(after) && !isDone(before) && succeededCondition(after)?.status === 'False'
      const failureClass = hasFailed ? (writtenClass(after) ?? classByReason(after.status ?? {})) : undefined
      if (failureClass) failures.inc({ namespace, class: failureClass, retried: 'false' })
    },
  }
}

/** Anybody may write an annotation: only the four words become labels. */
function writtenClass({ metadata }: TaskRun): string | undefined {
  return FAILURE_CLASSES.find(each => each === metadata.annotations?.[FAILURE_CLASS_ANNOTATION])
}

function classByReason(status: TaskRunStatus): string | undefined {
  return classOfReason(succeededCondition({ status })?.reason ?? '')
}

/** A run of the index, as lists show runs. Pure. */
import { isOver, type RunSummary } from '../../resources/run-summary.js'
import type { AnyRun } from '../print/lists.js'

const VERDICTS = { succeeded: 'True', failed: 'False', cancelled: 'False' } as const

/** With what a row is made of: names, labels, times and the condition. */
export function runOfSummary(summary: RunSummary): AnyRun {
  const { kind, uid, name, namespace, labels, createdAt, startedAt, completedAt, status, reason } = summary
  const verdict = VERDICTS[status as keyof typeof VERDICTS] ?? 'Unknown'
  // One that nobody has begun with has no condition.
  const conditions = reason === '' && !isOver(summary) ? [] : [{ type: 'Succeeded', status: verdict, reason }]
  const times = { ...(startedAt && { startTime: startedAt }), ...(completedAt && { completionTime: completedAt }) }
  const metadata = { uid, name, namespace, labels, creationTimestamp: createdAt }
  return { apiVersion: 'tekton.dev/v1', kind, metadata, spec: {}, status: { ...times, conditions } } as never
}

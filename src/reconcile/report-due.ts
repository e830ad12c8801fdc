/**
 * Marks the runs that a git host waits for. The label is there before the run can end, and goes when the host has heard the
 * end: so whoever tells it finds what is due by a selector, after any crash, and reads nothing else.
 */
import { GIT_REPORT, GIT_REPORT_LABEL, GIT_STATUS_ANNOTATIONS } from '../resources/annotations.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'

/** The label that the run lacks; `gained` are annotations that it takes over in this pass. */
export function reportDue(
  { metadata }: PipelineRun | TaskRun,
  gained: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> | undefined {
  const asked = metadata.annotations?.[GIT_STATUS_ANNOTATIONS.status] ?? gained[GIT_STATUS_ANNOTATIONS.status]
  if (!asked || metadata.labels?.[GIT_REPORT_LABEL] !== undefined) return undefined
  // A child's annotations are its parent's, which speaks for both.
  if (metadata.ownerReferences?.some(({ controller, kind }) => controller && kind === 'PipelineRun')) return undefined
  return { [GIT_REPORT_LABEL]: GIT_REPORT.due }
}

/** Labels for children and Pods: theirs is not to be told. */
export function withoutReport(labels: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const { [GIT_REPORT_LABEL]: _, ...others } = labels
  return others
}

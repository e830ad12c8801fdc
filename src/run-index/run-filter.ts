/** Which runs a list is asked for. Pure. */
import type { RunStatus, RunSummary, SummarizedKind } from '../resources/run-summary.js'

/** What is set must hold. */
export interface RunFilter {
  readonly namespace?: string
  /** Any of them. */
  readonly statuses?: readonly RunStatus[]
  readonly pipeline?: string
  readonly task?: string
  /** `eventlistener/NAME`, with or without a trigger, or `schedule/NAME`. */
  readonly trigger?: string
  /** Without one, what is a part of a PipelineRun is not listed by itself. */
  readonly kind?: SummarizedKind
  readonly archived?: boolean
  readonly matchesLabels?: (labels: Readonly<Record<string, string>>) => boolean
  /** Lower case; all of them are in what is searched. */
  readonly words?: readonly string[]
}

/** Runs per status, of a filter that says nothing about status. */
export type StatusCounts = Readonly<Record<RunStatus, number>>

export const NO_COUNTS: StatusCounts = { queued: 0, pending: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 }

export function searchWords(text: string): readonly string[] {
  return [...new Set(text.toLowerCase().split(/\s+/))].filter(word => word !== '')
}

/** What is searched, in lower case. Parts are on lines of their own, so that no word matches across two. */
export function searchText({ name, namespace, pipeline, task, trigger, labels, message, reason }: RunSummary): string {
  const own = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return [name, namespace, pipeline, task, trigger, reason, message, ...own].join('\n').toLowerCase()
}

/** But for its status, which `hasStatus` tells: counts are of all of them. */
export function matches(filter: RunFilter, run: RunSummary, textOf: (run: RunSummary) => string = searchText): boolean {
  const { namespace, pipeline, task, trigger, kind, archived, matchesLabels, words = [] } = filter
  if (namespace !== undefined && run.namespace !== namespace) return false
  if (kind === undefined ? run.partOf !== undefined : run.kind !== kind) return false
  if (pipeline !== undefined && run.pipeline !== pipeline) return false
  if (task !== undefined && run.task !== task) return false
  if (trigger !== undefined && run.trigger !== trigger && !run.trigger?.startsWith(`${trigger}/`)) return false
  if (archived !== undefined && run.archived !== archived) return false
  if (matchesLabels?.(run.labels) === false) return false
  if (words.length === 0) return true
  const text = textOf(run)
  return words.every(word => text.includes(word))
}

export function hasStatus({ statuses }: RunFilter, { status }: RunSummary): boolean {
  return statuses === undefined || statuses.includes(status)
}

export function isSelected(filter: RunFilter, run: RunSummary): boolean {
  return hasStatus(filter, run) && matches(filter, run)
}

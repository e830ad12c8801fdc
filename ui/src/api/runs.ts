/** Runs as the server lists them, live and archived together: `/apis/tektite.dev/v1alpha1/runs`. */
import type { RunStatus, RunSummary } from '../../../src/resources/run-summary.js'
import { ownPath } from './paths.js'
import type { ApiList } from './watch.js'

export type { RunStatus, RunSummary }

export interface RunList extends ApiList<RunSummary> {
  /** Whatever their status, on all pages. */
  readonly counts: Readonly<Record<RunStatus, number>>
}

export function runsPath(namespace: string, ...rest: readonly string[]): string {
  return ownPath('runs', namespace, ...rest)
}

/** The page of a run. */
export function runHref({ namespace, uid }: Pick<RunSummary, 'namespace' | 'uid'>): string {
  return `/runs/${encodeURIComponent(namespace)}/${encodeURIComponent(uid)}`
}

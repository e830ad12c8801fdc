/** What nothing more will happen to: told by its status, whatever the kind. */
import type { Stored } from './keys.js'

const RUNS: ReadonlySet<string> = new Set(['PipelineRun', 'TaskRun', 'CustomRun'])
const ENDED_PHASES: ReadonlySet<unknown> = new Set(['Succeeded', 'Failed'])

/** Whether objects of the kind come to an end at all. */
export function canEnd(kind: string): boolean {
  return kind === 'Pod' || RUNS.has(kind)
}

/** A run with a verdict, or a Pod whose containers will not run again and that nobody is deleting. */
export function hasEnded({ kind, metadata, status }: Stored): boolean {
  if (typeof status !== 'object' || status === null) return false
  const { phase, conditions } = status as { readonly phase?: unknown; readonly conditions?: unknown }
  if (kind === 'Pod') return ENDED_PHASES.has(phase) && metadata.deletionTimestamp === undefined
  if (!RUNS.has(kind)) return false
  return Array.isArray(conditions) && conditions.some(isVerdict)
}

function isVerdict(condition: { readonly type?: unknown; readonly status?: unknown } | null): boolean {
  return condition?.type === 'Succeeded' && (condition.status === 'True' || condition.status === 'False')
}

/** How a run fares, in the few words that git hosts have. Pure. */
import type { BuildState } from '../git-host/build-report.js'
import { succeededCondition } from '../status/conditions.js'
import type { PipelineRunReason, TaskRunReason } from '../status/reasons.js'
import type { Run } from './asked.js'

const QUEUED: ReadonlySet<string> = new Set<PipelineRunReason | TaskRunReason>(['PipelineRunPending', 'TaskRunPending'])
const CANCELLED: ReadonlySet<string> = new Set<PipelineRunReason | TaskRunReason>(['Cancelled', 'TaskRunCancelled'])
const TIMED_OUT: ReadonlySet<string> = new Set<PipelineRunReason | TaskRunReason>([
  'PipelineRunTimeout',
  'TaskRunTimeout',
])
/** What ran and came to nothing. With any other reason it could not be run, and the commit need not be at fault. */
const FAILED: ReadonlySet<string> = new Set<PipelineRunReason | TaskRunReason>([
  'Failed',
  'StepFailed',
  'StepOOM',
  'SidecarFailed',
  'SidecarOOM',
  'FailureIgnored',
])

export function stateOf(run: Pick<Run, 'status'>): BuildState {
  const { status, reason = '' } = succeededCondition(run) ?? {}
  if (status === 'True') return 'success'
  if (status !== 'False') return status === undefined || QUEUED.has(reason) ? 'queued' : 'running'
  if (CANCELLED.has(reason)) return 'cancelled'
  if (TIMED_OUT.has(reason)) return 'timedOut'
  return FAILED.has(reason) ? 'failure' : 'error'
}

/** A run's own status, as the list of runs shows it. Pure. */
import type { PipelineRun, TaskRun } from '../../../../src/resources/tekton.js'
import type { RunStatus } from '../../api/runs.js'

export interface RunState {
  readonly status: RunStatus
  readonly reason: string
  readonly message: string
  readonly isOver: boolean
}

export function summaryOf(run: PipelineRun | TaskRun): RunState {
  const succeeded = run.status?.conditions?.find(({ type }) => type === 'Succeeded')
  const { status, reason = '', message = '' } = succeeded ?? {}
  const isOver = status === 'True' || status === 'False'
  return { status: statusOf(run, status, reason), reason, message, isOver }
}

function statusOf({ spec, status }: PipelineRun | TaskRun, verdict: string | undefined, reason: string): RunStatus {
  if (verdict === 'True') return 'succeeded'
  if (verdict === 'False') return /^(?:PipelineRun|TaskRun)?Cancelled$/.test(reason) ? 'cancelled' : 'failed'
  if (/^(?:Pipeline|Task)RunPending$/.test(spec.status ?? '') || /Pending|ExceededNode|PullImage/.test(reason))
    return 'pending'
  return status?.startTime === undefined ? 'queued' : 'running'
}

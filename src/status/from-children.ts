/** Children → the PipelineRun's condition: counts, message, reason. */

import type { ConditionStatus } from '../resources/meta.js'
import { isIgnored, type TaskState } from '../run/pipeline-task-state.js'
import { PIPELINE_RUN_REASONS, SKIP_REASONS } from './reasons.js'

export interface Counts {
  readonly succeeded: number
  /** Without the ignored ones. */
  readonly failed: number
  readonly ignored: number
  readonly cancelled: number
  readonly invalid: readonly string[]
  readonly skipped: number
  /** Of `skipped`. */
  readonly skippedByTimeout: number
  /** Running, or not begun. */
  readonly incomplete: number
}

/** Pipeline tasks, not children: a matrix counts once. Finally tasks count too. */
export function countTasks(states: readonly TaskState[]): Counts {
  const count = (test: (state: TaskState) => boolean) => states.filter(test).length
  const ignored = count(isIgnored)
  return {
    succeeded: count(({ phase }) => phase.is === 'succeeded'),
    failed: count(({ phase }) => phase.is === 'failed' || phase.is === 'timedOut') - ignored,
    ignored,
    cancelled: count(({ phase }) => phase.is === 'cancelled'),
    invalid: invalidMessages(states),
    skipped: count(({ phase }) => phase.is === 'skipped'),
    skippedByTimeout: count(({ phase }) => phase.is === 'skipped' && TIMEOUTS.has(phase.reason)),
    incomplete: count(({ phase }) => phase.is === 'waiting' || phase.is === 'starting' || phase.is === 'running'),
  }
}

/** In the order of the tasks' names. */
function invalidMessages(states: readonly TaskState[]): readonly string[] {
  const invalid = states.flatMap(({ task, phase }) => (phase.is === 'invalid' ? [[task.name, phase.message]] : []))
  return invalid.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)).map(([, message = '']) => message)
}

const TIMEOUTS: ReadonlySet<string> = new Set([
  SKIP_REASONS.PipelineTimeout,
  SKIP_REASONS.TasksTimeout,
  SKIP_REASONS.FinallyTimeout,
])

/** As Tekton: a list of messages does not make a condition unreadable. */
const MAX_PROBLEMS_CHARS = 1024

/** As in Tekton, ignored failures and invalid tasks are spoken of at the end only. */
export function progressMessage(counts: Counts): string {
  const { succeeded, failed, ignored, cancelled, invalid, skipped, incomplete } = counts
  const completed = succeeded + failed + ignored + cancelled
  if (incomplete > 0) {
    return `Tasks Completed: ${completed} (Failed: ${failed}, Cancelled ${cancelled}), Incomplete: ${incomplete}, Skipped: ${skipped}`
  }
  const failures = ignored > 0 ? `${failed + ignored} (Ignored: ${ignored})` : `${failed}`
  const problems = invalid.join('; ')
  const shown = problems.length > MAX_PROBLEMS_CHARS ? `${problems.slice(0, MAX_PROBLEMS_CHARS)}...` : problems
  const invalidPart = invalid.length > 0 ? `, Failed Validation: ${invalid.length} (${shown})` : ''
  return `Tasks Completed: ${completed} (Failed: ${failures}, Cancelled ${cancelled}), Skipped: ${skipped}${invalidPart}`
}

export interface RunProgress {
  readonly name: string
  /** `spec.status`. */
  readonly requested: string | undefined
  readonly counts: Counts
  /** The text of `timeouts.tasks` when it ran out before all tasks were over. */
  readonly tasksTimeout: string | undefined
  /** Finally tasks that are not over while all others are. */
  readonly inFinally: boolean
  readonly hasFinally: boolean
}

export interface Conclusion {
  readonly status: ConditionStatus
  readonly reason: string
  readonly message: string
}

/** What the run is at this moment; True and False when nothing is left to do. */
export function conclude(progress: RunProgress): Conclusion {
  return progress.counts.incomplete > 0 ? underway(progress) : concluded(progress)
}

function underway({ requested, counts, tasksTimeout, inFinally, hasFinally }: RunProgress): Conclusion {
  const state = (reason: string): Conclusion => ({ status: 'Unknown', reason, message: progressMessage(counts) })
  if (requested === 'CancelledRunFinally') return state(PIPELINE_RUN_REASONS.CancelledRunningFinally)
  if (requested === 'StoppedRunFinally') return state(PIPELINE_RUN_REASONS.StoppedRunningFinally)
  if (tasksTimeout !== undefined && inFinally) return state(PIPELINE_RUN_REASONS.PipelineRunTimeoutRunningFinally)
  if (counts.cancelled > 0 || (counts.failed > 0 && !hasFinally)) return state(PIPELINE_RUN_REASONS.PipelineRunStopping)
  return state(PIPELINE_RUN_REASONS.Running)
}

/** In Tekton's order: the worst wins. */
function concluded({ name, requested, counts, tasksTimeout }: RunProgress): Conclusion {
  const message = progressMessage(counts)
  const failed = (reason: string, text = message): Conclusion => ({ status: 'False', reason, message: text })
  if (tasksTimeout !== undefined) {
    const text = `PipelineRun "${name}" failed due to tasks failed to finish within "${tasksTimeout}"`
    return failed(PIPELINE_RUN_REASONS.PipelineRunTimeout, text)
  }
  if (counts.invalid.length > 0) return failed(PIPELINE_RUN_REASONS.PipelineValidationFailed)
  if (counts.failed > 0 || counts.skippedByTimeout > 0) return failed(PIPELINE_RUN_REASONS.Failed)
  if (requested === 'CancelledRunFinally' || requested === 'StoppedRunFinally') {
    return failed(PIPELINE_RUN_REASONS.Cancelled, `PipelineRun "${name}" was cancelled`)
  }
  if (counts.cancelled > 0) return failed(PIPELINE_RUN_REASONS.Cancelled)
  const reason = counts.skipped > 0 ? PIPELINE_RUN_REASONS.Completed : PIPELINE_RUN_REASONS.Succeeded
  return { status: 'True', reason, message }
}

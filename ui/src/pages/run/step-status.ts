/** What a step of a TaskRun came to. Pure. */
import type { StepState, TaskRun } from '../../../../src/resources/tekton.js'
import type { Status } from '../../components/status.js'

export interface StepView {
  readonly name: string
  readonly status: Status
  readonly startedAt: string | undefined
  readonly completedAt: string | undefined
  /** Set when it ran and ended otherwise than with 0. */
  readonly exitCode: number | undefined
  /** In Tekton's words, when there is more to say than the exit code: `TimeoutExceeded`, `Skipped`. */
  readonly reason: string | undefined
}

/** In their order; those that have no state yet, too. `attempt`: from 0; the newest when absent. */
export function stepsOf(taskRun: TaskRun, attempt?: number): readonly StepView[] {
  const { status, spec } = taskRun
  const past = status?.retriesStatus ?? []
  const shown = attempt === undefined || attempt >= past.length ? status : past[attempt]
  const states = shown?.steps ?? []
  const isOver = shown?.completionTime !== undefined
  const planned = (status?.taskSpec ?? spec.taskSpec)?.steps ?? []
  const names =
    planned.length > 0 ? planned.map((step, at) => step.name ?? `unnamed-${at}`) : states.map(({ name }) => name)
  return names.map(name =>
    viewOf(
      name,
      states.find(state => state.name === name),
      isOver,
    ),
  )
}

function viewOf(name: string, state: StepState | undefined, isOver: boolean): StepView {
  const { running, terminated } = state ?? {}
  const exitCode = terminated?.exitCode
  const reason = state?.terminationReason ?? terminated?.reason
  const isWord = reason !== undefined && reason !== 'Completed' && reason !== 'Error'
  return {
    name,
    status: statusOf(state, isOver),
    startedAt: terminated?.startedAt ?? running?.startedAt,
    completedAt: terminated?.finishedAt,
    exitCode: exitCode === 0 ? undefined : exitCode,
    reason: isWord ? reason : undefined,
  }
}

function statusOf(state: StepState | undefined, isOver: boolean): Status {
  if (state?.terminated !== undefined) {
    if (state.terminationReason === 'Skipped') return 'skipped'
    if (/Cancelled/.test(state.terminationReason ?? '')) return 'cancelled'
    return state.terminated.exitCode === 0 ? 'succeeded' : 'failed'
  }
  if (isOver) return 'skipped'
  return state?.running === undefined ? 'pending' : 'running'
}

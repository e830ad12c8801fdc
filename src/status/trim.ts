/** A status that is too large to be stored, smaller and smaller: what is said elsewhere goes first, what others need goes last. */
import { shortened } from '../lib/shortened.js'
import type { Condition } from '../resources/meta.js'
import type { PipelineRunStatus, StepState, TaskRunStatus } from '../resources/tekton.js'

export interface Trimmed<Status> {
  readonly status: Status
  /** What is not in it any more, as the end of a message tells it. */
  readonly leftOut: readonly string[]
}

interface Rung<Status> {
  readonly what: string
  /** A run that goes on needs it. */
  readonly onlyAtEnd?: true
  readonly without: (status: Status) => Status
}

/** In a condition; the whole text of a webhook may be as long as it likes. */
const MAX_MESSAGE_CHARS = 2_000

const TASK_RUN: readonly Rung<TaskRunStatus>[] = [
  {
    what: 'tasks and steps of earlier attempts',
    without: status => ({
      ...status,
      ...(status.retriesStatus && { retriesStatus: status.retriesStatus.map(shortAttempt) }),
    }),
  },
  {
    what: 'messages, results and artifacts of steps',
    without: status => ({ ...status, ...(status.steps && { steps: status.steps.map(shortStep) }) }),
  },
  { what: 'the end of messages', onlyAtEnd: true, without: withShortMessages },
  { what: 'the task', onlyAtEnd: true, without: ({ taskSpec: _, ...rest }) => rest },
  { what: 'steps and sidecars', onlyAtEnd: true, without: ({ steps: _, sidecars: __, ...rest }) => rest },
  { what: 'artifacts', onlyAtEnd: true, without: ({ artifacts: _, ...rest }) => rest },
  { what: 'earlier attempts', onlyAtEnd: true, without: ({ retriesStatus: _, ...rest }) => rest },
  { what: 'provenance', onlyAtEnd: true, without: ({ provenance: _, ...rest }) => rest },
  { what: 'results', onlyAtEnd: true, without: ({ results: _, ...rest }) => rest },
  {
    what: 'all else',
    onlyAtEnd: true,
    without: ({ conditions = [], startTime, completionTime, podName }) => ({
      conditions: conditions.filter(({ type }) => type === 'Succeeded'),
      ...(startTime && { startTime }),
      ...(completionTime && { completionTime }),
      ...(podName && { podName }),
    }),
  },
]

const PIPELINE_RUN: readonly Rung<PipelineRunStatus>[] = [
  { what: 'the end of messages', onlyAtEnd: true, without: withShortMessages },
  { what: 'the pipeline', onlyAtEnd: true, without: ({ pipelineSpec: _, ...rest }) => rest },
  {
    what: 'when expressions',
    onlyAtEnd: true,
    without: ({ childReferences, skippedTasks, ...rest }) => ({
      ...rest,
      ...(childReferences && { childReferences: childReferences.map(({ whenExpressions: _, ...one }) => one) }),
      ...(skippedTasks && { skippedTasks: skippedTasks.map(({ whenExpressions: _, ...one }) => one) }),
    }),
  },
  { what: 'skipped tasks', onlyAtEnd: true, without: ({ skippedTasks: _, ...rest }) => rest },
  { what: 'provenance', onlyAtEnd: true, without: ({ provenance: _, ...rest }) => rest },
  { what: 'references to children', onlyAtEnd: true, without: ({ childReferences: _, ...rest }) => rest },
  { what: 'results', onlyAtEnd: true, without: ({ results: _, ...rest }) => rest },
  {
    what: 'all else',
    onlyAtEnd: true,
    without: ({ conditions = [], startTime, completionTime, finallyStartTime }) => ({
      conditions: conditions.filter(({ type }) => type === 'Succeeded'),
      ...(startTime && { startTime }),
      ...(completionTime && { completionTime }),
      ...(finallyStartTime && { finallyStartTime }),
    }),
  },
]

const RUNGS = { TaskRun: TASK_RUN, PipelineRun: PIPELINE_RUN } as const

/**
 * From the largest down to the smallest that still tells how the run fares. Each leaves out what the one before did, and
 * more.
 * @param why why the whole is not stored: `it is too large`
 */
export function* trimmedStatuses<Status extends TaskRunStatus | PipelineRunStatus>(
  kind: 'TaskRun' | 'PipelineRun',
  status: Status,
  { isEnd, why }: { readonly isEnd: boolean; readonly why: string },
): Generator<Trimmed<Status>> {
  let trimmed = status
  const leftOut: string[] = []
  for (const { what, onlyAtEnd, without } of RUNGS[kind] as unknown as readonly Rung<Status>[]) {
    if (onlyAtEnd && !isEnd) return
    const smaller = without(trimmed)
    // Not worth another try, nor a word.
    if (sizeOf(smaller) >= sizeOf(trimmed)) continue
    trimmed = smaller
    leftOut.push(what)
    yield { status: withWord(trimmed, leftOut, why), leftOut: [...leftOut] }
  }
}

function sizeOf(status: unknown): number {
  return JSON.stringify(status).length
}

/** The condition says it, so that nobody takes what is missing for what was never there. */
function withWord<Status extends TaskRunStatus | PipelineRunStatus>(
  status: Status,
  leftOut: readonly string[],
  why: string,
): Status {
  const word = `. This status is not stored as a whole, because ${why}. Left out: ${leftOut.join('; ')}`
  const conditions = status.conditions?.map(one =>
    one.type === 'Succeeded' ? { ...one, message: `${one.message ?? ''}${word}` } : one,
  )
  return { ...status, ...(conditions && { conditions }) }
}

function withShortMessages<Status extends { readonly conditions?: readonly Condition[] }>(status: Status): Status {
  const conditions = status.conditions?.map(one => ({ ...one, ...shortMessage(one) }))
  return { ...status, ...(conditions && { conditions }) }
}

function shortMessage({ message = '' }: Condition): Pick<Condition, 'message'> {
  return { message: shortened(message, MAX_MESSAGE_CHARS) }
}

/** When it was, which Pod it had, what it came to. */
function shortAttempt(
  attempt: NonNullable<TaskRunStatus['retriesStatus']>[number],
): NonNullable<TaskRunStatus['retriesStatus']>[number] {
  const { conditions, startTime, completionTime, podName } = attempt
  return {
    ...(conditions && { conditions: conditions.map(one => ({ ...one, ...shortMessage(one) })) }),
    ...(startTime && { startTime }),
    ...(completionTime && { completionTime }),
    ...(podName && { podName }),
  }
}

function shortStep({ terminated, results: _, inputs: __, outputs: ___, ...step }: StepState): StepState {
  const { message: ____, ...ended } = terminated ?? {}
  return { ...step, ...(terminated && { terminated: ended as typeof terminated }) }
}

/** Where each pipeline task stands, read from its children. */
import { STATUS_MESSAGE_ANNOTATION } from '../resources/annotations.js'
import type {
  Artifacts,
  CustomRun,
  ParamValue,
  PipelineRun,
  PipelineTask,
  TaskRun,
  WhenExpression,
} from '../resources/tekton.js'
import { mergeArtifacts } from '../status/artifacts.js'
import { isDone, succeededCondition } from '../status/conditions.js'
import { SKIP_REASONS, type SkipReason } from '../status/reasons.js'
import type { Combination } from './matrix.js'
import type { Producer } from './results.js'

export type Child = TaskRun | PipelineRun | CustomRun

/** What a cancelled child is told, in `spec.statusMessage`; the second is how a timeout is told from a cancel later. */
export const CANCEL_MESSAGES = {
  cancelled: (kind: string) => `${kind} cancelled as the PipelineRun it belongs to has been cancelled.`,
  timedOut: (kind: string) => `${kind} cancelled as the PipelineRun it belongs to has timed out.`,
} as const

export type Phase =
  /** Parents are not done. */
  | { readonly is: 'waiting' }
  /** Children are to be made now, all or those that are not there yet. */
  | { readonly is: 'starting' }
  | { readonly is: 'running' }
  | { readonly is: 'succeeded' }
  | { readonly is: 'failed' }
  | { readonly is: 'cancelled' }
  /** Cancelled because a timeout of the PipelineRun ran out: counts as failed. */
  | { readonly is: 'timedOut' }
  | { readonly is: 'skipped'; readonly reason: SkipReason }
  /** Cannot be started: a task that ended did not emit a result it needs. */
  | { readonly is: 'invalid'; readonly message: string }

export interface TaskState {
  readonly task: PipelineTask
  readonly isFinal: boolean
  readonly children: readonly Child[]
  readonly phase: Phase
  /** As the status lists it, with everything replaced that is known; present when the task has `when`. */
  readonly when?: readonly WhenExpression[]
  /** With everything replaced; present when children are to be made, or exist but are not listed in the status yet. */
  readonly resolved?: {
    readonly task: PipelineTask
    /** Of a matrix. */
    readonly combinations: readonly Combination[] | undefined
  }
}

/** Of a task that has children. One of many that still runs keeps all of them from being done. */
export function phaseOfChildren(children: readonly Child[]): Phase {
  if (!children.every(isDone)) return { is: 'running' }
  const cancelled = children.filter(isCancelled)
  if (cancelled.some(isCancelledForTimeout)) return { is: 'timedOut' }
  if (cancelled.length > 0) return { is: 'cancelled' }
  return { is: children.some(child => succeededCondition(child)?.status === 'False') ? 'failed' : 'succeeded' }
}

function isCancelled(child: Child): boolean {
  const condition = succeededCondition(child)
  return condition?.status === 'False' && condition.reason === CANCEL_REASONS[child.kind as keyof typeof CANCEL_REASONS]
}

const CANCEL_REASONS = {
  TaskRun: 'TaskRunCancelled',
  CustomRun: 'CustomRunCancelled',
  PipelineRun: 'Cancelled',
} as const

function isCancelledForTimeout(child: Child): boolean {
  const message =
    'statusMessage' in child.spec ? child.spec.statusMessage : child.metadata.annotations?.[STATUS_MESSAGE_ANNOTATION]
  return message === CANCEL_MESSAGES.timedOut(child.kind)
}

export function isOver({ phase }: TaskState): boolean {
  return phase.is !== 'waiting' && phase.is !== 'starting' && phase.is !== 'running'
}

/** A failure that the author allowed. */
export function isIgnored({ phase, task }: TaskState): boolean {
  return phase.is === 'failed' && task.onError === 'continue'
}

/** After this no new task begins, save the finally tasks. */
export function stops(state: TaskState): boolean {
  const { is } = state.phase
  if (is === 'invalid') return true
  return (is === 'failed' || is === 'cancelled' || is === 'timedOut') && state.task.onError !== 'continue'
}

/** Dependents that only wait for its end do run. */
export function isSkippedHarmlessly({ phase }: TaskState): boolean {
  return phase.is === 'skipped' && phase.reason === SKIP_REASONS.When
}

/** The results of a task; those of a matrix are gathered into arrays, in the text order of its children's names. */
export function producerOf(state: TaskState): Producer {
  const results = new Map<string, ParamValue>()
  const ended = state.children.filter(isDone)
  if (state.task.matrix) {
    const sorted = [...ended].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    const gathered = new Map<string, string[]>()
    for (const { name, value } of sorted.flatMap(resultsOf)) {
      if (typeof value !== 'string') continue
      const before = gathered.get(name)
      if (before) before.push(value)
      else gathered.set(name, [value])
    }
    for (const [name, values] of gathered) results.set(name, values)
  } else {
    for (const { name, value } of ended.flatMap(resultsOf)) results.set(name, value)
  }
  return { ended: isOver(state), succeeded: state.phase.is === 'succeeded', results }
}

/** The artifacts of a task that is over; those of a matrix together. */
export function artifactsOf({ children }: TaskState): Artifacts {
  const ended = children
    .filter(isDone)
    .flatMap(child => (child.kind === 'TaskRun' ? ((child as TaskRun).status?.artifacts ?? []) : []))
  return mergeArtifacts(ended)
}

function resultsOf(child: Child): readonly { readonly name: string; readonly value: ParamValue }[] {
  return child.status?.results ?? []
}

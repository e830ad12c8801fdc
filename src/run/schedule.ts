/**
 * Which pipeline tasks run now, which never will, and why. A pure function of the children that exist.
 *
 * One way only: a task that has children is what they are; a task that was recorded as skipped stays skipped. Why, is
 * said anew in every pass, as in Tekton: what was skipped because its time was up is told to be skipped because the run
 * is stopping, once the cancelled tasks count as failed. What else happens to a task follows from its parents, which are
 * done by then and do not change any more.
 */
import type { PipelineRun, PipelineSpec, PipelineTask, WhenExpression } from '../resources/tekton.js'
import { PIPELINE_RUN_REASONS, SKIP_REASONS, type SkipReason, USER_ERROR } from '../status/reasons.js'
import type { Graph } from './graph.js'
import { type Combination, fanOut, hasEmptyArray, largestFanOut, matrixProblem } from './matrix.js'
import {
  type Child,
  isOver,
  isSkippedHarmlessly,
  phaseOfChildren,
  stops,
  type TaskState,
} from './pipeline-task-state.js'
import { createTaskResolver, type ResolvedTask, type TaskResolver } from './pipeline-task-variables.js'
import { type EvaluateCel, judgeWhen } from './when.js'

export interface ScheduleInput {
  readonly run: PipelineRun
  /** The snapshot. */
  readonly spec: PipelineSpec
  /** Of its `tasks`. */
  readonly graph: Graph
  /** By pipeline task name. */
  readonly children: ReadonlyMap<string, readonly Child[]>
  /** Which clocks have run out. */
  readonly timedOut: { readonly pipeline: boolean; readonly tasks: boolean; readonly finally: boolean }
  readonly maxMatrixCombinations: number
  readonly evaluateCel: EvaluateCel
}

/** Something that ends the whole run at once. */
export interface Fault {
  readonly reason: string
  readonly message: string
}

export type Schedule =
  | {
      readonly is: 'schedule'
      /** `tasks`, then `finally`, in spec order. */
      readonly states: readonly TaskState[]
      /** Everything but the finally tasks is over. */
      readonly tasksOver: boolean
    }
  | { readonly is: 'fault'; readonly fault: Fault }

export function schedule(input: ScheduleInput): Schedule {
  const tasks = input.spec.tasks ?? []
  const hasFailed = tasks.some(task => {
    const children = input.children.get(task.name)
    return children !== undefined && stops({ task, isFinal: false, children, phase: phaseOfChildren(children) })
  })
  const first = walk(input, hasFailed ? 'failed' : undefined)
  if (first.is === 'fault' || hasFailed || !first.states.some(state => !state.isFinal && stops(state))) return first
  // A task that turned out to be invalid stops the others too, also those that were looked at before it.
  return walk(input, 'invalid')
}

/** What keeps new tasks from beginning: one that failed, or one that cannot begin. */
type Stopping = 'failed' | 'invalid' | undefined

function walk(input: ScheduleInput, stopping: Stopping): Schedule {
  const tasks = new Map((input.spec.tasks ?? []).map(task => [task.name, task]))
  const states = new Map<string, TaskState>()
  const recorded = new Map((input.run.status?.skippedTasks ?? []).map(skipped => [skipped.name, skipped]))
  const resolver = createTaskResolver(
    name => states.get(name),
    () => [...states.values()],
  )
  // Written after they were made, so a task all of whose children are listed has all it will ever have.
  const listed = new Set((input.run.status?.childReferences ?? []).map(reference => reference.name))
  const areListed = (children: readonly Child[]) => children.every(child => listed.has(child.metadata.name))
  const noMore = input.timedOut.tasks || isGraceful(input.run)
  const present = (task: PipelineTask) => {
    const children = input.children.get(task.name) ?? []
    const skipped = children.length === 0 ? recorded.get(task.name) : undefined
    return { children, skipped }
  }

  for (const name of input.graph.order) {
    const task = tasks.get(name)
    if (task === undefined) continue
    const { children, skipped } = present(task)
    const base = { task, isFinal: false, children }
    if (children.length > 0) {
      const outcome = withChildren(base, areListed(children), stopping !== undefined || noMore, resolver)
      if (outcome.is === 'fault') return outcome
      states.set(name, { ...base, ...outcome.state })
      continue
    }
    const outcome = unstarted(input, task, stopping, states, resolver)
    if (skipped) {
      const isSkipped = outcome.is === 'state' && outcome.state.phase.is === 'skipped'
      states.set(name, { ...base, ...(isSkipped ? outcome.state : sameSkip(skipped)) })
      continue
    }
    if (outcome.is === 'fault') return outcome
    states.set(name, { ...base, ...outcome.state })
  }

  const ordered = (input.spec.tasks ?? []).flatMap(task => states.get(task.name) ?? [])
  const tasksOver = ordered.every(isOver)
  const last: TaskState[] = []
  for (const task of input.spec.finally ?? []) {
    const { children, skipped } = present(task)
    const base = { task, isFinal: true, children }
    if (skipped) {
      last.push({ ...base, ...sameSkip(skipped) })
      continue
    }
    if (children.length === 0 && !tasksOver) {
      last.push({ ...base, phase: { is: 'waiting' } })
      continue
    }
    const outcome =
      children.length > 0
        ? withChildren(base, areListed(children), input.timedOut.finally, resolver)
        : unstartedFinal(input, task, resolver)
    if (outcome.is === 'fault') return outcome
    last.push({ ...base, ...outcome.state })
  }
  return { is: 'schedule', states: [...ordered, ...last], tasksOver }
}

function isGraceful(run: PipelineRun): boolean {
  return run.spec.status === 'CancelledRunFinally' || run.spec.status === 'StoppedRunFinally'
}

type Decided = Pick<TaskState, 'phase' | 'when' | 'resolved'>
type Outcome = { readonly is: 'state'; readonly state: Decided } | { readonly is: 'fault'; readonly fault: Fault }

function sameSkip(skipped: NonNullable<NonNullable<PipelineRun['status']>['skippedTasks']>[number]): Decided {
  return {
    phase: { is: 'skipped', reason: skipped.reason as SkipReason },
    ...(skipped.whenExpressions && { when: skipped.whenExpressions }),
  }
}

/** Of a matrix some children can be missing: we were interrupted while making them. */
function withChildren(
  { task, isFinal, children }: Pick<TaskState, 'task' | 'isFinal' | 'children'>,
  areListed: boolean,
  noMore: boolean,
  resolver: TaskResolver,
): Outcome {
  const phase = phaseOfChildren(children)
  if (areListed) return { is: 'state', state: { phase } }
  const { task: replaced, listedWhen: when } = resolver.resolve(task, isFinal)
  const combinations = replaced.matrix && fanOut(replaced.matrix)
  const complete = combinations === undefined || combinations.length <= children.length || noMore
  const resolved = { task: replaced, combinations }
  return { is: 'state', state: { phase: complete ? phase : { is: 'starting' }, resolved, ...(when && { when }) } }
}

/** In Tekton's order of checks. */
function unstarted(
  input: ScheduleInput,
  task: PipelineTask,
  stopping: Stopping,
  states: ReadonlyMap<string, TaskState>,
  resolver: TaskResolver,
): Outcome {
  const parents = (input.graph.parents.get(task.name) ?? []).flatMap(parent => states.get(parent) ?? [])
  const resolved = parents.every(isOver) ? resolver.resolve(task, false) : undefined
  const verdict = resolved && judge(input, resolved, parents, states)
  // Once another task has failed, or after something invalid, it is not even judged, but skipped.
  const isJudged =
    stopping !== 'failed' && !isGraceful(input.run) && parents.every(({ phase }) => phase.is !== 'invalid')
  if (isJudged && verdict?.is === 'state' && verdict.state.phase.is === 'invalid') return verdict
  const skip = (reason: SkipReason) => skipped(reason, resolved?.when ?? task.when)
  if (stopping) return skip(SKIP_REASONS.Stopping)
  if (input.run.spec.status === 'CancelledRunFinally') return skip(SKIP_REASONS.GracefullyCancelled)
  if (input.run.spec.status === 'StoppedRunFinally') return skip(SKIP_REASONS.GracefullyStopped)
  if (verdict?.is === 'fault') return verdict
  const reason = verdict?.state.phase.is === 'skipped' ? verdict.state.phase.reason : undefined
  if (verdict && reason !== undefined && reason !== SKIP_REASONS.EmptyMatrix) return verdict
  if (input.timedOut.pipeline && resolved) return skip(SKIP_REASONS.PipelineTimeout)
  if (input.timedOut.tasks) return skip(SKIP_REASONS.TasksTimeout)
  return verdict ?? { is: 'state', state: { phase: { is: 'waiting' } } }
}

function unstartedFinal(input: ScheduleInput, task: PipelineTask, resolver: TaskResolver): Outcome {
  const resolved = resolver.resolve(task, true)
  if (resolved.outOfBounds !== undefined) return outOfBounds(input.run, resolved.outOfBounds)
  if (resolved.missing.length > 0) return skipped(SKIP_REASONS.MissingResults, undefined)
  const verdict = judgeOwn(input, resolved)
  const skip = verdict.is === 'state' && verdict.state.phase.is === 'skipped' ? verdict.state.phase.reason : undefined
  if (verdict.is === 'fault' || skip === SKIP_REASONS.When) return verdict
  if (input.timedOut.pipeline) return skipped(SKIP_REASONS.PipelineTimeout, undefined)
  if (input.timedOut.finally) return skipped(SKIP_REASONS.FinallyTimeout, undefined)
  return skip === undefined ? verdict : skipped(skip, undefined)
}

/** Of a task whose parents are all done. */
function judge(
  input: ScheduleInput,
  resolved: ResolvedTask,
  parents: readonly TaskState[],
  states: ReadonlyMap<string, TaskState>,
): Outcome {
  const own = judgeOwn(input, resolved)
  const isSkippedByWhen =
    own.is === 'state' && own.state.phase.is === 'skipped' && own.state.phase.reason === SKIP_REASONS.When
  if (isSkippedByWhen) return own
  if (parents.some(parent => parent.phase.is === 'skipped' && !isSkippedHarmlessly(parent))) {
    return skipped(SKIP_REASONS.Parents, resolved.when)
  }
  const [missing] = resolved.missing
  if (missing !== undefined) {
    const producer = states.get(missing.task)
    if (producer?.phase.is === 'skipped' || resolved.task.onError === 'continue') {
      return skipped(SKIP_REASONS.MissingResults, resolved.when)
    }
    const message =
      producer?.phase.is === 'succeeded'
        ? `task "${missing.task}" completed successfully but did not emit the result "${missing.result}", which is referenced by task "${resolved.task.name}"`
        : `Invalid task result reference: Could not find result with name ${missing.result} for pipeline task ${missing.task}`
    return { is: 'state', state: { phase: { is: 'invalid', message }, ...(resolved.when && { when: resolved.when }) } }
  }
  if (resolved.outOfBounds !== undefined) {
    return outOfBounds(input.run, resolved.outOfBounds)
  }
  return own
}

/** `when` and matrix. */
function judgeOwn(input: ScheduleInput, resolved: ResolvedTask): Outcome {
  const { task } = resolved
  const when = judgeWhen(resolved.when ?? [], input.evaluateCel)
  if (when.is === 'fails') return skipped(SKIP_REASONS.When, resolved.when)
  // An error of `when` or matrix in a task that will be skipped or is invalid anyway is not worth ending the run for.
  if (resolved.missing.length > 0 || resolved.outOfBounds !== undefined) return starting(resolved, undefined)
  if (when.is === 'error') {
    const message = `${USER_ERROR}Error evaluating CEL ${input.run.metadata.name}: ${when.message}`
    return fault(PIPELINE_RUN_REASONS.CELEvaluationFailed, message)
  }
  if (!task.matrix) return starting(resolved, undefined)
  const problem = matrixProblem(task, task.matrix)
  if (problem !== undefined) {
    const message = `${USER_ERROR}Failed to validate matrix "${input.run.metadata.name}" with error ${problem}`
    return fault(PIPELINE_RUN_REASONS.InvalidMatrixParameterTypes, message)
  }
  if (hasEmptyArray(task.matrix)) return skipped(SKIP_REASONS.EmptyMatrix, resolved.when)
  const largest = largestFanOut(task.matrix)
  const most = input.maxMatrixCombinations
  // `include` entries mostly merge into what is there, so the estimate only saves us from making a huge product.
  const combinations = largest > most + (task.matrix.include ?? []).length ? undefined : fanOut(task.matrix)
  if (combinations !== undefined && combinations.length <= most) return starting(resolved, combinations)
  const message = `expected 0 <= ${combinations?.length ?? largest} <= ${most}: matrix of pipeline task "${task.name}"`
  return fault(PIPELINE_RUN_REASONS.PipelineValidationFailed, `${USER_ERROR}${message}`)
}

function starting({ task, listedWhen: when }: ResolvedTask, combinations: readonly Combination[] | undefined): Outcome {
  const resolved = { task, combinations }
  return { is: 'state', state: { phase: { is: 'starting' }, resolved, ...(when && { when }) } }
}

function skipped(reason: SkipReason, when: readonly WhenExpression[] | undefined): Outcome {
  return { is: 'state', state: { phase: { is: 'skipped', reason }, ...(when && { when }) } }
}

/** Of an array result: of all that can be wrong with results, this alone ends the run at once, as in Tekton. */
function outOfBounds({ metadata }: PipelineRun, problem: string): Outcome {
  const message = `${USER_ERROR}PipelineRun ${metadata.namespace}/${metadata.name} can't be Run; couldn't resolve all references: ${problem}`
  return fault(PIPELINE_RUN_REASONS.PipelineValidationFailed, message)
}

function fault(reason: string, message: string): Outcome & { readonly is: 'fault' } {
  return { is: 'fault', fault: { reason, message } }
}

/** One step of a PipelineRun whose pipeline is known: make children, cancel children, say how far it is. */
import { formatDuration } from '../../lib/duration.js'
import { toTimestamp } from '../../lib/time.js'
import type {
  Param,
  PipelineRun,
  PipelineRunStatus,
  PipelineSpec,
  PipelineTask,
  SkippedTask,
} from '../../resources/tekton.js'
import { childNames } from '../../run/matrix.js'
import { paramReplacements } from '../../run/params.js'
import { resolvePipelineParams } from '../../run/pipeline-params.js'
import { enumValueProblem } from '../../run/pipeline-task-params.js'
import { producerOf, type TaskState } from '../../run/pipeline-task-state.js'
import { createTaskResolver } from '../../run/pipeline-task-variables.js'
import { pipelineContext } from '../../run/pipeline-variables.js'
import { bindingReplacements, childBindings } from '../../run/pipeline-workspaces.js'
import { type PipelineResults, pipelineResults } from '../../run/results.js'
import type { Fault } from '../../run/schedule.js'
import { deadlinesOf, type Timeouts } from '../../run/timeouts.js'
import { withSucceeded } from '../../status/conditions.js'
import { type Conclusion, conclude, countTasks } from '../../status/from-children.js'
import { PIPELINE_RUN_REASONS as REASONS, SKIP_REASONS } from '../../status/reasons.js'
import type { Action, Decision, PipelineRunWorld } from '../decision.js'
import { nestingProblem } from './ancestors.js'
import { childReferences } from './child-references.js'
import { cancelChildren, createChildren } from './children.js'
import { carriedOver, earlierRunFor } from './inheriting.js'
import { inheritedMetadata } from './pipeline-metadata.js'
import { createClaims } from './run-claims.js'

export interface Advance {
  readonly run: PipelineRun
  readonly world: PipelineRunWorld
  /** With startTime and pipelineSpec. */
  readonly status: PipelineRunStatus
  readonly spec: PipelineSpec
  readonly gained: Pick<Decision<unknown>, 'labels' | 'annotations'>
  readonly timeouts: Timeouts
  /** Which clocks have run out. */
  readonly passed: { readonly pipeline: boolean; readonly tasks: boolean; readonly finally: boolean }
  readonly states: readonly TaskState[]
  readonly tasksOver: boolean
}

export type AdvanceOutcome =
  | { readonly is: 'decision'; readonly decision: Decision<PipelineRunStatus> }
  /** The pipeline timeout came before the end. */
  | { readonly is: 'timeout'; readonly status: PipelineRunStatus }
  | { readonly is: 'fault'; readonly fault: Fault }

export function advancePipelineRun(advance: Advance): AdvanceOutcome {
  const { run, world, spec, states, tasksOver, passed } = advance
  const counts = countTasks(states)
  const hasFinally = (spec.finally ?? []).length > 0
  const finallyStartTime =
    run.status?.finallyStartTime ?? (tasksOver && hasFinally ? toTimestamp(world.now) : undefined)
  const skippedTasks = skipped(states)
  const status: PipelineRunStatus = {
    ...advance.status,
    ...(skippedTasks.length > 0 && { skippedTasks }),
    ...(finallyStartTime !== undefined && { finallyStartTime }),
  }
  // What has ended in time has ended, also when it is only now that we look.
  const isCutShort = counts.incomplete > 0 || skippedTasks.some(({ reason }) => reason === SKIP_REASONS.PipelineTimeout)
  if (passed.pipeline && isCutShort) {
    const { results } = resultsOf(states, spec)
    return { is: 'timeout', status: { ...status, ...(results.length > 0 && { results }) } }
  }

  const started = startChildren(advance)
  if (started.is === 'fault') return started
  const tasksTimeout = hasTasksTimeout(advance) ? formatDuration(advance.timeouts.tasks ?? 0) : undefined
  const conclusion = conclude({
    name: run.metadata.name,
    requested: run.spec.status,
    counts,
    tasksTimeout,
    inFinally: tasksOver,
    hasFinally,
  })
  const references = childReferences(run, states)
  const listed = { ...status, ...(references.length > 0 && { childReferences: references }) }
  const actions = [...started.actions, ...cancels(advance)]
  if (conclusion.status !== 'Unknown') {
    const end = { actions, status: finished(advance, listed, conclusion), ...carriedOver(run, states) }
    return { is: 'decision', decision: end }
  }
  const { reason, message } = conclusion
  const conditions = withSucceeded(status.conditions, 'Unknown', reason, message, world.now)
  const lookAgainAt = nextDeadline(advance, finallyStartTime)
  const decision = { actions, status: { ...listed, conditions }, ...(lookAgainAt !== undefined && { lookAgainAt }) }
  return { is: 'decision', decision }
}

function skipped(states: readonly TaskState[]): readonly SkippedTask[] {
  return states.flatMap(({ task, phase, when }): readonly SkippedTask[] => {
    if (phase.is !== 'skipped') return []
    const whenExpressions = when && when.length > 0 ? { whenExpressions: when } : {}
    return [{ name: task.name, reason: phase.reason, ...whenExpressions }]
  })
}

type Started =
  | { readonly is: 'actions'; readonly actions: readonly Action[] }
  | { readonly is: 'fault'; readonly fault: Fault }

function startChildren({ run, world, status, spec, gained, states }: Advance): Started {
  const starts = states.filter(({ phase }) => phase.is === 'starting')
  if (starts.length === 0) return { is: 'actions', actions: [] }
  const strangers = new Set(world.strangers)
  const earlierRun = earlierRunFor(run, spec, states)
  const meta = inheritedMetadata(run, gained)
  const results = resultsKnownTo(states)
  const params = resolvePipelineParams(spec.params ?? [], run.spec.params ?? [])
  const known = params.is === 'params' ? params.known : paramReplacements(run.spec.params ?? [])
  const context = pipelineContext(run, run.spec.pipelineRef?.name ?? run.metadata.name)
  const bindingsUse = bindingReplacements(
    { ...known, strings: new Map([...known.strings, ...context.strings]) },
    results.known(run.spec.workspaces),
  )
  const actions: Action[] = []
  for (const {
    task: { name },
    isFinal,
    children,
    resolved,
  } of starts) {
    if (resolved === undefined) throw new Error(`pipeline task "${name}" starts without having been resolved`)
    const { task, combinations } = resolved
    const taken = childNames(run.metadata.name, name, combinations?.length ?? 1).find(one => strangers.has(one))
    if (taken !== undefined) return fault(nameTaken(run, name, taken))
    const outside = world.settings.flags.enableParamEnum ? enumProblem(world, task, combinations) : undefined
    if (outside !== undefined) return { is: 'fault', fault: outside }
    const tooDeep = nestingProblem(run, task)
    if (tooDeep !== undefined) return fault(tooDeep)
    const bound = childBindings(run, spec, task, bindingsUse, declaredWorkspaces(world, name))
    if (bound.is === 'problem') return fault(bound.message)
    const existing = new Set(children.map(child => child.metadata.name))
    const found = world.tasks.get(name)
    const from = found?.is === 'found' ? found.from : undefined
    const start = { task, isFinal, combinations, bindings: bound.bindings, from, earlierRun: earlierRun(name, isFinal) }
    const all = createChildren({ ...run, status }, start, meta, world.settings)
    actions.push(...all.filter(action => !(action.do === 'create' && existing.has(action.object.metadata.name ?? ''))))
  }
  // Claims come with the first children, and before them: a Pod waits for its claim, a claim waits for nobody.
  const isFirst = world.children.length === 0 && (run.status?.childReferences ?? []).length === 0
  return { is: 'actions', actions: isFirst ? [...createClaims(run, run.spec.workspaces ?? []), ...actions] : actions }
}

function enumProblem(
  world: PipelineRunWorld,
  task: PipelineTask,
  combinations: readonly { readonly params: readonly Param[] }[] | undefined,
): Fault | undefined {
  const found = world.tasks.get(task.name)
  const spec = task.taskSpec ?? (found?.is === 'found' ? found.value : undefined)
  return enumValueProblem(
    task,
    (combinations ?? []).map(({ params }) => params),
    spec?.params ?? [],
  )
}

/** Of the Task that a pipeline task refers to; an inline task declares by mentioning. */
function declaredWorkspaces(world: PipelineRunWorld, task: string): ReadonlySet<string> | undefined {
  const found = world.tasks.get(task)
  return found?.is === 'found' ? new Set((found.value.workspaces ?? []).map(one => one.name)) : undefined
}

function resultsKnownTo(states: readonly TaskState[]): ReturnType<typeof createTaskResolver> {
  const byName = new Map(states.map(state => [state.task.name, state]))
  return createTaskResolver(
    name => byName.get(name),
    () => states,
  )
}

function fault(message: string): Started {
  return { is: 'fault', fault: { reason: REASONS.CreateRunFailed, message } }
}

function nameTaken(run: PipelineRun, task: string, name: string): string {
  const { namespace } = run.metadata
  return `PipelineRun "${namespace}/${run.metadata.name}": pipeline task "${task}" needs the name "${name}", which is taken by an object that this run did not make. Delete that object, or start the run under another name`
}

function cancels({ run, states, tasksOver, passed }: Advance): readonly Action[] {
  const of = (isFinal: boolean) => states.filter(state => state.isFinal === isFinal).flatMap(state => state.children)
  const tasks = tasksOver ? [] : of(false)
  if (passed.tasks && tasks.length > 0) return cancelChildren(tasks, 'timedOut')
  if (run.spec.status === 'CancelledRunFinally' && tasks.length > 0)
    return cancelChildren(tasks, 'cancelled', 'CancelledRunFinally')
  return passed.finally ? cancelChildren(of(true), 'timedOut') : []
}

/** Now, or at some earlier time: the skips and the cancelled children bear witness. */
function hasTasksTimeout({ states, passed, tasksOver }: Advance): boolean {
  if (passed.tasks && !tasksOver) return true
  return states.some(
    ({ isFinal, phase }) =>
      !isFinal && (phase.is === 'timedOut' || (phase.is === 'skipped' && phase.reason === SKIP_REASONS.TasksTimeout)),
  )
}

function finished(advance: Advance, status: PipelineRunStatus, conclusion: Conclusion): PipelineRunStatus {
  const { run, world, spec } = advance
  const { results, invalid } = resultsOf(advance.states, spec)
  const cannotShow: Conclusion = {
    status: 'False',
    reason: REASONS.CouldntGetPipelineResult,
    message: `Failed to get PipelineResult from TaskRun Results for PipelineRun ${run.metadata.name}: invalid pipelineresults [${invalid.join(' ')}], the referenced results don't exist`,
  }
  // As Tekton: also over the reason of a run that failed.
  const last = invalid.length > 0 ? cannotShow : conclusion
  return {
    ...status,
    ...(results.length > 0 && { results }),
    completionTime: toTimestamp(world.now),
    conditions: withSucceeded(status.conditions, last.status, last.reason, last.message, world.now),
  }
}

function resultsOf(states: readonly TaskState[], spec: PipelineSpec): PipelineResults {
  const tasks = new Map(states.map(state => [`${state.isFinal ? 'finally' : 'tasks'}.${state.task.name}`, state]))
  return pipelineResults(spec.results ?? [], ({ from, task }) => {
    const state = tasks.get(`${from}.${task}`)
    return state && producerOf(state)
  })
}

function nextDeadline(
  { timeouts, status, world, tasksOver }: Advance,
  finallyStartTime: string | undefined,
): number | undefined {
  const deadlines = deadlinesOf(timeouts, status.startTime ?? '', finallyStartTime)
  const ahead = [deadlines.pipeline, tasksOver ? undefined : deadlines.tasks, deadlines.finally].filter(
    deadline => deadline !== undefined && deadline > world.now,
  )
  return ahead.length === 0 ? undefined : Math.min(...ahead.map(Number))
}

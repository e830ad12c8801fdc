/**
 * The life of a PipelineRun, decided anew in every pass from what exists now.
 *
 *   (nothing)  `spec.status: PipelineRunPending` → Unknown/PipelineRunPending, and no startTime. Else → started.
 *   started    startTime is set, the clocks run. The Pipeline is looked up (Unknown/ResolvingPipelineRef), checked,
 *              put into status.pipelineSpec with params and context replaced; the Tasks are looked up
 *              (Unknown/ResolvingTaskRef) and checked. Any problem → False with its reason. Never repeated after the
 *              first child or skip: from then on status.pipelineSpec and the children are all there is.
 *   running    Children are made as their parents end. A failure, a cancelled child, `CancelledRunFinally`,
 *              `StoppedRunFinally` or the tasks timeout keep new tasks from beginning; they are recorded as skipped.
 *   finally    Begins when everything else is over, and sets finallyStartTime.
 *   done       True or False, completionTime, results. Nothing is ever changed again.
 *
 * From anywhere before 'done': `spec.status: Cancelled` and the pipeline timeout cancel all children and go to 'done' at
 * once, without finally. So does a fault that no task can be blamed for (a child's name taken by an object of somebody
 * else, a CEL expression that cannot be evaluated). Objects that do not belong to this run by uid are never read.
 */

import { formatDuration } from '../../lib/duration.js'
import { groupBy } from '../../lib/group-by.js'
import { fromTimestamp, toTimestamp } from '../../lib/time.js'
import type { PipelineRun, PipelineRunStatus, PipelineSpec } from '../../resources/tekton.js'
import { withPause } from '../../run/debug-pause.js'
import { buildGraph } from '../../run/graph.js'
import { isTakenBy } from '../../run/managed-by.js'
import { childNames, fanOut, isSizeKnown, largestFanOut } from '../../run/matrix.js'
import { snapshotPipeline } from '../../run/pipeline-variables.js'
import { type Fault, schedule } from '../../run/schedule.js'
import { defaultTimeoutMs, type Settings } from '../../run/settings.js'
import { deadlinesOf, type Timeouts, timeoutsOf } from '../../run/timeouts.js'
import type { EvaluateCel } from '../../run/when.js'
import { isDone, withSucceeded } from '../../status/conditions.js'
import { provenanceOf } from '../../status/provenance.js'
import { PIPELINE_RUN_REASONS as REASONS, USER_ERROR } from '../../status/reasons.js'
import { SPAN_ANNOTATIONS, spanContextOf } from '../../status/span-context.js'
import { createRequests } from '../create-requests.js'
import type { Decision, PipelineRunWorld } from '../decision.js'
import { refSourceOf } from '../fetched-from.js'
import { type Advance, advancePipelineRun } from './advance-pipeline-run.js'
import { pipelineTaskOf, withOrphans } from './child-references.js'
import { type ChildKind, cancelChildren, childKind } from './children.js'
import { gainedMetadata, PIPELINE_LABEL } from './pipeline-metadata.js'
import { resolvePipeline } from './resolve-pipeline.js'
import { discardClaims } from './run-claims.js'

const NO_CEL: EvaluateCel = () => new Error('CEL in `when` is not available here')

/** Nothing but its arguments counts. Called again on its own outcome it has nothing more to do. */
export function reconcilePipelineRun(
  run: PipelineRun,
  world: PipelineRunWorld,
  evaluateCel: EvaluateCel = NO_CEL,
): Decision<PipelineRunStatus> {
  const { name, namespace } = run.metadata
  if (!isTakenBy(world.settings, run.spec.managedBy) || isDone(run)) return { actions: [], status: run.status ?? {} }
  if (run.spec.status === 'PipelineRunPending' && run.status?.startTime === undefined) {
    const message = `PipelineRun "${name}" is pending`
    const status = unknown(run.status ?? {}, REASONS.PipelineRunPending, message, world.now)
    return { actions: [], status, ...labelledOnly(run) }
  }

  const spanContext = run.status?.spanContext ?? spanContextOf(run.metadata.annotations?.[SPAN_ANNOTATIONS.PipelineRun])
  const started: PipelineRunStatus = {
    ...run.status,
    startTime: startTimeOf(run, world),
    ...(spanContext && { spanContext }),
  }
  if (run.spec.status === 'Cancelled') {
    const end = endNow(run, world, started, {
      reason: REASONS.Cancelled,
      message: `PipelineRun "${name}" was cancelled`,
    })
    return { ...end, ...labelledOnly(run) }
  }
  const resolved = resolvePipeline(run, world)
  const status = {
    ...started,
    ...(resolved.spec && {
      pipelineSpec: resolved.spec,
      ...provenanceOf(started.provenance, world.settings, refSourceOf(world.pipeline)),
    }),
  }
  // Once status.pipelineSpec is stored, this has happened.
  const isNew = run.status?.pipelineSpec === undefined
  const gained = isNew && resolved.spec ? gainedMetadata(run, world.pipeline) : labelledOnly(run)
  if (resolved.is === 'failed') return { ...endNow(run, world, status, resolved), ...gained }

  const timeouts = timeoutsOf(run, defaultTimeoutMs(world.settings))
  const deadlines = deadlinesOf(paused(run, timeouts), started.startTime ?? '', started.finallyStartTime)
  if (resolved.is === 'waiting') {
    const timeout = timeoutOf(name, timeouts)
    if (hasPassed(deadlines.pipeline, world.now))
      return { ...endNow(run, world, status, timeout, 'timedOut'), ...gained }
    const message = `PipelineRun ${namespace}/${name} awaiting remote resource`
    const lookAgainAt = deadlines.pipeline
    const waiting = unknown(status, resolved.reason, message, world.now)
    const actions = createRequests(resolved.requests)
    return { actions, status: waiting, ...gained, ...(lookAgainAt !== undefined && { lookAgainAt }) }
  }

  const built = buildGraph(resolved.spec.tasks ?? [])
  if (built.is === 'problem') {
    const message = `${USER_ERROR}PipelineRun ${namespace}/${name}'s Pipeline DAG is invalid: ${built.message}`
    return endNow(run, world, status, { reason: REASONS.PipelineInvalidGraph, message })
  }
  const passed = {
    pipeline: hasPassed(deadlines.pipeline, world.now),
    tasks: hasPassed(deadlines.tasks, world.now),
    finally: hasPassed(deadlines.finally, world.now),
  }
  const plan = schedule({
    run,
    spec: resolved.spec,
    graph: built.graph,
    children: childrenByTask(world),
    timedOut: passed,
    maxMatrixCombinations: world.settings.maxMatrixCombinations,
    evaluateCel,
  })
  if (plan.is === 'fault') return { ...endNow(run, world, status, plan.fault), ...gained }
  const advance: Advance = { run, world, status, spec: resolved.spec, gained, timeouts, passed, ...plan }
  const outcome = advancePipelineRun(advance)
  switch (outcome.is) {
    case 'decision': {
      const { decision } = outcome
      const last = isDone({ status: decision.status }) ? discardClaims(run, world.settings) : []
      const annotations = { ...decision.annotations, ...gained.annotations }
      return {
        ...decision,
        actions: [...decision.actions, ...last],
        ...gained,
        ...(Object.keys(annotations).length > 0 && { annotations }),
      }
    }
    case 'timeout':
      return { ...endNow(run, world, outcome.status, timeoutOf(name, timeouts), 'timedOut'), ...gained }
    case 'fault':
      return { ...endNow(run, world, status, outcome.fault), ...gained }
    default:
      throw new Error(`unknown outcome ${JSON.stringify(outcome satisfies never)}`)
  }
}

/** Before its pipeline is known, a run says whose it is by what it refers to. */
function labelledOnly(run: PipelineRun): ReturnType<typeof gainedMetadata> {
  return run.metadata.labels?.[PIPELINE_LABEL] === undefined ? gainedMetadata(run, undefined) : {}
}

/** Far above every setting of the limit: a matrix that is larger fails before it has children. */
const MAX_FAN_OUT = 10_000

/**
 * Every name that a child of this run may have. `spec` is `status.pipelineSpec` or, before there is one, the Pipeline as
 * it is stored. While the size of a matrix hangs on results, its children are those that the status lists: they are all
 * made, under derived names, before the status lists them, so one that is not listed is at worst made once more.
 */
export function expectedChildren(
  run: PipelineRun,
  spec: PipelineSpec,
  settings: Settings,
): readonly { readonly kind: ChildKind; readonly name: string; readonly pipelineTaskName: string }[] {
  const snapshot = run.status?.pipelineSpec ? undefined : snapshotPipeline(run, spec, run.metadata.name, settings)
  const known = snapshot?.is === 'snapshot' ? snapshot.spec : spec
  const expected = new Map(
    (run.status?.childReferences ?? []).map(({ kind, name, pipelineTaskName }) => [
      name,
      { kind, name, pipelineTaskName },
    ]),
  )
  for (const task of [...(known.tasks ?? []), ...(known.finally ?? [])]) {
    if (task.matrix && (!isSizeKnown(task.matrix) || largestFanOut(task.matrix) > MAX_FAN_OUT)) continue
    const count = task.matrix ? fanOut(task.matrix).length : 1
    for (const name of childNames(run.metadata.name, task.name, count)) {
      if (!expected.has(name)) expected.set(name, { kind: childKind(task), name, pipelineTaskName: task.name })
    }
  }
  return [...expected.values()]
}

function childrenByTask(world: PipelineRunWorld): ReadonlyMap<string, PipelineRunWorld['children']> {
  return groupBy(world.children, pipelineTaskOf)
}

/** Never later than the first child: a clock that was set back must not make a run younger than its parts. */
function startTimeOf(run: PipelineRun, world: PipelineRunWorld): string {
  if (run.status?.startTime !== undefined) return run.status.startTime
  const made = world.children.map(child => fromTimestamp(child.metadata.creationTimestamp)).filter(Number.isFinite)
  return toTimestamp(made.reduce((first, time) => Math.min(first, time), world.now))
}

function hasPassed(deadline: number | undefined, now: number): boolean {
  return deadline !== undefined && now >= deadline
}

function paused({ metadata }: PipelineRun, { pipeline, tasks, finally: last }: Timeouts): Timeouts {
  return {
    pipeline: withPause(metadata, pipeline),
    tasks: withPause(metadata, tasks),
    finally: withPause(metadata, last),
  }
}

function timeoutOf(name: string, { pipeline = 0 }: Timeouts): Fault {
  const message = `PipelineRun "${name}" failed to finish within "${formatDuration(pipeline)}"`
  return { reason: REASONS.PipelineRunTimeout, message }
}

function unknown(status: PipelineRunStatus, reason: string, message: string, now: number): PipelineRunStatus {
  return { ...status, conditions: withSucceeded(status.conditions, 'Unknown', reason, message, now) }
}

/** Cancels what runs and does not wait for it. */
export function endNow(
  run: PipelineRun,
  world: PipelineRunWorld,
  status: PipelineRunStatus,
  { reason, message }: Fault,
  why: 'cancelled' | 'timedOut' = 'cancelled',
): Decision<PipelineRunStatus> {
  const references = withOrphans({ ...run, status }, world.children)
  return {
    actions: [...cancelChildren(world.children, why), ...discardClaims(run, world.settings)],
    status: {
      ...status,
      ...(references.length > 0 && { childReferences: references }),
      completionTime: toTimestamp(world.now),
      conditions: withSucceeded(status.conditions, 'False', reason, message, world.now),
    },
  }
}

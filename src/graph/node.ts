/** How far one pipeline task has come, read from its children. */
import type { PipelineTask, SkippedTask, TaskRun } from '../resources/tekton.js'
import { inheritedFrom } from '../run/inherited.js'
import { type Child, phaseOfChildren } from '../run/pipeline-task-state.js'
import { isCustomTask } from '../run/result-references.js'
import { isDone, succeededCondition } from '../status/conditions.js'
import type { GraphNode, NodeStatus } from './graph.js'

export type NodeState = Omit<
  GraphNode,
  'id' | 'name' | 'displayName' | 'kind' | 'isFinally' | 'onCriticalPath' | 'group'
>

export function kindOf(task: PipelineTask, isFinally: boolean): GraphNode['kind'] {
  if (task.matrix) return 'matrix'
  if (task.pipelineRef || task.pipelineSpec) return 'pipeline'
  if (isCustomTask(task)) return 'custom'
  return isFinally ? 'finally' : 'task'
}

/** Of a task without children. */
export function withoutChildren(skipped: SkippedTask | undefined, isRunDone: boolean): NodeState {
  const nothing = { retries: 0, taskRuns: [] }
  if (skipped) return { ...nothing, status: 'skipped', skippedReason: skipped.reason }
  if (isRunDone) return { ...nothing, status: 'skipped', skippedReason: 'the run ended before it began' }
  return { ...nothing, status: 'pending' }
}

/** `expected` is how many children there will be, where that is known. */
export function withChildren(task: PipelineTask, children: readonly Child[], expected: number | undefined): NodeState {
  const done = children.filter(isDone)
  const total = Math.max(expected ?? 0, children.length)
  const status = done.length === children.length && done.length < total ? 'running' : statusOf(children)
  const decisive = decisiveOf(children, status)
  const condition = decisive && succeededCondition(decisive)
  const started = extreme(children.map(startOf), (a, b) => a < b)
  const completed =
    done.length === total
      ? extreme(
          children.map(child => child.status?.completionTime),
          (a, b) => a > b,
        )
      : undefined
  const inherited = children.map(inheritedFrom)
  const failed = done.filter(child => succeededCondition(child)?.status === 'False').length
  return {
    status,
    ...(condition?.reason && { reason: condition.reason }),
    ...(condition?.message && { message: condition.message }),
    ...(started !== undefined && { startedAt: started }),
    ...(completed !== undefined && { completedAt: completed }),
    retries: children.reduce((count, child) => count + retriesOf(child), 0),
    ...(status === 'failed' && task.onError === 'continue' && { isFailureAllowed: true as const }),
    ...(task.matrix && { matrix: { total, done: done.length, failed } }),
    taskRuns: children.map(child => child.metadata.name),
    ...(inherited[0] !== undefined && inherited.every(one => one !== undefined) && { inheritedFrom: inherited[0] }),
  }
}

/** Begun, but nothing runs: it waits for a node, an image, a quota, a definition. */
const NOT_RUNNING: ReadonlySet<string | undefined> = new Set([
  undefined,
  'Started',
  'Pending',
  'TaskRunPending',
  'PipelineRunPending',
  'PullImageFailed',
  'ExceededResourceQuota',
  'ExceededNodeResources',
  'ResolvingTaskRef',
  'ResolvingStepActionRef',
  'ResolvingPipelineRef',
])

function statusOf(children: readonly Child[]): NodeStatus {
  const { is } = phaseOfChildren(children)
  if (is === 'running') {
    const waits = children.every(child => !isDone(child) && NOT_RUNNING.has(succeededCondition(child)?.reason))
    return waits ? 'pending' : 'running'
  }
  if (is === 'succeeded' || is === 'cancelled') return is
  return 'failed'
}

/** The child whose condition says why the task is what it is. */
function decisiveOf(children: readonly Child[], status: NodeStatus): Child | undefined {
  const wanted = status === 'failed' || status === 'cancelled' ? 'False' : status === 'succeeded' ? 'True' : 'Unknown'
  return children.find(child => (succeededCondition(child)?.status ?? 'Unknown') === wanted) ?? children[0]
}

/** A TaskRun that is tried again has the start of its present attempt in the status. */
function startOf(child: Child): string | undefined {
  const first = (child as TaskRun).status?.retriesStatus?.[0]?.startTime
  return first ?? child.status?.startTime
}

function retriesOf(child: Child): number {
  return child.kind === 'TaskRun' ? ((child as TaskRun).status?.retriesStatus ?? []).length : 0
}

/** RFC 3339 in UTC with whole seconds sorts as text. */
function extreme(
  times: readonly (string | undefined)[],
  isMore: (a: string, b: string) => boolean,
): string | undefined {
  return times.reduce(
    (best, time) => (time !== undefined && (best === undefined || isMore(time, best)) ? time : best),
    undefined,
  )
}

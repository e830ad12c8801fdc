/** From a run and its children, or from a pipeline alone, to what is drawn. */
import { groupBy } from '../lib/group-by.js'
import type { CustomRun, PipelineRun, PipelineSpec, PipelineTask, TaskRun } from '../resources/tekton.js'
import { fanOut, isSizeKnown, largestFanOut } from '../run/matrix.js'
import type { Child } from '../run/pipeline-task-state.js'
import { isDone } from '../status/conditions.js'
import { criticalPath } from './critical-path.js'
import { type Edges, edgesOf } from './edges.js'
import type { GraphNode, RunGraph } from './graph.js'
import { kindOf, type NodeState, withChildren, withoutChildren } from './node.js'

export interface RunObjects {
  readonly run: PipelineRun
  readonly taskRuns: readonly TaskRun[]
  readonly customRuns?: readonly CustomRun[]
  /** Of nested pipelines. */
  readonly children?: readonly RunObjects[]
}

/** A fan-out above this is not counted beforehand. */
const MAX_COUNTED = 10_000

/**
 * Only objects that the run lists, or that bear its uid, are its children; others that are handed in are passed over.
 * A run whose pipeline is not known yet has no nodes. Linear in tasks and edges but for leaving out what follows from the
 * rest: a thousand tasks take milliseconds.
 */
export function runGraph(objects: RunObjects, prefix = ''): RunGraph {
  const { run } = objects
  const spec = run.status?.pipelineSpec ?? run.spec.pipelineSpec
  if (spec === undefined) return { nodes: [], edges: [], criticalPath: [] }
  const children = childrenByTask(objects)
  const skipped = new Map((run.status?.skippedTasks ?? []).map(one => [one.name, one]))
  const nested = new Map((objects.children ?? []).map(one => [one.run.metadata.name, one]))
  const stateOf = (task: PipelineTask): NodeState => {
    const own = children.get(task.name) ?? []
    if (own.length === 0) return withoutChildren(skipped.get(task.name), isDone(run))
    return withChildren(task, own, task.matrix && !isDone(run) ? sizeOf(task.matrix) : undefined)
  }
  const groupOf = (task: PipelineTask): RunGraph | undefined => {
    const inner = (children.get(task.name) ?? []).flatMap(child => nested.get(child.metadata.name) ?? [])
    const [first] = inner
    // Of a matrix of pipelines each is a run of its own: no one of them stands for all.
    if (inner.length === 1 && first) return runGraph(first, `${prefix}${task.name}/`)
    return groupOfSpec(task, prefix)
  }
  return assemble(spec, prefix, stateOf, groupOf)
}

/** Nothing of it has begun. A nested pipeline that is only named has no group. */
export function pipelineGraph(spec: PipelineSpec, prefix = ''): RunGraph {
  return assemble(
    spec,
    prefix,
    () => withoutChildren(undefined, false),
    task => groupOfSpec(task, prefix),
  )
}

function groupOfSpec(task: PipelineTask, prefix: string): RunGraph | undefined {
  return task.pipelineSpec && pipelineGraph(task.pipelineSpec, `${prefix}${task.name}/`)
}

function assemble(
  spec: PipelineSpec,
  prefix: string,
  stateOf: (task: PipelineTask) => NodeState,
  groupOf: (task: PipelineTask) => RunGraph | undefined,
): RunGraph {
  const nodeOf = (task: PipelineTask, isFinally: boolean): GraphNode => {
    const group = groupOf(task)
    return {
      id: prefix + task.name,
      name: task.name,
      ...(task.displayName && { displayName: task.displayName }),
      kind: kindOf(task, isFinally),
      ...stateOf(task),
      isFinally,
      onCriticalPath: false,
      ...(group && { group }),
    }
  }
  const nodes = [
    ...(spec.tasks ?? []).map(task => nodeOf(task, false)),
    ...(spec.finally ?? []).map(task => nodeOf(task, true)),
  ]
  const edges = edgesOf(spec, prefix)
  if (edges.is === 'problem') return { nodes, edges: [], criticalPath: [], problem: edges.message }
  return withCriticalPath(nodes, edges, prefix)
}

function withCriticalPath(nodes: readonly GraphNode[], edges: Edges & { is: 'edges' }, prefix: string): RunGraph {
  const byName = new Map(nodes.map(node => [node.name, node]))
  const path = criticalPath(byName, edges.parents)
  const decisive = new Set(path)
  return {
    nodes: nodes.map(node => (decisive.has(node.name) ? { ...node, onCriticalPath: true } : node)),
    edges: edges.edges,
    criticalPath: path.map(name => prefix + name),
  }
}

function childrenByTask({
  run,
  taskRuns,
  customRuns = [],
  children = [],
}: RunObjects): ReadonlyMap<string, readonly Child[]> {
  const place = new Map(
    (run.status?.childReferences ?? []).map((reference, index) => [reference.name, { reference, index }]),
  )
  const all: readonly Child[] = [...taskRuns, ...customRuns, ...children.map(one => one.run)]
  const ours = all.filter(
    ({ metadata }) => place.has(metadata.name) || metadata.labels?.['tekton.dev/pipelineRunUID'] === run.metadata.uid,
  )
  const placeOf = ({ metadata }: Child) => place.get(metadata.name)?.index ?? Number.POSITIVE_INFINITY
  const sorted = [...ours].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : placeOf(a) > placeOf(b) ? 1 : 0))
  return groupBy(
    sorted,
    child =>
      place.get(child.metadata.name)?.reference.pipelineTaskName ??
      child.metadata.labels?.['tekton.dev/pipelineTask'] ??
      '',
  )
}

/** Undefined while it hangs on results. */
function sizeOf(matrix: NonNullable<PipelineTask['matrix']>): number | undefined {
  return isSizeKnown(matrix) && largestFanOut(matrix) <= MAX_COUNTED ? fanOut(matrix).length : undefined
}

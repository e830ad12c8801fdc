/** The order of a pipeline's tasks: who waits for whom, and what is wrong with that. As pkg/reconciler/pipeline/dag. */
import type { PipelineTask } from '../resources/tekton.js'
import { linkingReferences } from './result-references.js'

export interface Graph {
  /** Task names, parents before children, otherwise as in the spec. */
  readonly order: readonly string[]
  /** By task name; each parent once, in order of mention. */
  readonly parents: ReadonlyMap<string, readonly string[]>
}

export type BuiltGraph =
  | { readonly is: 'graph'; readonly graph: Graph }
  /** Tekton's message. */
  | { readonly is: 'problem'; readonly message: string }

/** By the tasks it was built from, which never change: a run is looked at many times, and its pipeline stays the same. */
const built = new WeakMap<readonly PipelineTask[], BuiltGraph>()

/** Edges are `runAfter` and result references. Linear in the number of tasks and edges. */
export function buildGraph(tasks: readonly PipelineTask[]): BuiltGraph {
  const known = built.get(tasks)
  if (known) return known
  const graph = build(tasks)
  built.set(tasks, graph)
  return graph
}

function build(tasks: readonly PipelineTask[]): BuiltGraph {
  const parents = new Map<string, readonly string[]>()
  for (const task of tasks) {
    // A missing name arrives here as undefined, whatever the type says.
    const name = task.name ?? ''
    if (parents.has(name)) {
      return problem(`task ${name} is already present in Graph, can't add it again: duplicate pipeline task`)
    }
    parents.set(name, parentsOf(task))
  }
  for (const [task, before] of parents) {
    const unknown = before.find(parent => !parents.has(parent))
    if (unknown !== undefined) {
      return problem(
        `couldn't add link between ${task} and ${unknown}: task ${task} depends on ${unknown} but ${unknown} wasn't present in Pipeline`,
      )
    }
  }
  const order = sorted(parents)
  return order.length === parents.size ? { is: 'graph', graph: { order, parents } } : problem(cycle(parents, order))
}

/** Tasks that are not done and whose parents all are. Those that run already are among them. */
export function readyTasks(graph: Graph, done: ReadonlySet<string>): readonly string[] {
  return graph.order.filter(
    task => !done.has(task) && (graph.parents.get(task) ?? []).every(parent => done.has(parent)),
  )
}

function parentsOf(task: PipelineTask): readonly string[] {
  return [...new Set([...(task.runAfter ?? []), ...linkingReferences(task).map(reference => reference.task)])]
}

/** Leaves out every task that is in a cycle or behind one. */
function sorted(parents: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const children = new Map<string, string[]>()
  const waitingFor = new Map<string, number>()
  for (const [task, before] of parents) {
    waitingFor.set(task, before.length)
    for (const parent of before) {
      const siblings = children.get(parent)
      if (siblings) siblings.push(task)
      else children.set(parent, [task])
    }
  }
  const order = [...parents.keys()].filter(task => waitingFor.get(task) === 0)
  // Grows while it is walked: a task is added when its last parent is passed.
  for (const task of order) {
    for (const child of children.get(task) ?? []) {
      const left = (waitingFor.get(child) ?? 0) - 1
      waitingFor.set(child, left)
      if (left === 0) order.push(child)
    }
  }
  return order
}

/** Names the alphabetically first task that is left, as Tekton does, so that the message is always the same one. */
function cycle(parents: ReadonlyMap<string, readonly string[]>, order: readonly string[]): string {
  const passed = new Set(order)
  const left = [...parents.keys()].filter(task => !passed.has(task)).sort()
  const first = left[0] ?? ''
  const waits = (parents.get(first) ?? []).filter(parent => !passed.has(parent)).sort()
  return `cycle detected; task "${first}" depends on ${waits.map(parent => `"${parent}"`).join(', ')}`
}

function problem(message: string): BuiltGraph {
  return { is: 'problem', message }
}

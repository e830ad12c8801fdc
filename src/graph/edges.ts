/** Who waits for whom, without what follows from the rest: where a → b → c, a → c adds nothing. */
import type { PipelineSpec, PipelineTask } from '../resources/tekton.js'
import { buildGraph, type Graph } from '../run/graph.js'
import { linkingReferences } from '../run/result-references.js'
import type { GraphEdge } from './graph.js'

export type Edges =
  | {
      readonly is: 'edges'
      readonly edges: readonly GraphEdge[]
      /** By task name, tasks and finally: all that a task waits for, also what is left out of the edges. */
      readonly parents: ReadonlyMap<string, readonly string[]>
      /** Parents before children; finally tasks last. */
      readonly order: readonly string[]
    }
  | { readonly is: 'problem'; readonly message: string }

const NO_TASKS: readonly PipelineTask[] = []

/** `prefix` goes before every id. */
export function edgesOf(spec: PipelineSpec, prefix = ''): Edges {
  const tasks = spec.tasks ?? NO_TASKS
  const built = buildGraph(tasks)
  if (built.is === 'problem') return built
  const { graph } = built
  const byName = new Map(tasks.map(task => [task.name, task]))
  const edges: GraphEdge[] = []
  for (const [to, from] of withoutDetours(graph)) {
    const task = byName.get(to)
    const producers = new Set(task && linkingReferences(task).map(reference => reference.task))
    for (const one of from) {
      edges.push({ from: prefix + one, to: prefix + to, why: producers.has(one) ? 'result' : 'runAfter' })
    }
  }
  const waitedFor = new Set([...graph.parents.values()].flat())
  const last = [...graph.parents.keys()].filter(name => !waitedFor.has(name))
  const finals = (spec.finally ?? NO_TASKS).map(task => task.name)
  for (const to of finals) {
    for (const from of last) edges.push({ from: prefix + from, to: prefix + to, why: 'finally' })
  }
  const parents = new Map([...graph.parents, ...finals.map(name => [name, graph.order] as const)])
  return { is: 'edges', edges, parents, order: [...graph.order, ...finals] }
}

/** In the order of the spec. Ancestors are kept as bits, so a thousand tasks are as nothing. */
function withoutDetours({ order, parents }: Graph): readonly (readonly [string, readonly string[]])[] {
  const place = new Map(order.map((name, index) => [name, index]))
  const words = Math.ceil(order.length / 32)
  const ancestors = order.map(() => new Uint32Array(words))
  const kept = new Map<string, readonly string[]>()
  for (const [index, name] of order.entries()) {
    const own = parents.get(name) ?? []
    const behind = new Uint32Array(words)
    for (const parent of own) add(behind, ancestors[place.get(parent) ?? 0])
    kept.set(
      name,
      own.filter(parent => !has(behind, place.get(parent) ?? 0)),
    )
    for (const parent of own) set(behind, place.get(parent) ?? 0)
    ancestors[index] = behind
  }
  return [...parents.keys()].map(name => [name, kept.get(name) ?? []])
}

function add(to: Uint32Array, from: Uint32Array | undefined): void {
  for (let index = 0; index < to.length; index++) to[index] = (to[index] ?? 0) | (from?.[index] ?? 0)
}

function set(bits: Uint32Array, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31))
}

function has(bits: Uint32Array, index: number): boolean {
  return ((bits[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0
}

/** Where each node of a graph is drawn. Pure. */
import { layout as dagre, Graph } from '@dagrejs/dagre'
import type { GraphEdge, GraphNode, RunGraph } from '../../../../../src/graph/graph.js'
import { GROUP, NODE, RANK_GAP } from './sizes.js'

export type Direction = 'LR' | 'TB'

export interface PlacedNode {
  readonly node: GraphNode
  /** Of the upper left corner, inside `parent` when there is one. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Id of the nested pipeline's node. */
  readonly parent?: string
}

export interface Layout {
  readonly width: number
  readonly height: number
  /** A nested pipeline before what is in it. */
  readonly nodes: readonly PlacedNode[]
  readonly edges: readonly GraphEdge[]
}

/** Each nested pipeline is laid out by itself, and takes the room of what is in it. */
export function layout({ nodes, edges }: RunGraph, direction: Direction): Layout {
  const inner = new Map(nodes.flatMap(({ id, group }) => (group ? [[id, layout(group, direction)] as const] : [])))
  const graph = new Graph()
  graph.setGraph({ rankdir: direction, nodesep: NODE.gap, ranksep: RANK_GAP, marginx: 0, marginy: 0 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of nodes) graph.setNode(keyOf(id), sizeOf(inner.get(id)))
  // Tasks stand close behind what they wait for; `finally` stands wherever the last of them leaves it.
  for (const { from, to, why } of edges)
    graph.setEdge(keyOf(from), keyOf(to), { weight: why === 'finally' ? 0 : 1, minlen: 1 })
  dagre(graph)
  const placed = nodes.flatMap(node => {
    const at = graph.node(keyOf(node.id)) as { x: number; y: number; width: number; height: number }
    const { x, y, width, height } = at
    const own: PlacedNode = { node, x: x - width / 2, y: y - height / 2, width, height }
    const within = (inner.get(node.id)?.nodes ?? []).map(child =>
      child.parent === undefined
        ? { ...child, x: child.x + GROUP.padding, y: child.y + GROUP.head, parent: node.id }
        : child,
    )
    return [own, ...within]
  })
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return { width, height, nodes: placed, edges: [...edges, ...[...inner.values()].flatMap(each => each.edges)] }
}

/** dagre keeps nodes as keys of plain objects, which have a `constructor` already; a task may be called that. */
function keyOf(id: string): string {
  return `node ${id}`
}

function sizeOf(inner: Layout | undefined): { readonly width: number; readonly height: number } {
  if (inner === undefined) return { width: NODE.width, height: NODE.height }
  return { width: inner.width + 2 * GROUP.padding, height: inner.height + GROUP.head + GROUP.padding }
}

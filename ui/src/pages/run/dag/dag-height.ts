/** How high the graph's place is, before the graph is laid out: nothing below it moves when it comes. Pure. */
import type { RunGraph } from '../../../../../src/graph/graph.js'
import { GROUP, NODE, RANK_GAP } from './sizes.js'

const LEAST = 104
const MOST = 420
const AROUND = 48

/** @param width pixels that it has. Pixels. */
export function dagHeight(graph: RunGraph, width: number): number {
  const size = sizeOf(graph)
  const zoom = Math.max(0.5, Math.min(1, (width - AROUND) / size.width))
  return Math.round(Math.max(LEAST, Math.min(MOST, size.height * zoom + AROUND)))
}

/** About what the layout will come to: columns beside each other, each as high as what stands in it. */
function sizeOf(graph: RunGraph): { readonly width: number; readonly height: number } {
  const depths = depthsOf(graph)
  const columns = new Map<number, { width: number; height: number }>()
  for (const node of graph.nodes) {
    const inner = node.group && sizeOf(node.group)
    const own = inner
      ? { width: inner.width + 2 * GROUP.padding, height: inner.height + GROUP.head + GROUP.padding }
      : NODE
    const depth = depths.get(node.id) ?? 0
    const column = columns.get(depth) ?? { width: 0, height: -NODE.gap }
    columns.set(depth, {
      width: Math.max(column.width, own.width),
      height: column.height + own.height + NODE.gap,
    })
  }
  const all = [...columns.values()]
  return {
    width: all.reduce((sum, { width }) => sum + width + RANK_GAP, -RANK_GAP),
    height: Math.max(NODE.height, ...all.map(({ height }) => height)),
  }
}

function depthsOf({ nodes, edges }: RunGraph): ReadonlyMap<string, number> {
  const depths = new Map<string, number>()
  const before = new Map(nodes.map(({ id }) => [id, edges.filter(({ to }) => to === id).map(({ from }) => from)]))
  function depthOf(id: string): number {
    const known = depths.get(id)
    if (known !== undefined) return known
    // In case of a cycle, which has no depth.
    depths.set(id, 0)
    const depth = Math.max(-1, ...(before.get(id) ?? []).map(depthOf)) + 1
    depths.set(id, depth)
    return depth
  }
  for (const { id } of nodes) depthOf(id)
  return depths
}

import { expect, test } from 'vitest'
import type { GraphNode } from '../../src/graph/graph.js'
import { layout } from '../../ui/src/pages/run/dag/layout.js'

test.each(['constructor', 'toString', '__proto__'])('a task may be called %s', id => {
  const nodes = [node('first'), node(id)]
  const { nodes: placed } = layout(
    { nodes, edges: [{ from: 'first', to: id, why: 'runAfter' }], criticalPath: [] },
    'LR',
  )
  expect(placed.map(({ node, y }) => [node.id, y])).toEqual([
    ['first', 0],
    [id, 0],
  ])
  expect(placed[1]?.x).toBeGreaterThan(placed[0]?.width ?? 0)
})

function node(id: string): GraphNode {
  return {
    id,
    name: id,
    kind: 'task',
    isFinally: false,
    status: 'pending',
    retries: 0,
    taskRuns: [],
    onCriticalPath: false,
  }
}

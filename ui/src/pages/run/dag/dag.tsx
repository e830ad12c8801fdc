/** The graph of a run, drawn live. Tasks can be reached by Tab and chosen with Enter; the tree beside says the same. */
import {
  Background,
  BackgroundVariant,
  type BuiltInEdge,
  type Node,
  ReactFlow,
  ReactFlowProvider,
  useNodesInitialized,
  useReactFlow,
} from '@xyflow/react'
import { useEffect, useMemo } from 'react'
import type { GraphNode, RunGraph } from '../../../../../src/graph/graph.js'
import { Icon } from '../../../components/icons.js'
import { statusWord } from '../../../components/status.js'
import { durationText } from '../../../components/time.js'
import { nodeNote } from '../node-note.js'
import { type DagNodeData, GroupNode, TaskNode } from './dag-node.js'
import { type Direction, layout } from './layout.js'
import { RANK_GAP } from './sizes.js'
import '@xyflow/react/dist/base.css'
import './dag.css'

const NODE_TYPES = { task: TaskNode, nested: GroupNode }
const FIT = { padding: '16px', maxZoom: 1, minZoom: 0.5 } as const

export interface DagProps {
  readonly graph: RunGraph
  /** Id of the chosen node. */
  readonly selected: string
  readonly onSelect?: (id: string) => void
  readonly direction: Direction
  /** Of a pipeline, of which nothing runs: without statuses. */
  readonly isPlan?: boolean
}

export function Dag(props: DagProps) {
  return (
    <ReactFlowProvider>
      <Drawn {...props} />
    </ReactFlowProvider>
  )
}

function Drawn({ graph, selected, onSelect, direction, isPlan = false }: DagProps) {
  // Where things are changes with what there is, not with how it fares.
  const shape = useMemo(() => shapeOf(graph), [graph])
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` is of the graph
  const places = useMemo(() => layout(graph, direction), [shape, direction])
  const current = useMemo(() => byId(graph), [graph])
  const nodes = useMemo(
    () =>
      places.nodes.map(({ node: { id }, x, y, width, height, parent }): Node<DagNodeData> => {
        const node = current.get(id)!
        return {
          id,
          type: node.group === undefined ? 'task' : 'nested',
          position: { x, y },
          width,
          height,
          data: { node, direction, isPlan },
          selected: id === selected,
          ariaLabel: spoken(node, isPlan),
          ...(parent !== undefined && { parentId: parent }),
        }
      }),
    [places, current, selected, direction, isPlan],
  )
  const edges = useMemo(
    () =>
      places.edges.map(({ from, to, why }): BuiltInEdge => {
        const isCritical = (current.get(from)?.onCriticalPath && current.get(to)?.onCriticalPath) ?? false
        const words = [
          why === 'finally' && 'finally',
          isCritical && 'critical',
          current.get(to)?.status === 'skipped' && 'skipped',
        ]
        return {
          id: `${from}>${to}`,
          source: from,
          target: to,
          type: 'smoothstep',
          // Nearer than half the way to the next rank, or it bends back.
          pathOptions: { offset: RANK_GAP / 2 - 4, borderRadius: 8 },
          className: words.filter(Boolean).join(' '),
          focusable: false,
          zIndex: isCritical ? 1 : 0,
        }
      }),
    [places, current],
  )
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      onNodeClick={(_, { id }) => onSelect?.(id)}
      onNodesChange={changes => {
        // By keys: Enter chooses what has the focus.
        const chosen = changes.find(change => change.type === 'select' && change.selected)
        if (chosen?.type === 'select' && chosen.id !== selected) onSelect?.(chosen.id)
      }}
      nodesDraggable={false}
      nodesConnectable={false}
      edgesFocusable={false}
      deleteKeyCode={null}
      multiSelectionKeyCode={null}
      selectionKeyCode={null}
      zoomOnScroll={false}
      zoomOnDoubleClick={false}
      preventScrolling={false}
      // On a phone a finger scrolls the page.
      panOnDrag={direction === 'LR'}
      minZoom={0.2}
      maxZoom={1.5}
      fitView
      fitViewOptions={FIT}
      proOptions={{ hideAttribution: true }}
      aria-label={`Graph of ${nodes.length} tasks`}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
      <Fitted shape={shape} direction={direction} />
      {graph.criticalPath.length > 1 && (
        <p className="dag-legend" title="The chain of tasks that decides how long the run takes">
          <span aria-hidden="true" />
          critical path
        </p>
      )}
      <Controls />
    </ReactFlow>
  )
}

/** All of it is in sight when it is drawn first, and when there is more or less of it. */
function Fitted({ shape, direction }: { readonly shape: string; readonly direction: Direction }) {
  const { fitView } = useReactFlow()
  const isMeasured = useNodesInitialized()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another shape, another fit
  useEffect(() => {
    if (isMeasured) void fitView(FIT)
  }, [isMeasured, shape, direction])
  return null
}

function Controls() {
  const { fitView, zoomIn, zoomOut } = useReactFlow()
  return (
    <div className="dag-controls">
      <button
        type="button"
        className="button quiet small square"
        onClick={() => void zoomOut()}
        aria-label="Smaller"
        title="Smaller"
      >
        <Icon name="minus" size={14} />
      </button>
      <button
        type="button"
        className="button quiet small square"
        onClick={() => void zoomIn()}
        aria-label="Larger"
        title="Larger"
      >
        <Icon name="plus" size={14} />
      </button>
      <button
        type="button"
        className="button quiet small square"
        onClick={() => void fitView(FIT)}
        aria-label="All of it"
        title="All of it"
      >
        <Icon name="fit" size={14} />
      </button>
    </div>
  )
}

function shapeOf({ nodes, edges }: RunGraph): string {
  return JSON.stringify([nodes.map(({ id, group }) => [id, group && shapeOf(group)]), edges])
}

function byId(graph: RunGraph, into = new Map<string, GraphNode>()): ReadonlyMap<string, GraphNode> {
  for (const node of graph.nodes) {
    into.set(node.id, node)
    if (node.group !== undefined) byId(node.group, into)
  }
  return into
}

/** What a screen reader says of it. */
function spoken(node: GraphNode, isPlan: boolean): string {
  const { name, displayName, status, startedAt, completedAt, onCriticalPath, isFinally } = node
  const took = startedAt && completedAt && durationText(Date.parse(completedAt) - Date.parse(startedAt))
  const words = [
    displayName ?? name,
    !isPlan && statusWord(status),
    took,
    nodeNote(node),
    isFinally && 'finally',
    onCriticalPath && 'on the critical path',
  ]
  return words.filter(Boolean).join(', ')
}

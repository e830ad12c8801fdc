/** One task as it is drawn. */
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import type { GraphNode } from '../../../../../src/graph/graph.js'
import { StatusIcon } from '../../../components/status.js'
import { Duration } from '../../../components/time.js'
import { nodeNote } from '../node-note.js'
import type { Direction } from './layout.js'

export type DagNodeData = { readonly node: GraphNode; readonly direction: Direction; readonly isPlan: boolean }
type Drawn = NodeProps<Node<DagNodeData>>

export function TaskNode({ data: { node, direction, isPlan }, selected }: Drawn) {
  const note = nodeNote(node)
  return (
    <div className={classOf('dag-node', node, selected)} data-status={isPlan ? undefined : node.status}>
      <Ends direction={direction} />
      {!isPlan && <StatusIcon status={node.status} />}
      <span className="dag-words">
        <span className="dag-name">
          <span className="one-line">{node.displayName ?? node.name}</span>
          {node.isFinally && <span className="dag-finally">finally</span>}
        </span>
        <span className="dag-note one-line">
          {node.startedAt !== undefined && <Duration from={node.startedAt} to={node.completedAt} />}
          {node.startedAt !== undefined && note !== '' && ' · '}
          {note}
          {node.startedAt === undefined && note === '' && (isPlan ? KINDS[node.kind] : waiting(node))}
        </span>
      </span>
      {node.matrix !== undefined && <span className="dag-stack" aria-hidden="true" />}
    </div>
  )
}

export function GroupNode({ data: { node, direction, isPlan }, selected }: Drawn) {
  return (
    <div className={classOf('dag-group', node, selected)} data-status={isPlan ? undefined : node.status}>
      <Ends direction={direction} />
      <div className="dag-group-head">
        {!isPlan && <StatusIcon status={node.status} size={14} />}
        <span className="one-line">{node.displayName ?? node.name}</span>
        <span className="dag-note">
          {node.startedAt !== undefined && <Duration from={node.startedAt} to={node.completedAt} />}
        </span>
      </div>
    </div>
  )
}

const KINDS: Readonly<Record<GraphNode['kind'], string>> = {
  task: 'task',
  finally: 'task',
  matrix: 'matrix',
  pipeline: 'pipeline',
  custom: 'custom task',
}

function waiting({ status }: GraphNode): string {
  return status === 'pending' ? 'waiting' : status
}

/** Where edges end; nobody draws new ones. */
function Ends({ direction }: { readonly direction: Direction }) {
  const [before, after] = direction === 'LR' ? [Position.Left, Position.Right] : [Position.Top, Position.Bottom]
  return (
    <>
      <Handle type="target" position={before} isConnectable={false} />
      <Handle type="source" position={after} isConnectable={false} />
    </>
  )
}

function classOf(base: string, { onCriticalPath, kind }: GraphNode, selected: boolean): string {
  return [base, onCriticalPath && 'critical', kind === 'matrix' && 'matrix', selected && 'selected']
    .filter(Boolean)
    .join(' ')
}

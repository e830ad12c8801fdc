/** The tasks of a run and their steps: the same as the graph, for keys, for screen readers, and for phones. */
import { Link } from 'wouter'
import type { GraphNode, RunGraph } from '../../../../src/graph/graph.js'
import type { TaskRun } from '../../../../src/resources/tekton.js'
import { StatusIcon, statusWord } from '../../components/status.js'
import { Duration } from '../../components/time.js'
import { nodeNote } from './node-note.js'
import { summaryOf } from './run-status.js'
import type { Selection } from './selection.js'
import { stepsOf } from './step-status.js'
import type { LoadedRun } from './use-run.js'

interface Shown {
  readonly loaded: LoadedRun
  readonly selected: Selection
  readonly hrefOf: (change: Partial<Selection>) => string
}

export function Tree(shown: Shown) {
  const { loaded, selected, hrefOf } = shown
  const { run, graph } = loaded
  return (
    <nav className="card tree" aria-label="Tasks">
      <ul>
        {run.kind === 'PipelineRun' && (
          <li>
            <Link
              className="tree-row whole"
              href={hrefOf({ task: '', tab: selected.tab === 'log' ? 'values' : selected.tab })}
              aria-current={selected.task === ''}
              data-row
            >
              <StatusIcon status={summaryOf(run).status} />
              <span className="one-line">Whole run</span>
            </Link>
          </li>
        )}
        <Nodes graph={graph} depth={0} {...shown} />
      </ul>
    </nav>
  )
}

function Nodes({ graph, depth, ...shown }: Shown & { readonly graph: RunGraph; readonly depth: number }) {
  const firstFinally = graph.nodes.find(({ isFinally }) => isFinally)
  return graph.nodes.map(node => (
    <li key={node.id} className={node === firstFinally ? 'first-finally' : ''}>
      <NodeRow node={node} depth={depth} {...shown} />
      {node.group !== undefined && (
        <ul>
          <Nodes graph={node.group} depth={depth + 1} {...shown} />
        </ul>
      )}
    </li>
  ))
}

function NodeRow({ node, depth, ...shown }: Shown & { readonly node: GraphNode; readonly depth: number }) {
  const { selected, hrefOf } = shown
  const isSelected = selected.task === node.id
  const isOne = node.taskRuns.length === 1
  const note = nodeNote(node)
  return (
    <>
      <Link
        className="tree-row"
        style={{ paddingLeft: 12 + depth * 16 }}
        href={hrefOf({ task: node.id, tab: 'log' })}
        aria-current={isSelected && (isOne ? selected.step === '' : selected.taskRun === '')}
        data-row
      >
        <StatusIcon status={node.status} />
        <span className="one-line">
          {node.displayName ?? node.name}
          <span className="unseen">, {statusWord(node.status)}</span>
        </span>
        {note !== '' && <span className="small faint one-line">{note}</span>}
        <span className="tree-time small soft">
          {node.startedAt !== undefined && <Duration from={node.startedAt} to={node.completedAt} />}
        </span>
      </Link>
      {isSelected && isOne && <Steps name={node.taskRuns[0] ?? ''} depth={depth} {...shown} />}
      {isSelected && node.kind === 'matrix' && <Combinations node={node} depth={depth} {...shown} />}
    </>
  )
}

function Combinations({ node, depth, ...shown }: Shown & { readonly node: GraphNode; readonly depth: number }) {
  const { loaded, selected, hrefOf } = shown
  const all = loaded.taskRuns.filter(({ metadata }) => node.taskRuns.includes(metadata.name))
  return (
    <ul>
      {node.taskRuns.map(name => {
        const taskRun = loaded.taskRuns.find(({ metadata }) => metadata.name === name)
        return (
          <li key={name}>
            <Link
              className="tree-row step"
              style={{ paddingLeft: 36 + depth * 16 }}
              href={hrefOf({ taskRun: name })}
              aria-current={selected.taskRun === name && selected.step === ''}
              data-row
            >
              {taskRun !== undefined && <StatusIcon status={summaryOf(taskRun).status} size={14} />}
              <span className="one-line mono" title={name}>
                {(taskRun && combinationOf(taskRun, all)) || name}
              </span>
              <span className="tree-time small soft">
                {taskRun?.status?.startTime !== undefined && (
                  <Duration from={taskRun.status.startTime} to={taskRun.status.completionTime} />
                )}
              </span>
            </Link>
            {selected.taskRun === name && <Steps name={name} depth={depth + 1} {...shown} />}
          </li>
        )
      })}
    </ul>
  )
}

/** Its params, as far as they are not those of all. */
function combinationOf({ spec }: TaskRun, all: readonly TaskRun[]): string {
  const texts = (spec.params ?? []).filter(({ name, value }) =>
    all.some(
      other => JSON.stringify(other.spec.params?.find(param => param.name === name)?.value) !== JSON.stringify(value),
    ),
  )
  return texts
    .map(({ name, value }) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
}

function Steps({ name, depth, loaded, selected, hrefOf }: Shown & { readonly name: string; readonly depth: number }) {
  const taskRun =
    loaded.run.kind === 'TaskRun' ? loaded.run : loaded.taskRuns.find(({ metadata }) => metadata.name === name)
  if (taskRun === undefined) return null
  return (
    <ul>
      {stepsOf(taskRun).map(step => (
        <li key={step.name}>
          <Link
            className="tree-row step"
            style={{ paddingLeft: 36 + depth * 16 }}
            href={hrefOf({ step: step.name, tab: 'log' })}
            aria-current={selected.step === step.name}
            data-row
          >
            <StatusIcon status={step.status} size={14} />
            <span className="one-line">
              {step.name}
              <span className="unseen">, {statusWord(step.status)}</span>
            </span>
            <span className="tree-time small soft">
              {step.exitCode !== undefined && <span className="exit-code">exit {step.exitCode} </span>}
              {step.startedAt !== undefined && <Duration from={step.startedAt} to={step.completedAt} />}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}

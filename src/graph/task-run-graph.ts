/** A run of a task alone: one node. */
import type { TaskRun } from '../resources/tekton.js'
import type { RunGraph } from './graph.js'
import { withChildren } from './node.js'

export function taskRunGraph(run: TaskRun): RunGraph {
  const name = run.metadata.labels?.['tekton.dev/pipelineTask'] ?? run.spec.taskRef?.name ?? run.metadata.name
  const state = withChildren({ name }, [run], 1)
  const hasBegun = state.startedAt !== undefined
  return {
    nodes: [{ id: name, name, kind: 'task', ...state, isFinally: false, onCriticalPath: hasBegun }],
    edges: [],
    criticalPath: hasBegun ? [name] : [],
  }
}

/** `$(tasks.<t>.status)`, `$(tasks.<t>.reason)`, `$(tasks.status)`: how the tasks ended, for the finally tasks to read. */
import { succeededCondition } from '../status/conditions.js'
import { isOver, type TaskState } from './pipeline-task-state.js'

const ONE = /^tasks\.([^.[\]]+)\.(status|reason)$/

/** `undefined` for any other expression, and for a task the pipeline does not have. */
export function executionStatus(
  expression: string,
  state: (task: string) => TaskState | undefined,
  all: readonly TaskState[],
): string | undefined {
  if (expression === 'tasks.status') return aggregateStatus(all)
  const [, name, what] = ONE.exec(expression) ?? []
  const found = name === undefined ? undefined : state(name)
  if (found === undefined) return undefined
  return what === 'status' ? statusOf(found) : reasonOf(found)
}

function statusOf({ phase }: TaskState): string {
  if (phase.is === 'succeeded') return 'Succeeded'
  return phase.is === 'failed' || phase.is === 'cancelled' || phase.is === 'timedOut' ? 'Failed' : 'None'
}

/** Of a matrix, the reason of the first child that did not succeed. */
function reasonOf({ children }: TaskState): string {
  const conditions = children.flatMap(child => succeededCondition(child) ?? [])
  return (conditions.find(condition => condition.status !== 'True') ?? conditions[0])?.reason ?? ''
}

/** A failure counts here even when it was allowed; a task that could not be started for want of a result does not. */
function aggregateStatus(all: readonly TaskState[]): string {
  if (!all.every(isOver)) return 'None'
  if (all.some(state => statusOf(state) === 'Failed')) return 'Failed'
  return all.some(state => state.phase.is === 'skipped') ? 'Completed' : 'Succeeded'
}

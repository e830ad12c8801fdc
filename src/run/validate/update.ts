/** What may change in a run that exists already. */
import { sameJson } from '../../lib/same-json.js'
import { invalidValue, type Problem } from '../../resources/problem.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'

type Run = TaskRun | PipelineRun

/** `before` as stored, `after` with defaults filled in. As Tekton, the fields that cancel a run stay free until it is done. */
export function validateRunUpdate(before: Run, after: Pick<Run, 'spec'>): readonly Problem[] {
  const { kind } = before
  const free = kind === 'TaskRun' ? ['status', 'statusMessage', 'managedBy'] : ['status', 'managedBy']
  const old = before.spec as Readonly<Record<string, unknown>>
  const next = after.spec as Readonly<Record<string, unknown>>
  const managed =
    old['managedBy'] === next['managedBy'] ? [] : [invalidValue('managedBy is immutable', 'spec.managedBy')]
  const done = before.status?.conditions?.some(one => one.type === 'Succeeded' && one.status !== 'Unknown') ?? false
  if (done) {
    if (sameJson(old, next)) return []
    const message = `Once the ${kind} is complete, no updates are allowed`
    return [...managed, invalidValue(message, 'spec', undefined, 'make a new run')]
  }
  const started = before.status?.startTime !== undefined
  const pending = kind === 'TaskRun' ? 'TaskRunPending' : 'PipelineRunPending'
  if (started && next['status'] === pending && old['status'] !== pending) {
    return [...managed, invalidValue(`${kind} cannot be Pending after it is started`, 'spec.status')]
  }
  if (sameJson(without(old, free), without(next, free))) return managed
  const allowed = kind === 'TaskRun' ? 'status and statusMessage' : 'status'
  const message = `Once the ${kind} has started, only ${allowed} updates are allowed`
  return [...managed, invalidValue(message, 'spec', undefined, 'delete the run and make a new one')]
}

/** Terminal is terminal: how a run ended, when and with what results is never told otherwise. Ours; Tekton has no such check. */
export function validateStatusUpdate(before: Run, after: Run['status']): readonly Problem[] {
  const ended = endOf(before.status)
  if (ended?.succeeded === undefined || ended.succeeded.status === 'Unknown') return []
  if (sameJson(ended, endOf(after))) return []
  const message = `Once the ${before.kind} is complete, its Succeeded condition, completionTime and results cannot change`
  return [invalidValue(message, 'status', undefined, 'make a new run')]
}

function endOf(status: Run['status']) {
  const succeeded = status?.conditions?.find(one => one.type === 'Succeeded')
  return { succeeded, completionTime: status?.completionTime, results: status?.results }
}

function without(spec: Readonly<Record<string, unknown>>, fields: readonly string[]): unknown {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !fields.includes(field)))
}

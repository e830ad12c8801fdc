/** The task that a TaskRun is to run: looked up with its StepActions, checked, and put into the status. */
import type { New } from '../../resources/meta.js'
import type { ResolutionRequest } from '../../resources/resolution.js'
import type { StepActionSpec, TaskRun, TaskRunStatus, TaskSpec } from '../../resources/tekton.js'
import { foundTask, prepareTask } from '../../run/prepare-task.js'
import { withDefaultBindings } from '../../run/workspaces.js'
import { provenanceOf } from '../../status/provenance.js'
import { TASK_RUN_REASONS, type TaskRunReason } from '../../status/reasons.js'
import { createRequests } from '../create-requests.js'
import type { Decision, TaskRunWorld } from '../decision.js'
import { refSourceOf, stepProvenance } from '../fetched-from.js'
import { waiting } from './task-run-attempt.js'

export type PreparedTask =
  | { readonly is: 'prepared'; readonly task: TaskSpec; readonly status: TaskRunStatus }
  /** It is still being fetched. */
  | { readonly is: 'awaited'; readonly decision: Decision<TaskRunStatus> }
  /** `status` has as much of the task as was found. */
  | { readonly is: 'wrong'; readonly reason: TaskRunReason; readonly message: string; readonly status: TaskRunStatus }

export function preparedTask(run: TaskRun, status: TaskRunStatus, world: TaskRunWorld): PreparedTask {
  // What an attempt that never had a Pod left is the task as it was found, not what is to run.
  const isPrepared = status.retriesStatus?.at(-1)?.podName !== undefined || status.podName !== undefined
  if (isPrepared && status.taskSpec) return { is: 'prepared', task: status.taskSpec, status: known(status.taskSpec) }
  const { task: lookup, settings, now } = world
  const { name, namespace } = run.metadata
  if (lookup.is === 'pending') {
    const message = `TaskRun ${namespace}/${name} awaiting remote resource`
    const actions = createRequests(lookup.request ? [lookup.request] : [])
    return { is: 'awaited', decision: { ...waiting(status, TASK_RUN_REASONS.ResolvingTaskRef, message, now), actions } }
  }
  if (lookup.is === 'failed') {
    return { is: 'wrong', reason: lookup.reason as TaskRunReason, message: lookup.message, status }
  }
  const { value: spec, from } = lookup
  const stepActions = foundStepActions(spec, world)
  if ('requests' in stepActions) {
    const message = `TaskRun ${namespace}/${name} awaiting remote StepAction`
    const asked = waiting(status, TASK_RUN_REASONS.ResolvingStepActionRef, message, now)
    return { is: 'awaited', decision: { ...asked, actions: createRequests(stepActions.requests) } }
  }
  const asFound = (actions: ReadonlyMap<number, StepActionSpec>): TaskRunStatus => ({
    ...status,
    taskSpec: foundTask(spec, actions, settings),
    ...provenanceOf(status.provenance, settings, refSourceOf(lookup)),
  })
  if ('message' in stepActions) return { is: 'wrong', ...stepActions, status: asFound(new Map()) }
  const prepared = prepareTask({
    run: withDefaultBindings(run, spec.workspaces, settings.taskRunWorkspaceBinding),
    spec,
    taskName: run.spec.taskSpec ? undefined : (from?.name ?? run.spec.taskRef?.name ?? ''),
    stepActions: stepActions.found,
    settings,
  })
  if (prepared.is === 'wrong') return { ...prepared, status: asFound(stepActions.found) }
  return { is: 'prepared', task: prepared.spec, status: known(prepared.spec) }

  function known(task: TaskSpec): TaskRunStatus {
    return {
      ...status,
      taskSpec: task,
      ...provenanceOf(status.provenance, world.settings, refSourceOf(world.task)),
      ...stepProvenance(status, task, world),
    }
  }
}

function foundStepActions(
  task: TaskSpec,
  world: TaskRunWorld,
):
  | { readonly found: ReadonlyMap<number, StepActionSpec> }
  | { readonly reason: TaskRunReason; readonly message: string }
  | { readonly requests: readonly New<ResolutionRequest>[] } {
  const found = new Map<number, StepActionSpec>()
  const requests: New<ResolutionRequest>[] = []
  let isPending = false
  for (const [index, step] of task.steps.entries()) {
    if (!step.ref) continue
    const lookup = world.stepActions.get(index) ?? { is: 'pending' }
    if (lookup.is === 'failed') {
      const place = `step "${step.name ?? ''}" (index ${index})`
      const message = `failed to resolve step ref for ${place}: ${lookup.message}`
      return { reason: lookup.reason as TaskRunReason, message }
    }
    if (lookup.is === 'found') {
      found.set(index, lookup.value)
      continue
    }
    isPending = true
    if (lookup.request) requests.push(lookup.request)
  }
  return isPending ? { requests } : { found }
}

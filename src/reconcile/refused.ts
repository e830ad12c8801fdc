/**
 * The API server's 'no' to what a run wanted to create is the user's to know: it becomes the run's last condition. Where
 * the same will be taken later, the run waits instead.
 */
import { fromTimestamp, toTimestamp } from '../lib/time.js'
import type { PipelineRun, PipelineRunStatus, TaskRun, TaskRunStatus } from '../resources/tekton.js'
import { succeededCondition } from '../status/conditions.js'
import { PIPELINE_RUN_REASONS, TASK_RUN_REASONS } from '../status/reasons.js'
import type { Action, Decision, PipelineRunWorld, Refusal, TaskRunWorld } from './decision.js'
import { heldUpBy, hold } from './hold.js'
import { endNow } from './pipeline-run/pipeline-run.js'
import { type Failure, failed } from './task-run/task-run-endings.js'
import { podNotMade } from './task-run/task-run-pod.js'

/** A namespace gets its default account a moment after it was made. */
const DEFAULT_ACCOUNT_GRACE_MS = 30_000

export function refusedTaskRun(
  run: TaskRun,
  action: Action,
  { by, message }: Refusal,
  { now, settings }: Pick<TaskRunWorld, 'now' | 'settings'>,
): Decision<TaskRunStatus> {
  const status: TaskRunStatus = { ...run.status, startTime: run.status?.startTime ?? toTimestamp(now) }
  const what = action.do === 'create' ? action.kind : 'object'
  if (by === 'quota') {
    // It has not started, so its clock does not run either.
    const { startTime: _, ...waiting } = status
    const words = `TaskRun ${what} exceeded available resources`
    return hold(waiting, { reason: TASK_RUN_REASONS.ExceededResourceQuota, words, why: message }, now)
  }
  const cause =
    heldUpBy(by) ??
    (isAccountToCome(run, action, by, { now, settings }) ? 'its service account is not there yet' : undefined)
  if (cause !== undefined) {
    const words = `the ${what} of this TaskRun is not made yet: ${cause}`
    return hold(status, { reason: TASK_RUN_REASONS.Pending, words, why: message }, now)
  }
  // Whatever is tried there again is refused again, until nothing is left.
  const isFinal = by === 'namespace'
  const fail = (failure: Failure) => failed(run, status, { ...failure, isFinal }, undefined, [], { now, settings })
  switch (what) {
    case 'ResolutionRequest':
      return fail({ reason: 'TaskRunResolutionFailed', message: `error requesting remote resource: ${message}` })
    case 'PersistentVolumeClaim': {
      const words = `Failed to create PVC for TaskRun ${run.metadata.namespace}/${run.metadata.name} workspaces correctly`
      return fail({ reason: 'CouldntCreateWorkspacePVC', message: `${words}: ${message}` })
    }
    default:
      if (by === 'pod security') return fail({ reason: 'PodAdmissionFailed', message })
      return fail({
        reason: 'PodCreationFailed',
        message: podNotMade(run, by === 'size' ? tooLarge(message) : message),
      })
  }
}

function tooLarge(message: string): string {
  return `the Pod is larger than the API server takes (${message}); make scripts, args, env or params smaller`
}

function isAccountToCome(
  { metadata }: TaskRun,
  action: Action,
  by: Refusal['by'],
  { now, settings }: Pick<TaskRunWorld, 'now' | 'settings'>,
): boolean {
  if (by !== 'service account' || action.do !== 'create' || action.kind !== 'Pod') return false
  const isDefault = action.object.spec.serviceAccountName === settings.serviceAccount
  return isDefault && now < fromTimestamp(metadata.creationTimestamp) + DEFAULT_ACCOUNT_GRACE_MS
}

/** `world` as it is after the refusal: what was created before it must not go on without its run. */
export function refusedPipelineRun(
  run: PipelineRun,
  action: Action,
  refusal: Refusal,
  world: PipelineRunWorld,
): Decision<PipelineRunStatus> {
  const cause = refusal.by === 'quota' ? 'a quota of its namespace is used up' : heldUpBy(refusal.by)
  if (cause !== undefined) {
    const started: PipelineRunStatus = { ...run.status, startTime: run.status?.startTime ?? toTimestamp(world.now) }
    const before = succeededCondition({ status: started })
    const reason = (before?.status === 'Unknown' && before.reason) || PIPELINE_RUN_REASONS.Started
    const what = action.do === 'create' ? `${action.kind} "${action.object.metadata.name}"` : 'object'
    return hold(started, { reason, words: `the ${what} is not made yet: ${cause}`, why: refusal.message }, world.now)
  }
  if (action.do === 'create' && action.kind === 'ResolutionRequest') {
    return endNow(run, world, run.status ?? {}, unaskable(run, action.object.metadata.name, refusal, world))
  }
  const claim = action.do === 'create' && action.kind === 'PersistentVolumeClaim'
  const status = { ...run.status, startTime: run.status?.startTime ?? toTimestamp(world.now) }
  const { namespace, name } = run.metadata
  return endNow(run, world, status, {
    reason: claim ? 'CouldntCreateWorkspacePVC' : 'CreateRunFailed',
    message: claim
      ? `Failed to create PVC for PipelineRun ${namespace}/${name} Workspaces correctly: ${refusal.message}`
      : refusal.message,
  })
}

/** The resolver's name makes no label, or the params are too much for an object: nobody can be asked. */
function unaskable(
  { metadata: { namespace, name } }: PipelineRun,
  request: string | undefined,
  refusal: Refusal,
  { pipeline }: PipelineRunWorld,
): { readonly reason: string; readonly message: string } {
  const why = `error requesting remote resource: ${refusal.message}`
  const isPipeline = pipeline.is === 'pending' && pipeline.request?.metadata.name === request
  return isPipeline
    ? {
        reason: 'CouldntGetPipeline',
        message: `Error retrieving pipeline for pipelinerun ${namespace}/${name}: resolver failed to get Pipeline : ${why}`,
      }
    : {
        reason: 'CouldntGetTask',
        message: `PipelineRun ${namespace}/${name} can't be Run; it contains Tasks that don't exist: ${why}`,
      }
}

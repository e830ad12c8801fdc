/** The API server's 'no' to what a run wanted to create is the user's to know: it becomes the run's last condition. */
import { toTimestamp } from '../lib/time.js'
import type { PipelineRun, PipelineRunStatus, TaskRun, TaskRunStatus } from '../resources/tekton.js'
import { withSucceeded } from '../status/conditions.js'
import type { Action, Decision, PipelineRunWorld, Refusal, TaskRunWorld } from './decision.js'
import { endNow } from './pipeline-run.js'
import { type Failure, failed } from './task-run-endings.js'
import { podNotMade } from './task-run-pod.js'

/** How long to wait for others to give back what they hold of a quota: Tekton's minute. */
const QUOTA_PAUSE_MS = 60_000

export function refusedTaskRun(
  run: TaskRun,
  action: Action,
  { reason, message }: Refusal,
  { now }: Pick<TaskRunWorld, 'now'>,
): Decision<TaskRunStatus> {
  const status: TaskRunStatus = { ...run.status, startTime: run.status?.startTime ?? toTimestamp(now) }
  const fail = (failure: Failure) => failed(run, status, failure, undefined, [], now)
  if (action.do === 'create' && action.kind === 'ResolutionRequest') {
    return fail({ reason: 'TaskRunResolutionFailed', message: `error requesting remote resource: ${message}` })
  }
  if (action.do === 'create' && action.kind === 'PersistentVolumeClaim') {
    const place = `${run.metadata.namespace}/${run.metadata.name}`
    return fail({
      reason: 'CouldntCreateWorkspacePVC',
      message: `Failed to create PVC for TaskRun ${place} workspaces correctly: ${message}`,
    })
  }
  if (reason === 'Forbidden' && message.includes('exceeded quota')) {
    // It has not started, so its clock does not run either.
    const { startTime: _, ...waiting } = run.status ?? {}
    const words = `TaskRun Pod exceeded available resources: ${message}`
    const conditions = withSucceeded(waiting.conditions, 'Unknown', 'ExceededResourceQuota', words, now)
    return { actions: [], status: { ...waiting, conditions }, lookAgainAt: now + QUOTA_PAUSE_MS }
  }
  if (reason === 'Forbidden' && /violates PodSecurity|security context constraint/.test(message)) {
    return fail({ reason: 'PodAdmissionFailed', message })
  }
  return fail({ reason: 'PodCreationFailed', message: podNotMade(run, message) })
}

/** `world` as it is after the refusal: what was created before it must not go on without its run. */
export function refusedPipelineRun(
  run: PipelineRun,
  action: Action,
  refusal: Refusal,
  world: PipelineRunWorld,
): Decision<PipelineRunStatus> {
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

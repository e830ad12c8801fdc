/** The API server's 'no' to what a run wanted to create is the user's to know: it becomes the run's last condition. */
import { toTimestamp } from '../lib/time.js'
import type { PipelineRun, PipelineRunStatus, TaskRun, TaskRunStatus } from '../resources/tekton.js'
import { withSucceeded } from '../status/conditions.js'
import type { Action, Decision, PipelineRunWorld, Refusal, TaskRunWorld } from './decision.js'
import { endNow } from './pipeline-run.js'

export function refusedTaskRun(
  run: TaskRun,
  action: Action,
  refusal: Refusal,
  { now }: Pick<TaskRunWorld, 'now'>,
): Decision<TaskRunStatus> {
  const task = run.spec.taskRef?.name
  const hint = task ? `Maybe missing or invalid Task ${run.metadata.namespace}/${task}` : 'Maybe invalid TaskSpec'
  const claim = action.do === 'create' && action.kind === 'PersistentVolumeClaim'
  const status: TaskRunStatus = {
    ...run.status,
    startTime: run.status?.startTime ?? toTimestamp(now),
    completionTime: toTimestamp(now),
    conditions: withSucceeded(
      run.status?.conditions,
      'False',
      claim ? 'CouldntCreateWorkspacePVC' : 'PodCreationFailed',
      claim
        ? `Failed to create PVC for TaskRun ${run.metadata.namespace}/${run.metadata.name} workspaces correctly: ${refusal.message}`
        : `failed to create task run pod "${run.metadata.name}": ${refusal.message}. ${hint}`,
      now,
    ),
  }
  return { actions: [], status }
}

/** `world` as it is after the refusal: what was created before it must not go on without its run. */
export function refusedPipelineRun(
  run: PipelineRun,
  action: Action,
  refusal: Refusal,
  world: PipelineRunWorld,
): Decision<PipelineRunStatus> {
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

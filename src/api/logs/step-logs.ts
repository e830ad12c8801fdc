/** Which logs a run has, in which order they are read. Pure. */
import type { ContainerStates } from '../../resources/core.js'
import type { StepState, TaskRun, TaskRunStatus } from '../../resources/tekton.js'
import { isDone, succeededCondition } from '../../status/conditions.js'
import type { FoundRun } from '../run-objects.js'

/** The output of one step, or sidecar, of one attempt. */
export interface StepLog {
  readonly namespace: string
  readonly taskRun: string
  readonly taskRunUid: string
  /** As the pipeline calls the task; without one the TaskRun's name. */
  readonly task: string
  readonly step: string
  readonly isSidecar: boolean
  /** 0 for the first attempt. */
  readonly retry: number
  readonly pod: string
  /** As far as the status tells. */
  readonly podUid: string | undefined
  readonly container: string
  /** RFC 3339; '' when it has not started. */
  readonly startedAt: string
  /** Nothing more will come. */
  readonly finished: boolean
  /** It has failed, and its attempt with it. */
  readonly failed: boolean
}

/**
 * Attempts by when their first step started, each with its steps in their order, then its sidecars. What starts later comes
 * later, whatever becomes of the run: who has read some of it can go on from there.
 */
export function stepLogs(found: FoundRun): readonly StepLog[] {
  const attempts = taskRunsOf(found).flatMap(taskRun => {
    const earlier = listed(taskRun.status?.retriesStatus)
    const all = [...earlier, taskRun.status ?? {}]
    return all.map((status, retry) => logsOf(taskRun, status, retry, retry < earlier.length || isDone(taskRun)))
  })
  const begun = attempts.filter(logs => startOf(logs) !== '')
  return begun.toSorted((a, b) => (startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : 0)).flat()
}

/** Nothing will be added to its logs. */
export function isOver(found: FoundRun): boolean {
  return isDone(found.run) && taskRunsOf(found).every(isDone)
}

/** Its own, and those of the pipelines in it. */
export function taskRunsOf({ run, taskRuns, children }: FoundRun): readonly TaskRun[] {
  return run.kind === 'TaskRun' ? [run] : [...taskRuns, ...children.flatMap(taskRunsOf)]
}

const TASK_LABEL = 'tekton.dev/pipelineTask'

function logsOf({ metadata }: TaskRun, status: TaskRunStatus, retry: number, isOver: boolean): readonly StepLog[] {
  const { name, namespace, uid, labels } = metadata
  const { podName = '' } = status
  const hasFailed = succeededCondition({ status })?.status === 'False'
  const logOf = (state: Pick<StepState, 'name' | 'container'> & ContainerStates, isSidecar: boolean): StepLog => {
    const { running, terminated } = state
    return {
      namespace,
      taskRun: name,
      taskRunUid: uid,
      task: labels?.[TASK_LABEL] || name,
      step: state.name,
      isSidecar,
      retry,
      pod: podName,
      podUid: podUidOf(terminated?.containerID ?? ''),
      container: state.container,
      startedAt: running?.startedAt ?? terminated?.startedAt ?? '',
      finished: isOver || terminated !== undefined,
      failed: hasFailed && terminated !== undefined && terminated.exitCode !== 0,
    }
  }
  if (podName === '') return []
  return [
    ...listed(status.steps).map(step => logOf(step, false)),
    ...listed(status.sidecars).map(sidecar => logOf(sidecar, true)),
  ]
}

function startOf(logs: readonly StepLog[]): string {
  const starts = logs.map(({ startedAt }) => startedAt).filter(startedAt => startedAt !== '')
  return starts.toSorted()[0] ?? ''
}

/** A status is what its writer says: it may be anything. */
function listed<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value.filter(each => each !== null && typeof each === 'object') : []
}

/** Our own kubelet's ids of containers name the Pod, which a Pod's name does not: it may be used again. */
function podUidOf(containerId: string): string | undefined {
  return /^tektite:\/\/([^/]+)\//.exec(containerId)?.[1]
}

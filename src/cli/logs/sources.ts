/** Which containers a run's output comes from, in the order in which it is read. Pure. */
import type { Key } from '../../resources/meta.js'
import type { PipelineRun, StepState, TaskRun, TaskRunStatus } from '../../resources/tekton.js'
import { succeededCondition } from '../../status/conditions.js'

export interface LogSource {
  /** Of the task in its Pipeline; '' for a TaskRun of its own. */
  readonly task: string
  readonly step: string
  readonly pod: Key
  readonly container: string
  readonly taskRun: string
  /** 0 for the first try. */
  readonly retry: number
  readonly state: 'waiting' | 'running' | 'ended'
}

export interface SourceFilter {
  readonly tasks: readonly string[]
  readonly steps: readonly string[]
  /** Of tasks that failed. */
  readonly failedOnly: boolean
}

/** Of all tries of a TaskRun, its earlier ones first. Steps that were skipped have said nothing. */
export function sourcesOf(taskRun: TaskRun, task: string): readonly LogSource[] {
  const { status = {}, metadata } = taskRun
  const tries: readonly TaskRunStatus[] = [...(status.retriesStatus ?? []), status]
  return tries.flatMap(({ podName, steps = [] }, retry) => {
    if (!podName) return []
    const of = { task, taskRun: metadata.name, retry, pod: { namespace: metadata.namespace, name: podName } }
    return steps
      .filter(({ terminationReason }) => terminationReason !== 'Skipped')
      .map(step => ({ ...of, step: step.name, container: step.container, state: stateOf(step) }))
  })
}

function stateOf({ running, terminated }: StepState): LogSource['state'] {
  if (terminated !== undefined) return 'ended'
  return running === undefined ? 'waiting' : 'running'
}

export interface NamedTaskRun {
  readonly task: string
  readonly taskRun: TaskRun
}

/** Those that started first come first; of the others, in the order of the Pipeline. */
export function inOrder(run: PipelineRun, taskRuns: readonly NamedTaskRun[]): readonly NamedTaskRun[] {
  const spec = run.status?.pipelineSpec
  const tasks = [...(spec?.tasks ?? []), ...(spec?.finally ?? [])].map(({ name }) => name)
  const startOf = ({ taskRun }: NamedTaskRun) => taskRun.status?.startTime ?? '~'
  const placeOf = ({ task }: NamedTaskRun) => tasks.indexOf(task)
  return [...taskRuns].sort((a, b) => {
    if (startOf(a) !== startOf(b)) return startOf(a) < startOf(b) ? -1 : 1
    return placeOf(a) - placeOf(b) || (a.taskRun.metadata.name < b.taskRun.metadata.name ? -1 : 1)
  })
}

export function isWanted(
  { tasks, steps, failedOnly }: SourceFilter,
  { task, taskRun }: NamedTaskRun,
  source: LogSource,
) {
  if (failedOnly && succeededCondition(taskRun)?.status !== 'False') return false
  return (tasks.length === 0 || tasks.includes(task)) && (steps.length === 0 || steps.includes(source.step))
}

export function keyOf({ pod, container }: LogSource): string {
  return `${pod.name}/${container}`
}

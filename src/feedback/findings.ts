/** What is looked up about a run that has ended, for the report of its end. */
import type { Cluster } from '../cluster/cluster.js'
import type { ChildReference, PipelineRun, TaskRun } from '../resources/tekton.js'
import { succeededCondition } from '../status/conditions.js'
import type { Asked, Run } from './asked.js'
import { durationMs, type Findings, failedSteps, type TaskFinding, taskDetail } from './report.js'
import { stateOf } from './state.js'

/** The last bytes of what a step wrote; '' for nothing, and when that is not known any more. */
export type StepLogTail = (run: TaskRun, container: string, maxBytes: number) => Promise<string>

const MAX_CHILDREN = 200
const MAX_LOGS = 3
const MAX_LOG_BYTES = 8_192

export async function lookUpFindings(
  cluster: Pick<Cluster, 'get'>,
  tailOf: StepLogTail,
  run: Run,
  asked: Pick<Asked, 'kind' | 'logLines'>,
): Promise<Findings> {
  const children = run.kind === 'TaskRun' ? [{ task: '', child: run }] : await childrenOf(cluster, run)
  const tasks =
    run.kind === 'TaskRun' ? [] : [...children.map(({ task, child }) => findingOf(task, child)), ...skippedIn(run)]
  // Only a check run has a page to show them on.
  if (asked.kind !== 'github-check' || asked.logLines === 0) return { tasks, logs: [] }
  const failed = children.flatMap(({ task, child }) =>
    child.kind === 'TaskRun' ? failedSteps(child).map(step => ({ task, child, step })) : [],
  )
  const logs = await Promise.all(
    failed.slice(0, MAX_LOGS).map(async ({ task, child, step }) => {
      const text = await tailOf(child, step.container, MAX_LOG_BYTES)
      return { task, step: step.name, text: lastLines(text, asked.logLines) }
    }),
  )
  return { tasks, logs: logs.filter(({ text }) => text.trim() !== '') }
}

async function childrenOf(cluster: Pick<Cluster, 'get'>, run: PipelineRun) {
  const references = (run.status?.childReferences ?? []).slice(0, MAX_CHILDREN)
  const found = await Promise.all(references.map(reference => childOf(cluster, run, reference)))
  return found.flatMap((child, index) => (child ? [{ task: references[index]?.pipelineTaskName ?? '', child }] : []))
}

async function childOf(cluster: Pick<Cluster, 'get'>, run: PipelineRun, { kind, name }: ChildReference) {
  const child = await cluster.get(kind, { namespace: run.metadata.namespace, name })
  return child?.metadata.ownerReferences?.some(({ uid }) => uid === run.metadata.uid) ? child : undefined
}

function findingOf(name: string, child: NonNullable<Awaited<ReturnType<typeof childOf>>>): TaskFinding {
  // A custom task's own reason is all that is known of it.
  const { reason = '', status } = succeededCondition(child) ?? {}
  const state = child.kind === 'CustomRun' && status === 'False' ? 'failure' : stateOf(child as Run)
  const detail = child.kind === 'TaskRun' ? taskDetail(child) : status === 'False' ? reason : ''
  return { name, state, durationMs: durationMs(child.status), detail }
}

function skippedIn({ status }: PipelineRun): readonly TaskFinding[] {
  const skipped = status?.skippedTasks ?? []
  return skipped.map(({ name, reason }) => ({ name, state: 'skipped', durationMs: undefined, detail: reason }))
}

function lastLines(text: string, count: number): string {
  return text.replace(/\n+$/, '').split('\n').slice(-count).join('\n')
}

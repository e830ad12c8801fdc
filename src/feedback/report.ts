/** A run → what its git host is told. Pure. */
import { type BuildReport, type BuildState, isEnd } from '../git-host/build-report.js'
import { formatDuration } from '../lib/duration.js'
import { oneLine } from '../lib/one-line.js'
import { fromTimestamp } from '../lib/time.js'
import type { StepState, TaskRun } from '../resources/tekton.js'
import { succeededCondition } from '../status/conditions.js'
import type { Asked, Run } from './asked.js'
import { stateOf } from './state.js'
import { summaryOf } from './summary.js'

/** GitHub's limit, the lowest of all. */
const MAX_DESCRIPTION_CHARS = 140

/** What is looked up for the report of an end. */
export interface Findings {
  readonly tasks: readonly TaskFinding[]
  /** The ends of the logs of steps that failed. */
  readonly logs: readonly { readonly task: string; readonly step: string; readonly text: string }[]
}

export const NO_FINDINGS: Findings = { tasks: [], logs: [] }

export interface TaskFinding {
  readonly name: string
  readonly state: BuildState | 'skipped'
  /** Undefined while it runs, and when it never ran. */
  readonly durationMs: number | undefined
  /** Why it failed, or was skipped; '' otherwise. */
  readonly detail: string
}

/** `runUrl` is the installation's address of a run, with placeholders. `isGone`: the run was deleted. */
export function reportOf(
  run: Run,
  asked: Asked,
  { findings, runUrl, isGone }: { readonly findings: Findings; readonly runUrl: string; readonly isGone: boolean },
): BuildReport {
  const seen = stateOf(run)
  const wasDeleted = isGone && !isEnd(seen)
  const state = wasDeleted ? 'cancelled' : seen
  const { uid } = run.metadata
  const description = oneLine(
    wasDeleted ? 'Deleted before it ended' : describe(run, state, findings),
    MAX_DESCRIPTION_CHARS,
  )
  return {
    state,
    context: asked.context,
    description,
    url: addressOf(run, asked.url || runUrl),
    externalId: uid,
    summary: summaryOf(run, { state, description, ...findings }),
    startedAt: run.status?.startTime ?? '',
    completedAt: run.status?.completionTime ?? '',
  }
}

function describe(run: Run, state: BuildState, { tasks }: Findings): string {
  const { reason = '', message = '' } = succeededCondition(run) ?? {}
  switch (state) {
    // No counts while it runs: each would be a request.
    case 'queued':
      return 'Waiting to start'
    case 'running':
      return 'Running'
    case 'success':
      return `Succeeded${after(run)}${counted(tasks)}`
    case 'timedOut':
      return `Timed out${after(run)}`
    case 'cancelled':
      return `Cancelled${after(run)}`
    case 'failure':
      return `Failed${after(run)}: ${failureIn(run, tasks) || message || reason}`
    case 'error':
      return `Could not run: ${[reason, message].filter(Boolean).join(': ')}`
    default:
      throw new Error(`unknown state ${JSON.stringify(state satisfies never)}`)
  }
}

function after(run: Run): string {
  const ms = durationMs(run.status)
  return ms === undefined ? '' : ` after ${formatDuration(ms)}`
}

/** Undefined while it is not over. */
export function durationMs(
  status: { readonly startTime?: string; readonly completionTime?: string } | undefined,
): number | undefined {
  const ms = fromTimestamp(status?.completionTime ?? '') - fromTimestamp(status?.startTime ?? '')
  return ms >= 0 ? ms : undefined
}

function counted(tasks: readonly TaskFinding[]): string {
  const skipped = tasks.filter(({ state }) => state === 'skipped').length
  const ran = tasks.length - skipped
  if (ran === 0) return ''
  return `: ${ran} ${ran === 1 ? 'task' : 'tasks'}${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function failureIn(run: Run, tasks: readonly TaskFinding[]): string {
  if (run.kind === 'TaskRun') return taskDetail(run)
  const failed = tasks.filter(({ state }) => state !== 'skipped' && state !== 'success' && isEnd(state))
  const [first] = failed
  if (first === undefined) return ''
  if (failed.length === 1) return first.detail === '' ? first.name : `${first.name}, ${first.detail}`
  return `${failed.length} tasks (${failed.map(({ name }) => name).join(', ')})`
}

/** Steps after the failed one end with 1 too, but failed at nothing of their own. */
export function failedSteps(run: TaskRun): readonly StepState[] {
  return (run.status?.steps ?? []).filter(
    ({ terminated, terminationReason }) =>
      terminated !== undefined &&
      terminated.exitCode !== 0 &&
      terminationReason !== 'Skipped' &&
      terminationReason !== 'Continued',
  )
}

/** Why a task ended as it did; '' when that is nothing special. */
export function taskDetail(run: TaskRun): string {
  const { status, reason = '', message = '' } = succeededCondition(run) ?? {}
  if (status !== 'False') return ''
  const [step] = failedSteps(run)
  if (step?.terminated !== undefined && stateOf(run) === 'failure') {
    const { exitCode, reason: ended } = step.terminated
    return ended === 'OOMKilled' ? `step ${step.name} ran out of memory` : `step ${step.name} exited with ${exitCode}`
  }
  return stateOf(run) === 'error' ? `${reason}: ${message}` : reason
}

/** Placeholders are ours, not Tekton's, which would be replaced before the run has a name. */
function addressOf(run: Run, template: string): string {
  const { namespace, name, uid } = run.metadata
  const values: Readonly<Record<string, string>> = {
    namespace,
    name,
    uid,
    kind: run.kind,
    plural: run.kind === 'PipelineRun' ? 'pipelineruns' : 'taskruns',
  }
  const text = template.replace(/\{(\w+)\}/g, (whole, key: string) => encodeURIComponent(values[key] ?? whole))
  if (!URL.canParse(text)) return ''
  const url = new URL(text)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : ''
}

/** What a list of runs shows of each: of PipelineRuns, and of TaskRuns that stand for themselves. Pure. */
import { shortened } from '../lib/shortened.js'
import type { ObjectMeta } from './meta.js'
import { SCHEDULE_LABEL } from './schedules.js'
import { asRecord } from './shape.js'
import { listAt, textAt, valueAt } from './value-at.js'

/** In the order in which a run goes through them; the last three are ends. */
export const RUN_STATUSES = ['queued', 'pending', 'running', 'succeeded', 'failed', 'cancelled'] as const

export type RunStatus =
  /** No worker has begun with it. */
  | 'queued'
  /** It is held back (`spec.status`), or its Pod waits for a node, an image, a volume. */
  | 'pending'
  | 'running'
  | 'succeeded'
  | 'failed'
  /** Ended by somebody, with what was running then. */
  | 'cancelled'

export type SummarizedKind = 'PipelineRun' | 'TaskRun'

export interface RunSummary {
  readonly uid: string
  readonly kind: SummarizedKind
  readonly namespace: string
  readonly name: string
  /** Of the Pipeline or the Task; none for one that is written into the run. */
  readonly pipeline?: string
  readonly task?: string
  readonly status: RunStatus
  /** Of the condition, in Tekton's words; '' while there is none. */
  readonly reason: string
  readonly message?: string
  /** RFC 3339, as all times here. */
  readonly createdAt: string
  readonly startedAt?: string
  readonly completedAt?: string
  /** Its objects are gone, and what they were is in the archive. */
  readonly archived: boolean
  /** What made it: `eventlistener/NAME[/TRIGGER]` or `schedule/NAME`. */
  readonly trigger?: string
  readonly labels: Readonly<Record<string, string>>
  /** Of a PipelineRun whose condition counts them: how far its tasks are. */
  readonly tasks?: TaskCounts
  /** The PipelineRun that it is a part of. */
  readonly partOf?: string
}

export interface TaskCounts {
  readonly total: number
  /** Ended, in whichever way. */
  readonly done: number
  /** Of those. */
  readonly failed: number
  readonly skipped: number
}

/** A run as it is stored: what the author wrote is held to a schema, what is below `status` may be anything. */
export interface SummarizedRun {
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly spec?: unknown
  readonly status?: unknown
}

/** Conditions quote logs and params: a list needs no more than this of them. */
const MESSAGE_CHARS = 500

export function summarize(run: SummarizedRun, { archived = false } = {}): RunSummary {
  const { metadata } = run
  const { uid, namespace, name, labels = {} } = metadata
  const kind = run.kind === 'TaskRun' ? 'TaskRun' : 'PipelineRun'
  const succeeded = listAt(run, 'status.conditions').find(each => valueAt(each, 'type') === 'Succeeded')
  const message = textAt(succeeded, 'message')
  const reference = kind === 'TaskRun' ? 'taskRef' : 'pipelineRef'
  const of = textAt(run, `spec.${reference}.name`) || (labels[`tekton.dev/${reference.slice(0, -3)}`] ?? '')
  const [startedAt, completedAt] = [textAt(run, 'status.startTime'), textAt(run, 'status.completionTime')]
  const trigger = triggerOf(labels)
  const tasks = kind === 'PipelineRun' ? tasksOf(message) : undefined
  const partOf = metadata.ownerReferences?.find(owner => owner.controller && owner.kind === 'PipelineRun')?.name
  return {
    uid,
    kind,
    namespace,
    name,
    ...(of !== '' && of !== name && { [kind === 'TaskRun' ? 'task' : 'pipeline']: of }),
    status: statusOf(run, succeeded, startedAt),
    reason: textAt(succeeded, 'reason'),
    ...(message !== '' && { message: shortened(message, MESSAGE_CHARS) }),
    createdAt: metadata.creationTimestamp,
    ...(startedAt !== '' && { startedAt }),
    ...(completedAt !== '' && { completedAt }),
    archived,
    ...(trigger !== undefined && { trigger }),
    labels,
    ...(tasks && { tasks }),
    ...(partOf !== undefined && { partOf }),
  }
}

/** It has a verdict, which never changes. */
export function isOver({ status }: Pick<RunSummary, 'status'>): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled'
}

const PENDING_REASONS = ['PipelineRunPending', 'TaskRunPending', 'Pending', 'ExceededNodeResources', 'PullImageFailed']
const CANCELLED_REASONS = ['Cancelled', 'TaskRunCancelled', 'PipelineRunCancelled']

function statusOf({ spec }: SummarizedRun, succeeded: unknown, startedAt: string): RunStatus {
  const [status, reason] = [textAt(succeeded, 'status'), textAt(succeeded, 'reason')]
  if (status === 'True') return 'succeeded'
  if (status === 'False') return CANCELLED_REASONS.includes(reason) ? 'cancelled' : 'failed'
  if (PENDING_REASONS.includes(reason) || /^(?:Pipeline|Task)RunPending$/.test(textAt(spec, 'status'))) return 'pending'
  return startedAt === '' ? 'queued' : 'running'
}

function triggerOf(labels: Readonly<Record<string, string>>): string | undefined {
  const schedule = labels[SCHEDULE_LABEL]
  if (schedule !== undefined) return `schedule/${schedule}`
  const listener = labels['triggers.tekton.dev/eventlistener']
  if (listener === undefined) return undefined
  const trigger = labels['triggers.tekton.dev/trigger'] ?? ''
  return trigger === '' ? `eventlistener/${listener}` : `eventlistener/${listener}/${trigger}`
}

/** As the condition counts them, in Tekton's words; a run that was ended otherwise says something else there. */
const COUNTS =
  /Tasks Completed: (?<done>\d+) \(Failed: (?<failed>\d+)(?: \(Ignored: \d+\))?, Cancelled \d+\)(?:, Incomplete: (?<incomplete>\d+))?, Skipped: (?<skipped>\d+)/

function tasksOf(message: string): TaskCounts | undefined {
  const found = COUNTS.exec(message)?.groups
  if (found === undefined) return undefined
  const count = (name: string) => Number(found[name] ?? 0)
  const [done, skipped] = [count('done'), count('skipped')]
  return { total: done + skipped + count('incomplete'), done, failed: count('failed'), skipped }
}

/** A summary that was stored by somebody: undefined when it is none. */
export function readSummary(value: unknown): RunSummary | undefined {
  const record = asRecord(value)
  const texts = ['uid', 'namespace', 'name', 'reason', 'createdAt']
  if (!texts.every(field => typeof record[field] === 'string')) return undefined
  if (record['kind'] !== 'PipelineRun' && record['kind'] !== 'TaskRun') return undefined
  if (!RUN_STATUSES.some(status => status === record['status'])) return undefined
  return { ...(record as unknown as RunSummary), labels: asRecord(record['labels']) as Record<string, string> }
}

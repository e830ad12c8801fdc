/** Of a run that has ended, what it takes to know when its objects may go. Pure. */
import { fromTimestamp } from '../lib/time.js'
import { KEEP_ANNOTATION } from '../resources/annotations.js'
import { isOver, type RunSummary, type SummarizedKind, summarize } from '../resources/run-summary.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { KEEP_EVERYTHING, type Outcome, RETENTION_PREFIX, TTL_KEYS, textsIn, withRetention } from './rules.js'

export interface FinishedRun {
  readonly uid: string
  readonly kind: SummarizedKind
  readonly namespace: string
  readonly name: string
  readonly resourceVersion: string
  /** Runs of one Pipeline or Task, of which so many are kept; '' for what is written into the run. */
  readonly of: string
  readonly outcome: Outcome
  /** Epoch ms. */
  readonly endedAt: number
  /** What the run itself says: milliseconds, infinite for never. Nothing else counts then. */
  readonly ownTtlMs: number | undefined
}

/** Undefined for a run that has not ended, is on its way out, or is a part of another one and goes with it. */
export function finishedRun(run: PipelineRun | TaskRun): FinishedRun | undefined {
  const { metadata } = run
  const summary = summarize(run)
  if (!isOver(summary) || summary.partOf !== undefined || metadata.deletionTimestamp !== undefined) return undefined
  const { uid, kind, namespace, name, pipeline, task } = summary
  const outcome = summary.status as Outcome
  return {
    uid,
    kind,
    namespace,
    name,
    resourceVersion: metadata.resourceVersion,
    of: pipeline ?? task ?? '',
    outcome,
    endedAt: endOf(run, summary),
    ownTtlMs: ownTtlMs(metadata.annotations, outcome),
  }
}

function endOf(run: PipelineRun | TaskRun, { completedAt, createdAt }: RunSummary): number {
  const verdict = run.status?.conditions?.find(({ type }) => type === 'Succeeded')?.lastTransitionTime
  const times = [completedAt, verdict, createdAt].map(time => fromTimestamp(time ?? ''))
  return times.find(time => !Number.isNaN(time)) ?? 0
}

function ownTtlMs(annotations: Readonly<Record<string, string>> = {}, outcome: Outcome): number | undefined {
  if (annotations[KEEP_ANNOTATION] === 'true') return Number.POSITIVE_INFINITY
  const texts = textsIn(annotations, RETENTION_PREFIX)
  const isSaid = TTL_KEYS.some(key => texts[key] !== undefined)
  if (!isSaid) return undefined
  const seconds = withRetention(KEEP_EVERYTHING, texts).ttlSeconds[outcome]
  if (seconds !== undefined) return seconds * 1000
  // `never` for this outcome is said; a word about another outcome says nothing of this one.
  const isNever = TTL_KEYS.some(key => KEYS_OF[outcome].includes(key) && texts[key] === 'never')
  return isNever ? Number.POSITIVE_INFINITY : undefined
}

const KEYS_OF: Readonly<Record<Outcome, readonly string[]>> = {
  succeeded: ['ttl-seconds-after-success', 'ttl-seconds-after-finished'],
  failed: ['ttl-seconds-after-failure', 'ttl-seconds-after-finished'],
  cancelled: ['ttl-seconds-after-cancel', 'ttl-seconds-after-failure', 'ttl-seconds-after-finished'],
}

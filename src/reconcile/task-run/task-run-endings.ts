/** How an attempt of a TaskRun ends, and whether another one follows. */

import { fromTimestamp, toTimestamp } from '../../lib/time.js'
import { CANCEL_ANNOTATION } from '../../pod/volumes.js'
import { ON_ERROR_ANNOTATION } from '../../resources/annotations.js'
import type { Pod } from '../../resources/core.js'
import { type Condition, keyOf } from '../../resources/meta.js'
import type { StepState, TaskRun, TaskRunStatus, TaskSpec } from '../../resources/tekton.js'
import { substituteTaskSpec } from '../../run/substitute-task.js'
import { retryCountReplacements } from '../../run/task-variables.js'
import { withSucceeded } from '../../status/conditions.js'
import { classOfReason, type FailureKind } from '../../status/failure-class.js'
import { isFinished, type PodReport, statusFromPod, type Verdict } from '../../status/from-pod.js'
import { isOfBudget, paidOf, RETRY_BUDGET } from '../../status/paid-attempts.js'
import { TASK_RUN_REASONS, type TaskRunReason } from '../../status/reasons.js'
import type { Action, Decision, TaskRunWorld } from '../decision.js'
import { paidCondition, paymentFor, restingUntil } from './retries.js'
import { FAILURE_KIND, kindToRemember, rememberedKind } from './task-run-failure-kind.js'
import { STEPS_DONE, sidecarsAwaitedUntil, stopSidecars, withStepsDone } from './task-run-sidecars.js'

/**
 * While a failed attempt's Pod still stands, a second condition remembers how it failed: the next attempt must not
 * start beside it, and by the time the Pod is gone nobody could tell any more. It goes with the attempt.
 */
const ATTEMPT_FAILED = 'AttemptFailed'

export interface Failure extends Pick<Verdict, 'reason' | 'message'>, Partial<FailureKind> {
  /** Another attempt would fail in the same way for sure. */
  readonly isFinal?: boolean
}

type Now = Pick<TaskRunWorld, 'now' | 'settings'>

export function pendingFailure({ conditions }: TaskRunStatus): Failure | undefined {
  const failed = conditions?.find(({ type }) => type === ATTEMPT_FAILED)
  if (failed === undefined) return undefined
  const reason = (failed.reason ?? TASK_RUN_REASONS.Failed) as TaskRunReason
  return { reason, message: failed.message ?? '', ...rememberedKind(conditions) }
}

/** The Pod did its work, well or badly. Its sidecars are asked to stop, so that it can end. */
export function finishByPod(
  run: TaskRun,
  status: TaskRunStatus,
  report: PodReport,
  pod: Pod,
  world: Now,
): Decision<TaskRunStatus> {
  const { now } = world
  const seen = { ...status, ...statesOf(report, status), ...resultsOf(report) }
  const outcome = outcomeOf(run, isFinished(pod) ? surely(report.verdict, status) : report.verdict)
  if (outcome.status === 'False' && paymentFor(run, status, outcome, world.settings)) {
    return failed(run, seen, outcome, isFinished(pod) ? undefined : pod, stopRest(pod, report), world)
  }
  return finishBySidecars(run, withStepsDone(seen, outcome, now), report, outcome, { pod, now })
}

/** A kubelet that was started anew may have forgotten what ran, and we have not. */
function surely(verdict: Verdict, { steps }: TaskRunStatus): Verdict {
  const wasSeen = steps?.some(({ running, terminated }) => running || terminated)
  return wasSeen ? { ...verdict, neverStarted: false } : verdict
}

/** The steps are done, and what they came to stands. The run is too, when the sidecars that it waits for are, or have had the time to be. */
export function finishBySidecars(
  run: TaskRun,
  status: TaskRunStatus,
  report: PodReport | undefined,
  outcome: Verdict,
  { pod, now }: Pick<TaskRunWorld, 'pod' | 'now'>,
): Decision<TaskRunStatus> {
  const seen = report ? { ...status, ...sidecarsOf(report) } : status
  const until = pod && report && sidecarsAwaitedUntil(status, pod, report)
  const actions = pod && report ? stopRest(pod, report) : []
  const hurried = run.spec.status === 'TaskRunCancelled'
  if (until === undefined || now >= until || hurried) return ended(seen, outcome, actions, now)
  return { actions, status: seen, lookAgainAt: until }
}

/**
 * The run stops its Pod: out of time, cancelled, or hindered for good. Steps that had ended keep their state. Results
 * are those of a task that came to its end, so there are none.
 */
export function stopPod(
  run: TaskRun,
  status: TaskRunStatus,
  task: TaskSpec | undefined,
  failure: Failure,
  world: Pick<TaskRunWorld, 'pod' | 'now' | 'settings'>,
): Decision<TaskRunStatus> {
  const { pod, now, settings } = world
  // An attempt that failed before has its last word in the status already.
  const fresh = pendingFailure(status) === undefined
  const report = fresh && pod && task ? statusFromPod(run.metadata.name, task, pod) : undefined
  const seen: TaskRunStatus = {
    ...status,
    ...(report && statesOf(report, status)),
  }
  const endedBy = (step: StepState) => endedStep(step, { run, reason: failure.reason, pod: status.podName ?? '', now })
  const stopped: TaskRunStatus = { ...seen, ...(seen.steps && { steps: seen.steps.map(endedBy) }) }
  const standing = pod && !isFinished(pod) ? pod : undefined
  const isKept = settings.keepsLogs || settings.flags.keepPodOnCancel
  const kept = isKept && KEEPS_POD.has(failure.reason) && report?.started === true
  const actions = standing ? (kept ? cancelPod(standing, report) : deletePod(standing)) : []
  return failed(run, stopped, failure, standing, actions, world)
}

const KEEPS_POD: ReadonlySet<string> = new Set([TASK_RUN_REASONS.TaskRunCancelled, TASK_RUN_REASONS.TaskRunTimeout])

function deletePod(pod: Pod): readonly Action[] {
  if (pod.metadata.deletionTimestamp !== undefined) return []
  return [{ do: 'delete', kind: 'Pod', key: keyOf(pod), uid: pod.metadata.uid }]
}

function stopRest(pod: Pod, report: PodReport): readonly Action[] {
  const isTold = pod.metadata.annotations?.[CANCEL_ANNOTATION] !== undefined
  return report.hasStrandedSteps && !isTold ? cancelPod(pod, report) : stopSidecars(pod, report)
}

/** Its steps end themselves, and so do its sidecars, so that the Pod is finished and its logs stay where they are. */
function cancelPod(pod: Pod, report: PodReport): readonly Action[] {
  const { uid } = pod.metadata
  const annotations = { [CANCEL_ANNOTATION]: 'CANCEL' }
  return [{ do: 'annotate', kind: 'Pod', key: keyOf(pod), uid, annotations }, ...stopSidecars(pod, report)]
}

/** @param standing the attempt's Pod, if its containers may still run */
export function failed(
  run: TaskRun,
  status: TaskRunStatus,
  failure: Failure,
  standing: Pod | undefined,
  actions: readonly Action[],
  { now, settings }: Now,
): Decision<TaskRunStatus> {
  const { reason, message } = failure
  const isFinal = failure.isFinal === true || reason === TASK_RUN_REASONS.TaskRunCancelled
  // What was paid while the Pod of the attempt still stood is paid.
  const payment = isFinal || paidOf(status) ? undefined : paymentFor(run, status, failure, settings)
  const paid = payment ? paidCondition(payment, now) : paidOf(status)
  if (isFinal || paid === undefined) {
    return ended(status, { status: 'False', ...failure }, actions, now)
  }
  const words = isOfBudget(paid) ? `${message} (${paid.message})` : message
  const conditions = withSucceeded(withoutRemembered(status), 'Unknown', TASK_RUN_REASONS.ToBeRetried, words, now)
  if (standing) {
    const remembered: Condition = { type: ATTEMPT_FAILED, status: 'True', reason, message }
    const conditionsOfAttempt = [remembered, ...kindToRemember(failure), paid]
    return { actions, status: { ...status, conditions: [...conditions, ...conditionsOfAttempt] } }
  }
  const {
    retriesStatus = [],
    startTime: _,
    completionTime: __,
    podName: ___,
    results: ____,
    artifacts: _____,
    ...kept
  } = status
  const { retriesStatus: ______, ...attempt } = finished(status, { status: 'False', reason, message }, now)
  const archived = { ...attempt, conditions: [...(attempt.conditions ?? []), ...(isOfBudget(paid) ? [paid] : [])] }
  const next = { ...kept, conditions, retriesStatus: [...retriesStatus, archived] }
  return { actions, status: next, lookAgainAt: restingUntil(next) ?? now }
}

/** Where fetched steps came from is not in the Pod: it is taken over from the status so far. */
export function statesOf(report: PodReport, before: TaskRunStatus): Pick<TaskRunStatus, 'steps' | 'sidecars'> {
  const provenance = new Map(before.steps?.map(step => [step.name, step.provenance]))
  const steps = report.steps.map(step => {
    const from = provenance.get(step.name)
    return from ? { ...step, provenance: from } : step
  })
  return { ...(steps.length > 0 && { steps }), ...sidecarsOf(report) }
}

export function sidecarsOf(report: PodReport): Pick<TaskRunStatus, 'sidecars'> {
  return report.sidecars.length > 0 ? { sidecars: report.sidecars } : {}
}

/** As Tekton: artifacts are there as soon as a Pod was, be it an empty object. */
function resultsOf({ results, artifacts }: PodReport): Pick<TaskRunStatus, 'results' | 'artifacts'> {
  return { ...(results.length > 0 && { results }), artifacts }
}

function ended(
  status: TaskRunStatus,
  outcome: Verdict,
  actions: readonly Action[],
  now: number,
): Decision<TaskRunStatus> {
  const failureClass = outcome.failureClass ?? classOfReason(outcome.reason)
  const isFailure = outcome.status === 'False' && failureClass !== undefined
  return { actions, status: finished(status, outcome, now), ...(isFailure && { failureClass }) }
}

function finished(status: TaskRunStatus, verdict: Verdict, now: number): TaskRunStatus {
  const { reason, message } = verdict
  const attempt = status.retriesStatus?.length ?? 0
  return {
    ...status,
    // Kept open until here: the next attempt starts from the same task.
    ...(status.taskSpec && { taskSpec: substituteTaskSpec(status.taskSpec, retryCountReplacements(attempt)) }),
    startTime: status.startTime ?? toTimestamp(now),
    completionTime: status.completionTime ?? toTimestamp(completedAt(status, now)),
    conditions: withSucceeded(withoutRemembered(status), verdict.status, reason, message, now),
  }
}

/** When the last step ended; now, if not all did. A node's clock may be wrong: not before the start, and not to come. */
function completedAt({ startTime, steps = [] }: TaskRunStatus, now: number): number {
  const last = Math.max(...steps.map(({ terminated }) => fromTimestamp(terminated?.finishedAt ?? '')))
  if (!Number.isFinite(last)) return now
  return Math.min(now, Math.max(last, startTime === undefined ? last : fromTimestamp(startTime)))
}

/** What is of one attempt only. */
const REMEMBERED: ReadonlySet<string> = new Set([ATTEMPT_FAILED, STEPS_DONE, FAILURE_KIND, RETRY_BUDGET])

function withoutRemembered(status: TaskRunStatus): readonly Condition[] {
  return status.conditions?.filter(({ type }) => !REMEMBERED.has(type)) ?? []
}

/** A failure of a pipeline task with `onError: continue` is seen, and does not count. */
function outcomeOf(run: TaskRun, verdict: Verdict): Verdict {
  const ignored = verdict.status === 'False' && run.metadata.annotations?.[ON_ERROR_ANNOTATION] === 'continue'
  const { TaskRunValidationFailed, TaskRunResultLargerThanAllowedLimit } = TASK_RUN_REASONS
  const byResults = verdict.reason === TaskRunValidationFailed || verdict.reason === TaskRunResultLargerThanAllowedLimit
  return ignored && !byResults ? { ...verdict, reason: TASK_RUN_REASONS.FailureIgnored } : verdict
}

interface Stop {
  readonly run: TaskRun
  readonly reason: string
  readonly pod: string
  readonly now: number
}

function endedStep(step: StepState, { run, reason, pod, now }: Stop): StepState {
  // What it waits for in vain is said nowhere else.
  const tells = step.waiting && reason === TASK_RUN_REASONS.CreateContainerConfigError
  if (step.terminated || tells) return step
  const { waiting: _, running, ...kept } = step
  return {
    ...kept,
    terminated: {
      exitCode: 1,
      reason,
      message: `Step ${step.name} terminated as pod ${pod} is terminated`,
      // As in Tekton, where the field has to be there: what never ran began with the run.
      startedAt: running?.startedAt ?? run.metadata.creationTimestamp,
      finishedAt: toTimestamp(now),
    },
    terminationReason: reason,
  }
}

/**
 * The life of a TaskRun. Each call looks at what is true now and says the next step; nothing is remembered but the status.
 *
 *   pending      `spec.status: TaskRunPending`, never started. Leaves when the word is taken away.
 *   started      `startTime` is set and the clock of `timeout` runs. The task is looked up (`ResolvingTaskRef`,
 *                `ResolvingStepActionRef`), checked and put into `status.taskSpec`, which no later change of the Task touches.
 *   inherited    Instead of a Pod: in a run from a failed one, what an earlier TaskRun that was the same came to.
 *   pod made     First what it needs (entrypoint, claims, large scripts), then the Pod; its name is derived, so making
 *                it again is finding it. `podName` is in the status from then on, and a Pod that vanishes now ends the
 *                attempt: our last look at it may be old, and its steps must not run twice.
 *   waiting      The Pod is there, no step ran (`Pending`, `PullImageFailed`, `ExceededNodeResources`). An image that cannot
 *                be pulled or a Secret that is missing ends the attempt.
 *   running      A step's container has started. With sidecars, the first step is held until they are ready and we set
 *                the Pod's `ready` annotation.
 *   stopping     All steps ended, and sidecars that are native or have the ports of their node still run: they are waited
 *                for a bounded time. What the steps came to is in the status (`StepsDone`) and stands, whatever happens to
 *                the Pod.
 *   done         Steps ended (`Succeeded`, or a reason why not), sidecars were asked to stop, results are written. Or the
 *                run was cancelled or ran out of time: the Pod is deleted, its steps are marked.
 *   to be retried  An attempt failed, by whatever cause but cancelling, and `spec.retries` or a budget pays. As long as its Pod
 *                stands the run waits; then the attempt moves into `retriesStatus` and the next one starts from `started`,
 *                after a pause if it was the infrastructure that failed.
 *
 * What the Pod says counts before the clock: a Pod that has ended is never timed out. Done is never left again; only how
 * sidecars ended is told later.
 */

import { formatDuration } from '../../lib/duration.js'
import { READY_ANNOTATION } from '../../resources/annotations.js'
import type { Pod } from '../../resources/core.js'
import { keyOf } from '../../resources/meta.js'
import { problemsText } from '../../resources/problem.js'
import type { TaskRun, TaskRunStatus, TaskSpec } from '../../resources/tekton.js'
import { withPause } from '../../run/debug-pause.js'
import { isTakenBy } from '../../run/managed-by.js'
import { podName } from '../../run/names.js'
import { retryBudgetProblems } from '../../run/retry-budgets.js'
import type { EvaluateCel } from '../../run/when.js'
import { withDefaultBindings } from '../../run/workspaces.js'
import { isDone, withSucceeded } from '../../status/conditions.js'
import { isFinished, statusFromPod, type Verdict } from '../../status/from-pod.js'
import { TASK_RUN_REASONS, type TaskRunReason, USER_ERROR } from '../../status/reasons.js'
import { SPAN_ANNOTATIONS, spanContextOf } from '../../status/span-context.js'
import type { Action, Decision, TaskRunWorld } from '../decision.js'
import { inherit, withInheritance } from './inherit.js'
import { lostAt, lostOnNode, vanished } from './lost-pods.js'
import { toleratedUntil, whileWaiting } from './patience.js'
import { restingUntil } from './retries.js'
import { inheritedMeta } from './task-metadata.js'
import { deadlineOf, onPod, podOfAttempt, startingAt, timeoutOf, waiting } from './task-run-attempt.js'
import {
  failed,
  finishByPod,
  finishBySidecars,
  pendingFailure,
  sidecarsOf,
  statesOf,
  stopPod,
} from './task-run-endings.js'
import { awaitImage } from './task-run-image.js'
import { createPod, podNotMade } from './task-run-pod.js'
import { stepsOutcome } from './task-run-sidecars.js'
import { preparedTask } from './task-run-task.js'
import { checkVolumes } from './task-run-volumes.js'

type TaskRunDecision = Decision<TaskRunStatus>

const NO_CEL: EvaluateCel = () => new Error('CEL expressions are not available here')

export function reconcileTaskRun(
  run: TaskRun,
  world: TaskRunWorld,
  evaluateCel: EvaluateCel = NO_CEL,
): TaskRunDecision {
  const before = run.status ?? {}
  if (isDone(run) || !isTakenBy(world.settings, run.spec.managedBy)) return { actions: [], status: before }
  const outcome = stepsOutcome(before)
  if (outcome) return stopping(run, before, world, outcome)
  if (run.spec.status === 'TaskRunCancelled') return cancelled(run, before, world)
  if (run.spec.status === 'TaskRunPending' && before.startTime === undefined && !before.retriesStatus) {
    return waiting(before, TASK_RUN_REASONS.TaskRunPending, `TaskRun "${run.metadata.name}" is pending`, world.now)
  }
  const resting = restingUntil(before)
  if (resting !== undefined && world.now < resting) return { actions: [], status: before, lookAgainAt: resting }
  const spanContext = before.spanContext ?? spanContextOf(run.metadata.annotations?.[SPAN_ANNOTATIONS.TaskRun])
  const status: TaskRunStatus = {
    ...before,
    startTime: before.startTime ?? startingAt(run, world.now),
    ...(spanContext && { spanContext }),
  }
  const deadline = deadlineOf(run, status, world)
  const decision = started(run, status, world, deadline, evaluateCel)
  const done = isDone({ status: decision.status })
  if (done || deadline === undefined || pendingFailure(decision.status)) return decision
  return { ...decision, lookAgainAt: Math.min(decision.lookAgainAt ?? deadline, deadline) }
}

function started(
  run: TaskRun,
  status: TaskRunStatus,
  world: TaskRunWorld,
  deadline: number | undefined,
  evaluateCel: EvaluateCel,
): TaskRunDecision {
  const { now } = world
  const pod = podOfAttempt(run, status, world)
  const failing = pendingFailure(status)
  if (failing) {
    const standing = pod && !isFinished(pod) ? pod : undefined
    const sidecars = pod && status.taskSpec && sidecarsOf(statusFromPod(run.metadata.name, status.taskSpec, pod))
    return failed(run, { ...status, ...sidecars }, failing, standing, [], world)
  }
  if (pod && status.taskSpec) {
    const decision = byPod(run, onPod(status, pod.metadata.name), status.taskSpec, pod, world)
    if (decision) return decision
  }
  if (deadline !== undefined && now >= deadline) {
    const words = `TaskRun "${run.metadata.name}" failed to finish within "${formatDuration(timeoutOf(run, world))}"`
    // What holds it up now may not have been told yet.
    const seen = pod && status.taskSpec ? follow(run, status, status.taskSpec, pod, world).status : status
    const message = `${words}${previously(seen)}${heldBack(run, status, pod)}`
    const reason = TASK_RUN_REASONS.TaskRunTimeout
    return stopPod(run, status, status.taskSpec, { reason, message }, { ...world, pod })
  }
  if (pod && status.taskSpec) return follow(run, onPod(status, pod.metadata.name), status.taskSpec, pod, world)
  if (pod === undefined && status.podName) {
    return stopPod(run, status, status.taskSpec, vanished(run.metadata.name, status), { ...world, pod: undefined })
  }
  return begin(run, status, world, pod, evaluateCel)
}

/** From the reference to the Pod. */
function begin(
  run: TaskRun,
  status: TaskRunStatus,
  world: TaskRunWorld,
  pod: Pod | undefined,
  evaluateCel: EvaluateCel,
): TaskRunDecision {
  const { now, settings } = world
  const { name, namespace } = run.metadata
  const meta = inheritedMeta(run, world)
  const inheriting = { ...run, metadata: { ...run.metadata, annotations: meta.annotations } }
  const fail = (reason: TaskRunReason, message: string, seen: TaskRunStatus): TaskRunDecision => ({
    ...failed(inheriting, seen, { reason, message }, undefined, [], world),
    ...meta.added,
  })

  const found = preparedTask(run, status, world)
  if (found.is === 'awaited') return found.decision
  if (found.is === 'wrong') return fail(found.reason, found.message, found.status)
  const { task, status: known } = found
  // The run's own were looked at before; these are the Task's.
  const unreadable = retryBudgetProblems(meta.annotations)
  if (unreadable.length > 0) {
    return fail(TASK_RUN_REASONS.TaskRunValidationFailed, USER_ERROR + problemsText(unreadable), known)
  }
  // Made by a pass that could not write its status.
  if (pod) {
    const begun = onPod(known, pod.metadata.name)
    return { ...(byPod(run, begun, task, pod, world) ?? follow(run, begun, task, pod, world)), ...meta.added }
  }

  const inheritance = inherit(run, known, world)
  const added = withInheritance(meta.added, inheritance)
  if (inheritance?.is === 'inherited') return { actions: [], status: inheritance.status, ...added }

  const attempt = status.retriesStatus?.length ?? 0
  const wanted = podName(name, attempt)
  // The TaskRun that had this name was deleted, and its Pod has its grace: its removal wakes us.
  if (world.stranger === 'leaves') {
    return waiting(known, TASK_RUN_REASONS.Pending, `waiting for the pod "${wanted}" of a deleted run to go`, now)
  }
  if (world.stranger) {
    const message = `failed to create task run pod "${name}": a pod "${namespace}/${wanted}" exists and does not belong to this TaskRun. Delete that pod, or give the TaskRun another name`
    return fail(TASK_RUN_REASONS.PodCreationFailed, message, known)
  }
  const bound = withDefaultBindings(run, task.workspaces, settings.taskRunWorkspaceBinding)
  const made = createPod(bound, task, world, {
    attempt,
    timeoutMs: withPause(run.metadata, timeoutOf(run, world)),
    meta,
    evaluateCel,
  })
  if (made.is === 'unasked') return { actions: [], status: known, asks: made.question }
  if (made.is === 'awaited') return { ...awaitImage(inheriting, known, made, world), ...added }
  if (made.is === 'impossible') return fail(TASK_RUN_REASONS.PodCreationFailed, podNotMade(run, made.message), known)
  if (made.is === 'wrong') return fail(TASK_RUN_REASONS.TaskRunValidationFailed, USER_ERROR + made.message, known)
  return {
    actions: made.actions,
    status: {
      ...onPod(known, wanted),
      // What the new Pod will say as well: said now, it is one write less.
      conditions: withSucceeded(status.conditions, 'Unknown', TASK_RUN_REASONS.Pending, 'Pending', now),
    },
    ...added,
  }
}

/** What the Pod has decided already; undefined while it is still at it. */
function byPod(
  run: TaskRun,
  status: TaskRunStatus,
  task: TaskSpec,
  pod: Pod,
  world: TaskRunWorld,
): TaskRunDecision | undefined {
  const report = statusFromPod(run.metadata.name, task, pod)
  if (report.verdict.status !== 'Unknown') return finishByPod(run, status, report, pod, world)
  const { hindrance } = report
  const isHindered = hindrance !== undefined && world.now >= toleratedUntil(hindrance, world)
  const failure = isHindered ? hindrance : lostOnNode(pod, report, world.now)
  return failure && stopPod(run, status, task, failure, { ...world, pod })
}

function follow(run: TaskRun, status: TaskRunStatus, task: TaskSpec, pod: Pod, world: TaskRunWorld): TaskRunDecision {
  const { now } = world
  const report = statusFromPod(run.metadata.name, task, pod)
  const { reason, message } = whileWaiting(pod, report, world)
  const held = pod.metadata.annotations?.[READY_ANNOTATION] === undefined
  const actions: readonly Action[] =
    held && report.sidecarsReady
      ? [
          {
            do: 'annotate',
            kind: 'Pod',
            key: keyOf(pod),
            uid: pod.metadata.uid,
            annotations: { [READY_ANNOTATION]: 'READY' },
          },
        ]
      : []
  const volumes = checkVolumes(run, pod, world)
  const lookAgainAt = report.hindrance ? toleratedUntil(report.hindrance, world) : (lostAt(pod) ?? volumes.lookAgainAt)
  return {
    actions: [...actions, ...volumes.actions],
    status: { ...waiting(status, reason, message, now).status, ...statesOf(report, status) },
    ...(lookAgainAt !== undefined && { lookAgainAt }),
  }
}

/** Past its steps, a run neither times out nor can be cancelled. */
function stopping(run: TaskRun, status: TaskRunStatus, world: TaskRunWorld, outcome: Verdict): TaskRunDecision {
  const { now } = world
  const pod = podOfAttempt(run, status, world)
  const report = pod && status.taskSpec && statusFromPod(run.metadata.name, status.taskSpec, pod)
  return finishBySidecars(run, status, report, outcome, { pod, now })
}

function cancelled(run: TaskRun, status: TaskRunStatus, world: TaskRunWorld): TaskRunDecision {
  const pod = podOfAttempt(run, status, world)
  const seen = pod ? onPod(status, pod.metadata.name) : status
  const message = `TaskRun "${run.metadata.name}" was cancelled. ${run.spec.statusMessage ?? ''}${previously(status)}`
  const task = status.taskSpec ?? (world.task.is === 'found' ? world.task.value : undefined)
  return stopPod(run, seen, task, { reason: TASK_RUN_REASONS.TaskRunCancelled, message }, { ...world, pod })
}

/** The steps had not so much as begun. */
function heldBack(run: TaskRun, { taskSpec }: TaskRunStatus, pod: Pod | undefined): string {
  if (pod === undefined || taskSpec === undefined || pod.status?.phase !== 'Running') return ''
  if (pod.metadata.annotations?.[READY_ANNOTATION] !== undefined) return ''
  const { unreadySidecars } = statusFromPod(run.metadata.name, taskSpec, pod)
  if (unreadySidecars.length === 0) return ''
  return `. No step was begun, because these were not ready: ${unreadySidecars.join(', ')}`
}

const TELLS_NOTHING: ReadonlySet<string | undefined> = new Set<Verdict['reason'] | undefined>([
  undefined,
  'Started',
  'Running',
  'TaskRunPending',
])

/** What held the run up before it was stopped, if anything did. */
function previously({ conditions }: TaskRunStatus): string {
  const last = conditions?.find(({ type }) => type === 'Succeeded')
  // A Pod that is only new says `Pending`, and nothing of why.
  const tellsNothing = TELLS_NOTHING.has(last?.reason) || !last?.message || last.message === last.reason
  return tellsNothing ? '' : `\nPrevious status: [${last.reason}] ${last.message}`
}

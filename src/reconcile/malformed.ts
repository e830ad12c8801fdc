/**
 * Runs that are not what they claim to be. Admission lets none in; but an API server without our webhook does, and others
 * may write a status. Such a run fails itself, with a reason, and the ones around it see only what is sound of it.
 */
import { toTimestamp } from '../lib/time.js'
import { unspeakable } from '../resources/as-read.js'
import { KINDS, type Kind } from '../resources/kinds.js'
import { type Problem, problemsText } from '../resources/problem.js'
import { asRecord, isRecord, type Shape, storedProblems } from '../resources/shape.js'
import { RUN_STATUS } from '../resources/shapes-status.js'
import { tektonSpecShape } from '../resources/shapes-tekton.js'
import type { CustomRun, PipelineRun, TaskRun } from '../resources/tekton.js'
import { retryBudgetProblems } from '../run/retry-budgets.js'
import { withSucceeded } from '../status/conditions.js'
import { PIPELINE_RUN_REASONS, TASK_RUN_REASONS, USER_ERROR } from '../status/reasons.js'

type Run = TaskRun | PipelineRun | CustomRun

/** Specs and statuses that were looked at already: the store hands out the same objects until they change. */
const sound = new WeakSet<object>()

/** What is wrong with the types in a run, as the message of its condition; undefined when nothing is. */
export function malformation({ kind, metadata, spec, status }: Run): string | undefined {
  const problems = [
    ...specProblems(kind, spec),
    ...(status === undefined ? [] : statusProblems(kind, status)),
    ...retryBudgetProblems(metadata.annotations),
  ]
  if (problems.length === 0) return undefined
  return `${USER_ERROR}${kind} ${metadata.namespace}/${metadata.name} is malformed: ${problemsText(problems)}`
}

/** The status of a wide run changes with every look, and the pipeline in it never does: it is read once. */
function statusProblems(kind: Run['kind'], status: unknown): ReturnType<typeof storedProblems> {
  if (!isRecord(status)) return found(RUN_STATUS[kind], status, 'status')
  if (sound.has(status)) return []
  const { pipelineSpec, ...rest } = status
  const isKnown = isRecord(pipelineSpec) && sound.has(pipelineSpec)
  const problems = storedProblems(RUN_STATUS[kind], isKnown ? rest : status, 'status')
  if (problems.length > 0) return problems
  sound.add(status)
  if (isRecord(pipelineSpec)) sound.add(pipelineSpec)
  return []
}

function found(shape: Shape, value: unknown, path: string): ReturnType<typeof storedProblems> {
  if (typeof value === 'object' && value !== null && sound.has(value)) return []
  const problems = storedProblems(shape, value, path)
  if (problems.length === 0) sound.add(value as object)
  return problems
}

/** Of a spec of tekton.dev, in the stored version. */
export function specProblems(kind: Kind, spec: unknown): readonly Problem[] {
  if (isRecord(spec) && sound.has(spec)) return []
  const problems = [
    ...storedProblems(tektonSpecShape(kind, KINDS[kind].version) ?? 'object', spec, 'spec'),
    ...unspeakable(kind, spec),
  ]
  if (problems.length === 0) sound.add(spec as object)
  return problems
}

/** A run that can be read: itself, or what is left of it without the fields of its status that nobody can make sense of. */
export function soundPart<R extends Run>(run: R): R {
  if (malformation(run) === undefined) return run
  const { fields } = RUN_STATUS[run.kind]
  const status = Object.entries(asRecord(run.status)).filter(([field, value]) => {
    const shape: Shape | undefined = Object.hasOwn(fields, field) ? fields[field] : undefined
    return shape === undefined || storedProblems(shape, value, field).length === 0
  })
  const isSound = specProblems(run.kind, run.spec).length === 0
  return { ...run, spec: isSound ? run.spec : {}, status: Object.fromEntries(status) }
}

/** The last status of a run that cannot be understood. `why` is a whole message. */
export function malformedStatus(
  run: TaskRun | PipelineRun,
  why: string,
  now: number,
): NonNullable<(TaskRun | PipelineRun)['status']> {
  const reason =
    run.kind === 'TaskRun' ? TASK_RUN_REASONS.TaskRunValidationFailed : PIPELINE_RUN_REASONS.PipelineValidationFailed
  const status = soundPart(run).status ?? {}
  return {
    ...status,
    startTime: status.startTime ?? toTimestamp(now),
    completionTime: toTimestamp(now),
    conditions: withSucceeded(status.conditions, 'False', reason, why, now),
  }
}

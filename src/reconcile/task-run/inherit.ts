/**
 * Whether a TaskRun takes over the outcome of one of an earlier run instead of running. It does when that one succeeded
 * and was the same: what it ran (with everything replaced that was known), its params, workspaces, account and Pod
 * template. What says only how long or how often it may run does not count.
 */
import { sameJson } from '../../lib/same-json.js'
import { toTimestamp } from '../../lib/time.js'
import {
  FROM_FAILED_WORKSPACES_ANNOTATION,
  INHERIT_FROM_ANNOTATION,
  INHERITED_FROM_ANNOTATION,
  NOT_INHERITED_ANNOTATION,
} from '../../resources/annotations.js'
import type { TaskRun, TaskRunStatus, TaskSpec } from '../../resources/tekton.js'
import { substituteTaskSpec } from '../../run/substitute-task.js'
import { retryCountReplacements } from '../../run/task-variables.js'
import { succeededCondition, withSucceeded } from '../../status/conditions.js'
import { TASK_RUN_REASONS } from '../../status/reasons.js'
import type { Decision, TaskRunWorld } from '../decision.js'
import { preparedTask } from './task-run-task.js'

export type Inheritance =
  | { readonly is: 'inherited'; readonly from: string; readonly status: TaskRunStatus }
  /** It runs, and says why. */
  | { readonly is: 'refused'; readonly why: string }

/** The TaskRun to look at; undefined where there is none, or it has been looked at and was another. */
export function inheritsFrom({ metadata: { annotations }, status }: TaskRun): string | undefined {
  const isDecided = annotations?.[NOT_INHERITED_ANNOTATION] !== undefined || status?.podName || status?.retriesStatus
  return isDecided ? undefined : annotations?.[INHERIT_FROM_ANNOTATION] || undefined
}

/** Undefined when nothing is to be taken over. `status` is that of a run whose task is known and which has no Pod. */
export function inherit(run: TaskRun, status: TaskRunStatus, world: TaskRunWorld): Inheritance | undefined {
  const from = inheritsFrom(run)
  if (from === undefined) return undefined
  const { earlier, now } = world
  const why = difference(run, earlier, world)
  if (earlier === undefined || why !== undefined) {
    return { is: 'refused', why: why ?? `TaskRun "${from}" does not exist any more` }
  }
  const { results, artifacts } = earlier.status ?? {}
  const of = earlier.metadata.labels?.['tekton.dev/pipelineRun']
  const message = `Taken over from TaskRun "${from}"${of ? ` of PipelineRun "${of}"` : ''}, which succeeded and was the same`
  return {
    is: 'inherited',
    from,
    status: {
      ...status,
      ...(status.taskSpec && { taskSpec: substituteTaskSpec(status.taskSpec, retryCountReplacements(0)) }),
      ...(results && { results }),
      ...(artifacts && { artifacts }),
      completionTime: toTimestamp(now),
      conditions: withSucceeded(status.conditions, 'True', TASK_RUN_REASONS.Succeeded, message, now),
    },
  }
}

/** With what the run gains by it. */
export function withInheritance(
  added: Pick<Decision<unknown>, 'labels' | 'annotations'>,
  inheritance: Inheritance | undefined,
): Pick<Decision<unknown>, 'labels' | 'annotations'> {
  if (inheritance === undefined) return added
  const told =
    inheritance.is === 'inherited'
      ? { [INHERITED_FROM_ANNOTATION]: inheritance.from }
      : { [NOT_INHERITED_ANNOTATION]: inheritance.why }
  return { ...added, annotations: { ...added.annotations, ...told } }
}

function difference(run: TaskRun, earlier: TaskRun | undefined, world: TaskRunWorld): string | undefined {
  if (earlier === undefined) return undefined
  const { name } = earlier.metadata
  const condition = succeededCondition(earlier)
  if (condition?.status !== 'True') return `TaskRun "${name}" did not succeed (${condition?.reason ?? 'not begun'})`
  const before = earlier.spec
  const param = changed(run.spec.params ?? [], before.params ?? [])
  if (param !== undefined) return `param "${param}" has another value than in TaskRun "${name}"`
  const workspace = changed(run.spec.workspaces ?? [], before.workspaces ?? [])
  const isInsisted = run.metadata.annotations?.[FROM_FAILED_WORKSPACES_ANNOTATION] === 'ignore'
  if (workspace !== undefined && !isInsisted) {
    return `workspace "${workspace}" is another volume than in TaskRun "${name}", so what that wrote is not there`
  }
  if ((run.spec.serviceAccountName ?? '') !== (before.serviceAccountName ?? ''))
    return `TaskRun "${name}" had another service account`
  if (!sameJson(run.spec.podTemplate, before.podTemplate)) return `TaskRun "${name}" had another podTemplate`
  return isSameTask(run, earlier, world) ? undefined : `the task is not what TaskRun "${name}" ran`
}

/** Names and uid of a run are part of what its task says: both are asked what they would say under the earlier ones. */
function isSameTask(run: TaskRun, earlier: TaskRun, world: TaskRunWorld): boolean {
  const workspaces = earlier.spec.workspaces
  const asEarlier: TaskRun = {
    ...run,
    metadata: earlier.metadata,
    spec: { ...run.spec, ...(workspaces && { workspaces }) },
  }
  const prepared = preparedTask(asEarlier, {}, world)
  if (prepared.is !== 'prepared') return false
  const attempts = earlier.status?.retriesStatus?.length ?? 0
  const task: TaskSpec = substituteTaskSpec(prepared.task, retryCountReplacements(attempts))
  return sameJson(task, earlier.status?.taskSpec)
}

/** The name of the first that is not the same, or only in one of the lists. */
function changed(
  now: readonly { readonly name: string }[],
  before: readonly { readonly name: string }[],
): string | undefined {
  const known = new Map(before.map(one => [one.name, one]))
  const names = new Set(now.map(one => one.name))
  const other = now.find(one => !sameJson(one, known.get(one.name))) ?? before.find(one => !names.has(one.name))
  return other?.name
}

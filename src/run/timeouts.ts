/** When a PipelineRun's clocks run out. Everything in ms; `undefined` is "no limit". */
import { formatDuration, parseDuration } from '../lib/duration.js'
import { fromTimestamp } from '../lib/time.js'
import type { PipelineRun, PipelineTask } from '../resources/tekton.js'

export interface Timeouts {
  readonly pipeline: number | undefined
  readonly tasks: number | undefined
  readonly finally: number | undefined
}

/** The missing one of `tasks` and `finally` is what the other leaves of `pipeline`. */
export function timeoutsOf(run: PipelineRun, defaultMs: number): Timeouts {
  const spec = run.spec.timeouts
  const pipeline = limit(written(spec?.pipeline) ?? defaultMs)
  const tasks = written(spec?.tasks)
  const last = written(spec?.finally)
  const rest = (other: number | undefined) =>
    pipeline === undefined || other === undefined || other === 0 ? undefined : Math.max(0, pipeline - other)
  return {
    pipeline,
    tasks: tasks === undefined ? rest(last) : limit(tasks),
    finally: last === undefined ? rest(tasks) : limit(last),
  }
}

/** The moments, epoch ms. The one of `finally` is known once finally has begun. */
export function deadlinesOf(timeouts: Timeouts, startTime: string, finallyStartTime: string | undefined): Timeouts {
  const after = (from: string | undefined, ms: number | undefined) =>
    from === undefined || ms === undefined ? undefined : fromTimestamp(from) + ms
  return {
    pipeline: after(startTime, timeouts.pipeline),
    tasks: after(startTime, timeouts.tasks),
    finally: after(finallyStartTime, timeouts.finally),
  }
}

/**
 * The child's own timeout, as Go prints it: `taskRunSpecs` over the pipeline task over the limit of its section, where that
 * is larger than the default or none at all (else the child's default would cut it short). Absent: the child's default.
 */
export function childTimeout(
  run: PipelineRun,
  task: PipelineTask,
  isFinal: boolean,
  defaultMs: number,
): string | undefined {
  const own = run.spec.taskRunSpecs?.findLast(spec => spec.pipelineTaskName === task.name)
  const asked = written(own?.timeout ?? task.timeout)
  if (asked !== undefined) return formatDuration(asked)
  const section = isFinal ? 'finally' : 'tasks'
  const { pipeline, ...limits } = timeoutsOf(run, defaultMs)
  const isEndless = (text: string | undefined) => written(text) === 0
  if (isEndless(run.spec.timeouts?.[section])) return formatDuration(0)
  // A nested pipeline is as large a thing as the one around it.
  const isNested = task.pipelineRef !== undefined || task.pipelineSpec !== undefined
  if (isNested && limits[section] === undefined && pipeline === undefined) return formatDuration(0)
  const rest = limits[section] ?? (isNested ? pipeline : undefined)
  return rest !== undefined && rest > defaultMs ? formatDuration(rest) : undefined
}

function written(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text)
}

function limit(ms: number): number | undefined {
  return ms === 0 ? undefined : ms
}

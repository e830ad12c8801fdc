/** The present attempt of a TaskRun: since when it runs and for how long it may, which Pod is its own, what it waits for. */
import { parseDuration } from '../../lib/duration.js'
import { fromTimestamp, toTimestamp } from '../../lib/time.js'
import type { Pod } from '../../resources/core.js'
import type { TaskRun, TaskRunStatus } from '../../resources/tekton.js'
import { withPause } from '../../run/debug-pause.js'
import { podName } from '../../run/names.js'
import { defaultTimeoutMs } from '../../run/settings.js'
import { withSucceeded } from '../../status/conditions.js'
import type { TaskRunReason } from '../../status/reasons.js'
import type { Decision, TaskRunWorld } from '../decision.js'

/** Not before the run was made: another machine's clock may be ahead of ours. */
export function startingAt({ metadata: { creationTimestamp } }: TaskRun, now: number): string {
  const made = fromTimestamp(creationTimestamp)
  return toTimestamp(Number.isFinite(made) ? Math.max(made, now) : now)
}

/** 0 for no end. */
export function timeoutOf(run: TaskRun, { settings }: Pick<TaskRunWorld, 'settings'>): number {
  const written = run.spec.timeout === undefined ? undefined : parseDuration(run.spec.timeout)
  return written ?? defaultTimeoutMs(settings)
}

/** Epoch ms. Start times are cut to whole seconds, so one is added: a step gets all of its time. */
export function deadlineOf(run: TaskRun, status: TaskRunStatus, world: TaskRunWorld): number | undefined {
  const timeoutMs = withPause(run.metadata, timeoutOf(run, world))
  if (timeoutMs === 0 || status.startTime === undefined) return undefined
  return fromTimestamp(status.startTime) + timeoutMs + 1_000
}

/** Ours, and of the present attempt: the world was observed before this status may have moved on. */
export function podOfAttempt(run: TaskRun, status: TaskRunStatus, world: TaskRunWorld): Pod | undefined {
  const name = podName(run.metadata.name, status.retriesStatus?.length ?? 0)
  return world.pod?.metadata.name === name ? world.pod : undefined
}

/** The states of steps are those of one Pod: what is left of the attempt before goes when the next one has its own. */
export function onPod(status: TaskRunStatus, name: string): TaskRunStatus {
  if (status.podName === name) return status
  const { steps, sidecars: _, ...fresh } = status
  const kept = steps?.flatMap(({ name, container, provenance }) =>
    provenance ? [{ name, container, provenance }] : [],
  )
  return { ...fresh, podName: name, ...(kept && kept.length > 0 && { steps: kept }) }
}

export function waiting(
  status: TaskRunStatus,
  reason: TaskRunReason,
  message: string,
  now: number,
): Decision<TaskRunStatus> {
  return {
    actions: [],
    status: { ...status, conditions: withSucceeded(status.conditions, 'Unknown', reason, message, now) },
  }
}

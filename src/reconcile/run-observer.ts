/** Who wants to know what reconciling came to: Events, CloudEvents, metrics. */
import type { Change } from '../cluster/cluster.js'
import type { CustomRun, PipelineRun, TaskRun } from '../resources/tekton.js'
import type { Watched } from './wake/wakes.js'

/** Called after the fact, from within a pass: returns at once, never throws, and decides nothing. */
export interface RunObserver {
  /** A status was stored. Once for each write, by the process that wrote. */
  changed?(before: PipelineRun | TaskRun, after: PipelineRun | TaskRun): void
  /** What the watch of a kind says, in its order. */
  watched?(kind: Watched['kind'], change: Change<Watched>): void
  /** A CustomRun, whose status others write, was seen to change; the same state may be told again. */
  customRunSeen?(run: CustomRun): void
  /** A pass is over; after a fault of the infrastructure it is made again. */
  passed?(kind: 'PipelineRun' | 'TaskRun', ms: number, ended: 'well' | 'in a fault'): void
}

export const NOBODY: RunObserver = {}

/** Tells all of them. */
export function observers(...all: readonly RunObserver[]): RunObserver {
  return {
    changed(before, after) {
      for (const one of all) one.changed?.(before, after)
    },
    watched(kind, change) {
      for (const one of all) one.watched?.(kind, change)
    },
    customRunSeen(run) {
      for (const one of all) one.customRunSeen?.(run)
    },
    passed(kind, ms, ended) {
      for (const one of all) one.passed?.(kind, ms, ended)
    },
  }
}

/** Counts the runs that are not done, for the gauges on `/metrics`. It listens to the watcher: a watch costs the API server. */
import type { UnfinishedRuns } from '../src/metrics/run-metrics.js'
import type { RunObserver } from '../src/reconcile/run-observer.js'
import { isDone, succeededCondition } from '../src/status/conditions.js'

export interface UnfinishedRunsCount {
  readonly count: UnfinishedRuns
  readonly observer: RunObserver
}

/** Remembers the reason of what is unfinished, and nothing of what is done. */
export function countUnfinishedRuns(): UnfinishedRunsCount {
  const reasons = { PipelineRun: new Map<string, string>(), TaskRun: new Map<string, string>() }
  return {
    count(kind) {
      const counts = new Map<string, number>()
      for (const reason of reasons[kind].values()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
      return counts
    },
    observer: {
      watched(kind, change) {
        if (kind !== 'PipelineRun' && kind !== 'TaskRun') return
        const known = reasons[kind]
        if (change.type === 'listed') known.clear()
        for (const run of change.type === 'listed' ? change.items : [change.item]) {
          if (run.kind !== 'PipelineRun' && run.kind !== 'TaskRun') continue
          if (change.type === 'removed' || isDone(run)) known.delete(run.metadata.uid)
          else known.set(run.metadata.uid, succeededCondition(run)?.reason ?? '')
        }
      },
    },
  }
}

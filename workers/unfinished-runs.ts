/** Counts the runs that are not done, for the gauges on `/metrics`. */
import type { Change, Cluster } from '../src/cluster/cluster.js'
import type { UnfinishedRuns } from '../src/metrics/run-metrics.js'
import type { PipelineRun, TaskRun } from '../src/resources/tekton.js'
import { isDone, succeededCondition } from '../src/status/conditions.js'

export interface UnfinishedRunsCount {
  readonly count: UnfinishedRuns
  close(): Promise<void>
}

const KINDS = ['PipelineRun', 'TaskRun'] as const

/** Remembers the reason of what is unfinished, and nothing of what is done. */
export function countUnfinishedRuns(cluster: Cluster): UnfinishedRunsCount {
  const stop = new AbortController()
  const reasons = { PipelineRun: new Map<string, string>(), TaskRun: new Map<string, string>() }

  async function follow(kind: (typeof KINDS)[number]): Promise<void> {
    const known = reasons[kind]
    const changes: AsyncIterable<Change<PipelineRun | TaskRun>> = cluster.watch(kind, { unfinished: true }, stop.signal)
    for await (const change of changes) {
      if (change.type === 'listed') known.clear()
      for (const run of change.type === 'listed' ? change.items : [change.item]) {
        if (change.type === 'removed' || isDone(run)) known.delete(run.metadata.uid)
        else known.set(run.metadata.uid, succeededCondition(run)?.reason ?? '')
      }
    }
  }

  const following = KINDS.map(follow)
  return {
    count(kind) {
      const counts = new Map<string, number>()
      for (const reason of reasons[kind].values()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
      return counts
    },
    async close() {
      stop.abort()
      await Promise.all(following)
    },
  }
}

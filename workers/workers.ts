/** Sees what changed, takes names from the queue, gives each run one pass. */
import type { RunQueue } from '../src/queue/queue.js'
import { createFinishedChildren } from '../src/reconcile/observe/finished-children.js'
import type { ReconcileDeps } from '../src/reconcile/reconcile.js'
import { followLimitRanges } from './limit-ranges.js'
import { startWatcher } from './watcher.js'
import { startWorker } from './worker.js'

export interface Workers {
  /** Takes nothing more; resolves when passes in progress have ended. */
  close(): Promise<void>
}

export function startWorkers(
  deps: ReconcileDeps & { readonly queue: RunQueue },
  options: { readonly concurrency: number },
): Workers {
  const finished = createFinishedChildren()
  const limitRanges = followLimitRanges(deps.cluster)
  const worker = startWorker(deps.queue, { ...deps, finished, limitRanges: limitRanges.of }, options)
  const watcher = startWatcher({ ...deps, finished })
  return {
    async close() {
      await watcher.close()
      await worker.close()
      await limitRanges.close()
    },
  }
}

/** Takes names from the queue and gives each run one pass. */
import type { RunQueue, RunWorker } from '../src/queue/queue.js'
import { type ReconcileDeps, reconcile } from '../src/reconcile/reconcile.js'

export function startWorker(
  queue: RunQueue,
  deps: ReconcileDeps,
  options: { readonly concurrency: number },
): RunWorker {
  return queue.work(key => reconcile(deps, key), options)
}

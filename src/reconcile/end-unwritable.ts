/** The end of a run whose status cannot be stored any more. */
import { type Cluster, ClusterError } from '../cluster/cluster.js'
import type { Log } from '../lib/log.js'
import { toTimestamp } from '../lib/time.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { withSucceeded } from '../status/conditions.js'
import { NOBODY, type RunObserver } from './run-observer.js'
import { storeStatus } from './store-status.js'

/**
 * No status of a run that goes on can be stored, after many attempts or with many children. It never will be, so the run,
 * whose Pod or children were told to end, ends with the last status that it has.
 */
export async function endUnwritable(
  deps: { readonly cluster: Cluster; readonly log: Log; readonly observer?: RunObserver },
  run: PipelineRun | TaskRun,
  why: string,
  now: number,
): Promise<void> {
  const message = `the status of this run cannot be stored any more: ${why}. Use fewer retries, smaller results or smaller tasks`
  const status = {
    ...run.status,
    completionTime: toTimestamp(now),
    conditions: withSucceeded(run.status?.conditions, 'False', 'Failed', message, now),
  }
  const written = await storeStatus(deps, { ...run, status } as typeof run)
  if (written.is === 'refused') throw new ClusterError('Invalid', written.why)
  const { observer = NOBODY } = deps
  observer.changed?.(run, written.run)
}

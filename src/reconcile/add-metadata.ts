/** Labels and annotations that a run takes over from its Task or Pipeline, or gets from its own pass. */
import { type Cluster, isClusterError } from '../cluster/cluster.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import type { Decision } from './decision.js'

type Gained = Pick<Decision<unknown>, 'labels' | 'annotations'>

/** The run as it will be. */
export function withGained<R extends PipelineRun | TaskRun>(run: R, { labels, annotations }: Gained): R {
  if (labels === undefined && annotations === undefined) return run
  const metadata = {
    ...run.metadata,
    ...(labels && { labels: { ...run.metadata.labels, ...labels } }),
    ...(annotations && { annotations: { ...run.metadata.annotations, ...annotations } }),
  }
  return { ...run, metadata }
}

/** Resolves to the run as it is stored then. @throws ClusterError but 'Invalid' */
export async function addMetadata<Run extends PipelineRun | TaskRun>(
  { cluster, log }: { readonly cluster: Cluster; readonly log: Log },
  run: Run,
  gained: Gained,
): Promise<Run> {
  if (gained.labels === undefined && gained.annotations === undefined) return run
  try {
    return (await cluster.replace(run.kind, withGained(run, gained) as never)) as Run
  } catch (error) {
    if (!isClusterError(error, 'Invalid')) throw error
    // Together they are too much for one object. No later pass could change that, so the run goes on without.
    log.warn('a run does not get the labels and annotations of its task or pipeline', {
      run: `${run.kind}/${run.metadata.namespace}/${run.metadata.name}`,
      cause: describeError(error),
    })
    return run
  }
}

/** Writes a run's status, also one that is too large: detail is dropped, and what the run came to is still written. */
import { type Cluster, ClusterError } from '../cluster/cluster.js'
import type { Log } from '../lib/log.js'
import { shortened } from '../lib/shortened.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { isDone } from '../status/conditions.js'
import { trimmedStatuses } from '../status/trim.js'

export type StoredStatus<Run> =
  | { readonly is: 'stored'; readonly run: Run }
  /** Not even what a run that goes on can do without helped. */
  | { readonly is: 'refused'; readonly why: string }

const MAX_WHY_CHARS = 500

/** @throws ClusterError but 'Invalid'; that too, when a run is done and not even its condition can be written. */
export async function storeStatus<Run extends PipelineRun | TaskRun>(
  { cluster, log }: { readonly cluster: Cluster; readonly log: Log },
  run: Run,
): Promise<StoredStatus<Run>> {
  const whole = await attempt(cluster, run)
  if (!(whole instanceof ClusterError)) return { is: 'stored', run: whole }
  const why = `${whole.by === 'size' ? 'it is too large' : 'the API server refuses it'} (${shortened(whole.message, MAX_WHY_CHARS)})`
  const isEnd = isDone(run)
  let refusal = whole
  for (const { status, leftOut } of trimmedStatuses(run.kind, run.status ?? {}, { isEnd, why })) {
    const stored = await attempt(cluster, { ...run, status } as Run)
    if (!(stored instanceof ClusterError)) {
      const { namespace, name } = run.metadata
      log[isEnd ? 'warn' : 'debug']('a status is stored without detail', {
        run: `${run.kind}/${namespace}/${name}`,
        leftOut,
        cause: whole.message,
      })
      return { is: 'stored', run: stored }
    }
    refusal = stored
  }
  if (isEnd) throw refusal
  return { is: 'refused', why: shortened(whole.message, MAX_WHY_CHARS) }
}

async function attempt<Run extends PipelineRun | TaskRun>(cluster: Cluster, run: Run): Promise<Run | ClusterError> {
  try {
    return (await cluster.replaceStatus(run.kind, run as never)) as Run
  } catch (error) {
    if (error instanceof ClusterError && error.reason === 'Invalid') return error
    throw error
  }
}

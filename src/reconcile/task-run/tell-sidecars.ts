/**
 * Sidecars that end after their run is done. Its status then tells how, as in Tekton, and nothing else of it changes. A pass
 * looks when the Pod wakes it: a run whose Pod ended while no worker watched goes on saying that its sidecars run.
 */
import { isClusterError } from '../../cluster/cluster.js'
import { describeError } from '../../lib/fault.js'
import type { Outcome } from '../../queue/queue.js'
import type { Pod } from '../../resources/core.js'
import type { SidecarState, TaskRun } from '../../resources/tekton.js'
import { malformation } from '../malformed.js'
import type { ReconcileDeps } from '../reconcile.js'
import { isOwnedBy } from '../take-back.js'
import { isSidecarOpen, sidecarsAtEnd } from './task-run-sidecars.js'

const SETTLED: Outcome = { kind: 'settled' }

/** @param run is done. Reads its Pod only where a sidecar's end is still to be told. */
export async function tellSidecars(
  { cluster, log }: Pick<ReconcileDeps, 'cluster' | 'log'>,
  run: TaskRun,
): Promise<Outcome> {
  const { namespace, name } = run.metadata
  if (malformation(run) !== undefined || !run.status?.podName || !isSidecarOpen(run.status)) return SETTLED
  const pod = await cluster.get('Pod', { namespace, name: run.status.podName })
  const sidecars = pod && isOwnedBy(pod, run) ? readable(run, pod) : undefined
  if (sidecars === undefined) return SETTLED
  try {
    await cluster.replaceStatus('TaskRun', { ...run, status: { ...run.status, sidecars } })
  } catch (error) {
    if (isClusterError(error, 'Conflict')) return { kind: 'again', afterMs: 0 }
    // Gone meanwhile; or there is no room for it, and what the run came to counts for more.
    if (!isClusterError(error, 'NotFound') && !isClusterError(error, 'Invalid')) throw error
    log.debug('how sidecars ended is not told', { run: `TaskRun/${namespace}/${name}`, cause: describeError(error) })
  }
  return SETTLED
}

/** A Pod that nobody can make sense of says nothing, and the run has its end. */
function readable(run: TaskRun, pod: Pod): readonly SidecarState[] | undefined {
  try {
    return sidecarsAtEnd(run, pod)
  } catch {
    return undefined
  }
}

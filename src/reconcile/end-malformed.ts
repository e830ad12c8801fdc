/** The end of a run that nobody can make sense of. */
import { type Cluster, isClusterError } from '../cluster/cluster.js'
import type { Outcome } from '../queue/queue.js'
import { keyOf } from '../resources/meta.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { applyAction } from './apply.js'
import { malformedStatus, soundPart } from './malformed.js'
import { cancelChildren } from './pipeline-run/children.js'
import { reportDue } from './report-due.js'
import { NOBODY, type RunObserver } from './run-observer.js'

/** What cannot be understood ends, and so does what it has begun: found by its owner, as the run itself may name nothing. */
export async function endMalformed(
  { cluster, observer = NOBODY }: { readonly cluster: Cluster; readonly observer?: RunObserver },
  run: PipelineRun | TaskRun,
  message: string,
  now: number,
): Promise<Outcome> {
  const { namespace, uid } = run.metadata
  const owned = {
    namespace,
    labels: { [run.kind === 'TaskRun' ? 'tekton.dev/taskRunUID' : 'tekton.dev/pipelineRunUID']: uid },
  }
  try {
    for (const kind of run.kind === 'TaskRun' ? [] : (['TaskRun', 'PipelineRun', 'CustomRun'] as const)) {
      const children = await cluster.list(kind, owned)
      for (const action of cancelChildren(children.map(soundPart), 'cancelled')) await applyAction(cluster, action)
    }
    const pods = run.kind === 'TaskRun' ? await cluster.list('Pod', owned) : []
    for (const pod of pods) await cluster.delete('Pod', keyOf(pod), { uid: pod.metadata.uid })
    const status = malformedStatus(run, message, now)
    const stored = await cluster.replaceStatus(run.kind, { ...(await withReportDue(cluster, run)), status } as never)
    observer.changed?.(soundPart(run), soundPart(stored as typeof run))
    return { kind: 'settled' }
  } catch (error) {
    if (isClusterError(error, 'Conflict')) return { kind: 'again', afterMs: 0 }
    if (isClusterError(error, 'NotFound')) return { kind: 'settled' }
    throw error
  }
}

/** As every other run that ends: before its end is written. */
async function withReportDue(cluster: Cluster, run: PipelineRun | TaskRun): Promise<PipelineRun | TaskRun> {
  const due = reportDue(run)
  if (due === undefined) return run
  const metadata = { ...run.metadata, labels: { ...run.metadata.labels, ...due } }
  try {
    return (await cluster.replace(run.kind, { ...run, metadata } as never)) as PipelineRun | TaskRun
  } catch (error) {
    // Nothing can be changed in it but its status: it ends, and nobody is told.
    if (isClusterError(error, 'Invalid')) return run
    throw error
  }
}

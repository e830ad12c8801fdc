/** One run with all that belongs to it, as the store has it. */
import type { Cluster } from '../cluster/cluster.js'
import type { CustomRun, PipelineRun, TaskRun } from '../resources/tekton.js'

/** Of a PipelineRun with its children; a TaskRun stands alone. */
export interface FoundRun {
  readonly run: PipelineRun | TaskRun
  readonly taskRuns: readonly TaskRun[]
  readonly customRuns: readonly CustomRun[]
  /** Nested pipelines. */
  readonly children: readonly FoundPipelineRun[]
}

export interface FoundPipelineRun extends FoundRun {
  readonly run: PipelineRun
  readonly children: readonly FoundPipelineRun[]
}

/** Undefined when there is no such run. */
export type FindRun = (namespace: string, uid: string) => Promise<FoundRun | undefined>

const UID_LABEL = 'tekton.dev/pipelineRunUID'
/** Deeper than pipelines in pipelines may be. */
const MAX_DEPTH = 12

export function findLiveRun(cluster: Cluster): FindRun {
  return async (namespace, uid) => {
    const isWanted = (run: PipelineRun | TaskRun) => run.metadata.uid === uid
    const pipelineRun = (await cluster.list('PipelineRun', { namespace })).find(isWanted)
    if (pipelineRun) return withChildren(cluster, pipelineRun)
    const taskRun = (await cluster.list('TaskRun', { namespace })).find(isWanted)
    return taskRun && { run: taskRun, taskRuns: [], customRuns: [], children: [] }
  }
}

export async function withChildren(cluster: Cluster, run: PipelineRun, depth = 1): Promise<FoundPipelineRun> {
  const { namespace, uid } = run.metadata
  const selector = { namespace, labels: { [UID_LABEL]: uid } }
  const [taskRuns, customRuns, nested] = await Promise.all([
    cluster.list('TaskRun', selector),
    cluster.list('CustomRun', selector),
    depth < MAX_DEPTH ? cluster.list('PipelineRun', selector) : [],
  ])
  const children = await Promise.all(nested.map(child => withChildren(cluster, child, depth + 1)))
  return { run, taskRuns, customRuns, children }
}

/** One run with all that belongs to it, as the store has it, or the archive. */
import type { Cluster } from '../cluster/cluster.js'
import type { Resource } from '../resources/meta.js'
import type { RunRecord } from '../resources/run-record.js'
import type { RunSummary } from '../resources/run-summary.js'
import type { CustomRun, PipelineRun, TaskRun } from '../resources/tekton.js'
import type { RunIndex } from '../run-index/run-index.js'

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

export interface FindRunDeps {
  readonly cluster: Cluster
  readonly index: Pick<RunIndex, 'find'>
  /** Of one that is archived. */
  readonly record: (run: RunSummary) => Promise<RunRecord | undefined>
}

export function createFindRun({ cluster, index, record }: FindRunDeps): FindRun {
  return async (namespace, uid) => {
    const summary = await index.find(namespace, uid)
    const run = summary === undefined ? await newest(cluster, namespace, uid) : await cluster.get(summary.kind, summary)
    if (run !== undefined && run.metadata.uid === (summary?.uid ?? uid)) {
      return run.kind === 'PipelineRun' ? withChildren(cluster, run) : foundIn({ ...NO_CHILDREN, run })
    }
    const kept = summary && (await record(summary))
    return kept && foundIn(kept)
  }
}

/** Who has just made a run asks for it before the index has heard of it. */
async function newest(cluster: Cluster, namespace: string, uid: string): Promise<PipelineRun | TaskRun | undefined> {
  for (const kind of ['PipelineRun', 'TaskRun'] as const) {
    const all: readonly (PipelineRun | TaskRun)[] = await cluster.list(kind, { namespace })
    const found = all.find(({ metadata }) => metadata.uid === uid)
    if (found !== undefined) return found
  }
  return undefined
}

const NO_CHILDREN = { taskRuns: [], customRuns: [], pipelineRuns: [] }

function foundIn({ run, taskRuns, customRuns, pipelineRuns }: Omit<RunRecord, 'events'>): FoundRun {
  const isOf =
    (parent: PipelineRun | TaskRun) =>
    ({ metadata }: Pick<Resource, 'metadata'>): boolean =>
      metadata.ownerReferences?.some(({ uid }) => uid === parent.metadata.uid) ?? false
  const found = <T extends PipelineRun | TaskRun>(parent: T, depth: number): FoundRun & { readonly run: T } => ({
    run: parent,
    taskRuns: taskRuns.filter(isOf(parent)),
    customRuns: customRuns.filter(isOf(parent)),
    children: depth < MAX_DEPTH ? pipelineRuns.filter(isOf(parent)).map(child => found(child, depth + 1)) : [],
  })
  return found(run, 1)
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

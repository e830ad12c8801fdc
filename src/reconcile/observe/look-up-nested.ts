/** The Pipelines that pipeline tasks refer to by name, read before anything begins: one that is missing fails the run. */
import type { Cluster } from '../../cluster/cluster.js'
import { problemsText } from '../../resources/problem.js'
import type { PipelineRun, PipelineSpec } from '../../resources/tekton.js'
import type { Lookup } from '../decision.js'
import { specProblems } from '../malformed.js'

/** By pipeline task name. What has begun is decided; what a resolver is to find, the child run finds itself. */
export async function lookUpNested(
  cluster: Cluster,
  run: PipelineRun,
  spec: PipelineSpec | undefined,
): Promise<ReadonlyMap<string, Lookup<PipelineSpec>>> {
  const { childReferences = [], skippedTasks = [] } = run.status ?? {}
  if (childReferences.length + skippedTasks.length > 0) return new Map()
  const { namespace } = run.metadata
  const looked = [...(spec?.tasks ?? []), ...(spec?.finally ?? [])].flatMap(({ name: task, pipelineRef }) => {
    const name = pipelineRef?.resolver ? undefined : pipelineRef?.name
    return name === undefined ? [] : [lookUp(cluster, namespace, task, name)]
  })
  return new Map(await Promise.all(looked))
}

async function lookUp(
  cluster: Cluster,
  namespace: string,
  task: string,
  name: string,
): Promise<readonly [string, Lookup<PipelineSpec>]> {
  const found = await cluster.get('Pipeline', { namespace, name })
  const problems = found && specProblems('Pipeline', found.spec)
  if (problems?.length === 0) return [task, { is: 'found', value: found!.spec, from: found!.metadata }]
  const why = problems
    ? `Pipeline "${name}" is malformed: ${problemsText(problems)}`
    : `pipelines.tekton.dev "${name}" not found`
  const message = `Couldn't retrieve Pipeline "${name}": ${why}`
  return [task, { is: 'failed', reason: 'CouldntGetPipeline', message }]
}

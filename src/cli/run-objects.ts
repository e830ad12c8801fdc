/** A run with all that belongs to it, over HTTP; from the archive of an engine when it is gone. */
import type { FoundRun } from '../api/run-objects.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { type Client, ClientError } from './client/client.js'
import { segment } from './client/connect.js'
import { runsPath, unlessUnserved } from './client/runs-api.js'

export type RunKindName = 'PipelineRun' | 'TaskRun'

/** A PipelineRun, where there is one of that name, else a TaskRun. Undefined when there is neither. */
export async function readRun(
  client: Client,
  name: string,
  kinds: readonly RunKindName[] = ['PipelineRun', 'TaskRun'],
): Promise<FoundRun | undefined> {
  for (const kind of kinds) {
    const run = await client.get(kind, { namespace: client.namespace, name })
    if (run !== undefined) return withChildren(client, run)
  }
  return undefined
}

export async function withChildren<R extends PipelineRun | TaskRun>(
  client: Client,
  run: R,
): Promise<FoundRun & { readonly run: R }> {
  const { namespace, uid } = run.metadata
  if (run.kind === 'TaskRun') return { run, taskRuns: [], customRuns: [], children: [] }
  const query = { namespace, labelSelector: `tekton.dev/pipelineRunUID=${uid}` }
  const references = (run as PipelineRun).status?.childReferences ?? []
  const has = (kind: string) => references.some(reference => reference.kind === kind)
  const [taskRuns, customRuns, nested] = await Promise.all([
    client.list('TaskRun', query),
    has('CustomRun') ? client.list('CustomRun', query) : [],
    has('PipelineRun') ? client.list('PipelineRun', query) : [],
  ])
  const children = await Promise.all(nested.map(child => withChildren(client, child)))
  return { run, taskRuns, customRuns, children }
}

/** What the API of an engine says of a run that may be archived; undefined when it knows none, or there is no such API. */
export function ofRecord<T>(client: Client, name: string, what: 'graph' | 'explain'): Promise<T | undefined> {
  return unlessUnserved(client.read<T>(`${runsPath(client.namespace)}/${segment(name)}/${what}`))
}

export function noSuchRun(client: Client, name: string): ClientError {
  return new ClientError(
    404,
    `no PipelineRun or TaskRun "${name}" in namespace "${client.namespace}" of ${client.said}`,
  )
}

/** The newest PipelineRun. @throws ClientError when there is none */
export async function newestRun(client: Client): Promise<string> {
  const all = await client.list('PipelineRun', { namespace: client.namespace })
  const [newest] = [...all].sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1))
  if (newest !== undefined) return newest.metadata.name
  throw new ClientError(404, `no PipelineRuns in namespace "${client.namespace}" of ${client.said}`)
}

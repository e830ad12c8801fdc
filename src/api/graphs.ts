/** `runs/UID/graph` and `pipelines/NAME/graph` of `tektite.dev/v1alpha1`: what the dashboard and the command line draw. */
import type { Cluster } from '../cluster/cluster.js'
import type { RunGraph } from '../graph/graph.js'
import { pipelineGraph, runGraph } from '../graph/run-graph.js'
import { taskRunGraph } from '../graph/task-run-graph.js'
import { OWN_GROUP, OWN_VERSION, type OwnHandler, type OwnRequest, type OwnResource } from './own-resources.js'
import type { FindRun, FoundRun } from './run-objects.js'
import { ApiError } from './status.js'

export interface GraphDocument extends RunGraph {
  readonly apiVersion: string
  readonly kind: 'RunGraph'
}

export const GRAPH_RESOURCES: readonly OwnResource[] = [
  { name: 'runs/graph', singularName: '', kind: 'RunGraph', verbs: ['get'] },
]

export function graphsHandler(cluster: Cluster, findRun: FindRun): OwnHandler {
  return async request => {
    const { resource, name, subresource, method, path } = request
    if (subresource !== 'graph' || name === undefined || (resource !== 'runs' && resource !== 'pipelines'))
      return undefined
    if (method !== 'GET') {
      throw new ApiError(405, 'MethodNotAllowed', `${method} of ${path} is not supported: a graph can only be got`)
    }
    const graph =
      resource === 'runs' ? graphOf(await wanted(findRun, request, name)) : await ofPipeline(cluster, request, name)
    const body: GraphDocument = { apiVersion: `${OWN_GROUP}/${OWN_VERSION}`, kind: 'RunGraph', ...graph }
    return { code: 200, body }
  }
}

/** @throws ApiError 404 */
async function wanted(findRun: FindRun, { namespace }: OwnRequest, uid: string): Promise<FoundRun> {
  const found = await findRun(namespace, uid)
  if (found !== undefined) return found
  const message = `run "${uid}" not found in namespace "${namespace}": give a uid, as metadata.uid of a PipelineRun or TaskRun says it`
  throw new ApiError(404, 'NotFound', message)
}

function graphOf(found: FoundRun): RunGraph {
  return found.run.kind === 'TaskRun' ? taskRunGraph(found.run) : runGraph({ ...found, run: found.run })
}

async function ofPipeline(cluster: Cluster, { namespace }: OwnRequest, name: string): Promise<RunGraph> {
  const pipeline = await cluster.get('Pipeline', { namespace, name })
  if (pipeline) return pipelineGraph(pipeline.spec)
  throw new ApiError(404, 'NotFound', `Pipeline "${name}" not found in namespace "${namespace}"`)
}

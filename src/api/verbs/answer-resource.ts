/** From method, name and subresource to the verb, as Kubernetes calls them, and who carries it out. */
import { ClusterError } from '../../cluster/cluster.js'
import type { Answer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { formOf } from '../form.js'
import type { ObjectRequest, ResourceRequest } from '../request.js'
import { badRequest, methodNotAllowed, noSuchPath, refusedByStore } from '../status.js'
import { create } from './create.js'
import { deleteObject } from './delete.js'
import { deleteCollection } from './delete-collection.js'
import { exec } from './exec.js'
import { finalize } from './finalize.js'
import { get } from './get.js'
import { list } from './list.js'
import { logs } from './logs.js'
import { patch } from './patch.js'
import { update } from './update.js'

const OWN_PORTS = 'steps and sidecars listen on ports of the machine that runs them; connect to those'
/** Of a Pod: what does as well. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['attach', 'a step has no standard input; kubectl logs -f shows what it says, kubectl exec runs a command beside it'],
  ['portforward', OWN_PORTS],
  ['proxy', OWN_PORTS],
])

/** @throws ApiError */
export async function answerResource(deps: ApiDeps, request: ResourceRequest): Promise<Answer> {
  // Nothing is written for whom the outcome cannot be shown to.
  if (request.method !== 'GET') formOf(request)
  try {
    const answer = hasName(request) ? await answerObject(deps, request) : await answerCollection(deps, request)
    if (answer !== undefined) return answer
  } catch (error) {
    throw error instanceof ClusterError ? refusedByStore(error, request.info, request.name ?? '') : error
  }
  const { subresource, info } = request
  throw subresource === undefined || (subresource === 'status' && info.status) ? methodNotAllowed() : noSuchPath()
}

function hasName(request: ResourceRequest): request is ObjectRequest {
  return request.name !== undefined
}

async function answerCollection(deps: ApiDeps, request: ResourceRequest): Promise<Answer | undefined> {
  if (request.method === 'GET') return list(deps, request)
  if (request.method === 'POST') return create(deps, request)
  if (request.method === 'DELETE') return deleteCollection(deps, request)
  return undefined
}

async function answerObject(deps: ApiDeps, request: ObjectRequest): Promise<Answer | undefined> {
  const { method, subresource, info } = request
  if (info.id === 'Pod' && subresource !== undefined) {
    if (subresource === 'log') return logs(deps, request)
    if (subresource === 'exec') return exec(deps, request)
    const instead = INSTEAD.get(subresource)
    if (instead !== undefined) throw badRequest(`${subresource} is not supported by Tektite: ${instead}`)
  }
  if (subresource === 'finalize' && info.id === 'Namespace' && method === 'PUT') return finalize(deps, request)
  if (subresource === undefined || (subresource === 'status' && info.status)) {
    if (method === 'GET') return get(deps, request)
    if (method === 'PUT') return update(deps, request)
    if (method === 'PATCH') return patch(deps, request)
  }
  if (method === 'DELETE' && subresource === undefined) return deleteObject(deps, request)
  return undefined
}

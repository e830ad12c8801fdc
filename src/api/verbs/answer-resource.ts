/** From method, name and subresource to the verb, as Kubernetes calls them, and who carries it out. */
import type { Answer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import type { ObjectRequest, ResourceRequest } from '../request.js'
import { ApiError } from '../status.js'
import { create } from './create.js'
import { deleteObject } from './delete.js'
import { get } from './get.js'
import { list } from './list.js'
import { logs } from './logs.js'
import { patch } from './patch.js'
import { update } from './update.js'

/** @throws ApiError, ClusterError */
export async function answerResource(deps: ApiDeps, request: ResourceRequest): Promise<Answer> {
  const answer = hasName(request) ? await answerObject(deps, request) : await answerCollection(deps, request)
  if (answer !== undefined) return answer
  const { method, path } = request
  throw new ApiError(405, 'MethodNotAllowed', `${method} of ${path} is not supported by this version of Tektite`)
}

function hasName(request: ResourceRequest): request is ObjectRequest {
  return request.name !== undefined
}

async function answerCollection(deps: ApiDeps, request: ResourceRequest): Promise<Answer | undefined> {
  if (request.method === 'GET') return list(deps, request)
  if (request.method === 'POST') return create(deps, request)
  return undefined
}

async function answerObject(deps: ApiDeps, request: ObjectRequest): Promise<Answer | undefined> {
  const { method, subresource, info } = request
  if (subresource === 'log' && info.id === 'Pod') return logs(deps, request)
  if (subresource === undefined || subresource === 'status') {
    if (method === 'GET') return get(deps, request)
    if (method === 'PUT') return update(deps, request)
    if (method === 'PATCH') return patch(deps, request)
  }
  if (method === 'DELETE' && subresource === undefined) return deleteObject(deps, request)
  return undefined
}

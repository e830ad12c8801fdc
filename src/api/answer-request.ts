/** From a request to its answer: who asks, whether that is allowed, what is written down of it, and what is asked for. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendStatic } from '../dashboard/send-static.js'
import { type Attributes, attributesOf, isWrite } from './access/attributes.js'
import type { Authenticate } from './access/authenticate.js'
import { authorize } from './access/authorize.js'
import { answerReview } from './access/reviews.js'
import type { TokenUser } from './access/users.js'
import { type Answer, send } from './answer.js'
import { answerOwn } from './answer-own.js'
import type { ApiDeps } from './deps.js'
import { discover } from './discovery/discover.js'
import { healthAt } from './health.js'
import type { OwnHandler } from './own-resources.js'
import { withJsonBody } from './protobuf/json-body.js'
import { type ApiRequest, bodyOf, targetOf, type Upgrade } from './request.js'
import { parseRoute } from './route.js'
import { noSuchPath, statusOf } from './status.js'
import { answerResource } from './verbs/answer-resource.js'

/** What requests are answered from. */
export interface Served extends ApiDeps {
  readonly users: readonly TokenUser[]
  readonly authenticate: Authenticate
  /** What is no object of the store: see `own-resources.ts`. */
  readonly own: readonly OwnHandler[]
  readonly stopping: AbortSignal
  /** One for each answer under way. */
  readonly answering: Set<AbortController>
}

/** Sends the answer, too. @throws ApiError, or whatever broke: nothing was sent then, or not all of it */
export async function answerRequest(
  deps: Served,
  incoming: IncomingMessage,
  response: ServerResponse,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const { path, query } = targetOf(incoming)
  const health = healthAt({ path, query }, deps.stopping.aborted)
  if (health !== undefined) {
    response.writeHead(health.code, { 'content-type': 'text/plain; charset=utf-8' }).end(health.text)
    return
  }
  const page = await deps.dashboard?.(incoming.method ?? 'GET', path, incoming.headers)
  if (page !== undefined) return sendStatic(response, page)
  const user = deps.authenticate(incoming.headers)
  const gone = new AbortController()
  deps.answering.add(gone)
  const connection = upgrade?.socket ?? response
  connection.once('close', () => {
    deps.answering.delete(gone)
    // An abort makes an error with a stack: not for each answer that went well.
    if (upgrade !== undefined || !response.writableFinished) gone.abort()
  })
  const request: ApiRequest = {
    method: incoming.method ?? 'GET',
    path,
    query,
    headers: incoming.headers,
    user,
    signal: gone.signal,
    readBody: () => bodyOf(incoming),
    upgrade,
  }
  const attributes = attributesOf(request.method, request.path, request.query)
  const answering = answerTo(deps, withJsonBody(request), attributes)
  if (isWrite(attributes)) audit(deps, request, attributes, incoming, answering)
  await send(response, await answering)
}

/** One line for each request that writes, or was not allowed to. */
function audit(
  { auditLog }: ApiDeps,
  { user, headers, upgrade }: ApiRequest,
  attributes: Attributes,
  { url = '', socket }: IncomingMessage,
  answering: Promise<Answer>,
): void {
  if (auditLog === undefined) return
  const [userAgent, address] = [headers['user-agent'], socket.remoteAddress]
  const finish = auditLog.begin({ user, attributes, url, userAgent, address })
  void answering.then(
    done => finish(typeof done === 'function' ? { code: upgrade ? 101 : 200, body: undefined } : done),
    (error: unknown) => finish({ code: statusOf(error).code, body: statusOf(error) }),
  )
}

async function answerTo(deps: Served, request: ApiRequest, attributes: Attributes): Promise<Answer> {
  authorize(request.user, attributes)
  const { method, path } = request
  const { metrics } = deps
  if (path === '/metrics' && method === 'GET' && metrics) {
    const text = await metrics.text()
    return async response => {
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
    }
  }
  const kinds = deps.cluster.kinds()
  const discovered = method === 'GET' ? await discover(kinds, request) : undefined
  if (discovered !== undefined) return discovered
  if (path.startsWith('/openapi/') && method === 'GET') {
    const { serveOpenApi } = await import('./openapi/serve.js')
    const document = await serveOpenApi(kinds, request)
    if (document !== undefined) return document
  }
  const review = await answerReview({ kinds, users: deps.users }, request, attributes)
  if (review !== undefined) return review
  const own = await answerOwn(deps.own, request)
  if (own !== undefined) return own
  const route = parseRoute(kinds, path)
  if (route === undefined) throw noSuchPath()
  return answerResource(deps, { ...request, ...route })
}

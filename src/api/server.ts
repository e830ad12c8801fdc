/** The embedded Cluster over HTTP, in the Kubernetes REST dialect. Plain HTTP is for loopback only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describeError } from '../lib/fault.js'
import { type Attributes, attributesOf, isWrite } from './access/attributes.js'
import { type Authenticate, createAuthenticate } from './access/authenticate.js'
import { authorize } from './access/authorize.js'
import { answerReview } from './access/reviews.js'
import { builtInUser, type TokenUser } from './access/users.js'
import { type Answer, send } from './answer.js'
import { deliveriesHandler } from './deliveries.js'
import type { ApiDeps } from './deps.js'
import { discover } from './discovery/discover.js'
import { healthAt } from './health.js'
import { type OwnHandler, parseOwnPath } from './own-resources.js'
import { presentOwn } from './present-own.js'
import { withJsonBody } from './protobuf/json-body.js'
import { type ApiRequest, bodyOf, readJson, targetOf, type Upgrade } from './request.js'
import { parseRoute } from './route.js'
import { schedulesHandler } from './schedules.js'
import { noSuchPath, statusOf } from './status.js'
import { onUpgrade } from './upgrade.js'
import { answerResource } from './verbs/answer-resource.js'

export type { ApiDeps }

/** PEM. */
export interface TlsPair {
  readonly key: string
  readonly cert: string
}

export interface Address {
  readonly port: number
  readonly host: string
  /** Without it plain HTTP, which is for loopback. */
  readonly tls?: TlsPair
}

export interface Api {
  readonly port: number
  /** For connections from now on. Of no meaning without TLS. */
  useCertificate(tls: TlsPair): void
  close(): Promise<void>
}

/** Of requests: answers, such as a watch or a log that is followed, take as long as they take. */
const HEADERS_MS = 5_000
const REQUEST_MS = 30_000
/** Longer than Go's clients keep an idle connection (90 s): who closes first loses no request. */
const KEEP_ALIVE_MS = 120_000
/** At a stop, for answers that are under way. */
const LAST_WORDS_MS = 500
/** Clients that vanished without a word are found by probes of the kernel. */
const PROBE_AFTER_MS = 30_000

export async function startApi(deps: ApiDeps, { port, host, tls }: Address): Promise<Api> {
  const stopping = new AbortController()
  const answering = new Set<AbortController>()
  const users = [{ token: deps.token, user: builtInUser('admin') }, ...(deps.users ?? [])]
  const served: Served = {
    ...deps,
    users,
    authenticate: createAuthenticate(users),
    own: ownHandlers(deps),
    stopping: stopping.signal,
    answering,
  }
  const handle = (request: IncomingMessage, response: ServerResponse, upgrade?: Upgrade): void => {
    answer(served, request, response, upgrade).catch((error: unknown) => {
      const status = statusOf(error)
      if (status.code === 500) deps.log.error('api request failed', { path: request.url, error: describeError(error) })
      if (response.headersSent) response.destroy()
      else void send(response, { code: status.code, body: status })
    })
  }
  const options = {
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: HEADERS_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
  }
  const secure = tls && createTlsServer({ ...options, ...tls, handshakeTimeout: HEADERS_MS })
  const server = secure ?? createServer(options)
  server.on('request', (request, response) => handle(request, response))
  onUpgrade(server, handle)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    useCertificate: pair => secure?.setSecureContext(pair),
    close: () =>
      new Promise(resolve => {
        const timer = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS)
        server.close(() => {
          clearTimeout(timer)
          resolve()
        })
        // Watches end as they end when their time is over, so that nobody takes a stop for a broken network.
        stopping.abort()
        for (const gone of answering) gone.abort()
        server.closeIdleConnections()
      }),
  }
}

interface Served extends ApiDeps {
  readonly users: readonly TokenUser[]
  readonly authenticate: Authenticate
  readonly own: readonly OwnHandler[]
  readonly stopping: AbortSignal
  /** One for each answer under way. */
  readonly answering: Set<AbortController>
}

async function answer(
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

/** What is no object of the store: see `own-resources.ts`. */
function ownHandlers({ cluster, inbox, runRequests }: ApiDeps): readonly OwnHandler[] {
  return [
    ...(inbox === undefined ? [] : [deliveriesHandler(inbox)]),
    ...(runRequests === undefined ? [] : [schedulesHandler(cluster, runRequests)]),
  ]
}

async function answerOwn(handlers: readonly OwnHandler[], request: ApiRequest): Promise<Answer | undefined> {
  const path = parseOwnPath(request.path)
  if (path === undefined) return undefined
  const { method, query } = request
  const asked = { ...path, method, query, path: request.path, readJson: () => readJson(request) }
  for (const handler of handlers) {
    const answer = await handler(asked)
    if (answer !== undefined) return presentOwn(request, answer)
  }
  return undefined
}

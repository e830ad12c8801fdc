/**
 * The dashboard on a cluster: its pages, what Tektite knows beyond Kubernetes' objects, and the Kubernetes API as far as the
 * pages need it. Whoever asks does so with a token of the cluster; what it may is for the API server to say.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Attributes, attributesOf } from '../src/api/access/attributes.js'
import { send } from '../src/api/answer.js'
import { DELIVERY_RESOURCES } from '../src/api/deliveries.js'
import { type OwnHandler, parseOwnPath } from '../src/api/own-resources.js'
import { bodyOf, readJson, targetOf } from '../src/api/request.js'
import { RUN_RESOURCES } from '../src/api/runs.js'
import { SCHEDULE_RESOURCES } from '../src/api/schedules.js'
import { ApiError, statusOf } from '../src/api/status.js'
import type { Connection } from '../src/cluster/kubernetes/connection.js'
import { sendStatic } from '../src/dashboard/send-static.js'
import type { AnswerStatic } from '../src/dashboard/static-files.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import type { Review } from './may.js'
import { passOn } from './pass-on.js'
import { isPassedOn, isPlainPath } from './passed-on.js'

export interface DashboardDeps {
  readonly connection: Connection
  readonly review: Review
  readonly pages: AnswerStatic
  /** What is no object of Kubernetes, for one who asks with this header. */
  readonly own: (authorization: string) => readonly OwnHandler[]
  readonly log: Log
}

/** Ours, with their subresources; the rest of the group are objects. */
const OWN = new Set([...DELIVERY_RESOURCES, ...SCHEDULE_RESOURCES, ...RUN_RESOURCES].map(({ name }) => name))

export interface Dashboard {
  readonly port: number
  close(): Promise<void>
}

const HEADERS_MS = 5_000
const REQUEST_MS = 30_000
const LAST_WORDS_MS = 500

export async function startDashboard(deps: DashboardDeps, { port }: { readonly port: number }): Promise<Dashboard> {
  const server = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: HEADERS_MS },
    (request, response) => {
      answer(deps, request, response).catch((error: unknown) => {
        const status = statusOf(error)
        if (status.code === 500) deps.log.error('request failed', { path: request.url, error: describeError(error) })
        if (response.headersSent) response.destroy()
        else void send(response, { code: status.code, body: status })
      })
    },
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        const timer = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS)
        server.close(() => {
          clearTimeout(timer)
          resolve()
        })
        server.closeIdleConnections()
      }),
  }
}

async function answer(deps: DashboardDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { path, query } = targetOf(request)
  const { method = 'GET', headers } = request
  const page = await deps.pages(method, path, headers)
  if (page !== undefined) return sendStatic(response, page)
  if (!/^Bearer \S/.test(headers.authorization ?? '')) throw new ApiError(401, 'Unauthorized', 'Unauthorized')
  if (!isPlainPath(path))
    throw new ApiError(400, 'BadRequest', `"${path}" is not passed on: it is not in its plain form`)
  const asked = attributesOf(method, path, query)
  if (await answerOwn(deps, request, response, asked)) return
  if (!isPassedOn(asked)) throw notPassedOn(asked)
  return passOn(deps.connection, request, response)
}

/** Whether it was one of ours. */
async function answerOwn(
  { own, review }: DashboardDeps,
  request: IncomingMessage,
  response: ServerResponse,
  asked: Attributes,
): Promise<boolean> {
  const { path, query } = targetOf(request)
  const place = parseOwnPath(path)
  if (place === undefined || 'path' in asked) return false
  const { authorization = '' } = request.headers
  const readBody = () => bodyOf(request)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const { method = 'GET', headers } = request
  const { signal } = gone
  const ownRequest = { ...place, method, query, path, headers, signal, readJson: () => readJson({ readBody }) }
  // Objects of this group, such as Schedules, are Kubernetes' to answer for.
  if (!OWN.has(place.subresource === undefined ? place.resource : `${place.resource}/${place.subresource}`))
    return false
  await review(authorization, asked)
  for (const handler of own(authorization)) {
    const answered = await handler(ownRequest)
    if (answered === undefined) continue
    await send(response, answered)
    return true
  }
  throw new ApiError(404, 'NotFound', `${path} is not known here`)
}

function notPassedOn(asked: Attributes): ApiError {
  const what = 'path' in asked ? asked.path : `${asked.verb} of ${asked.resource}${asked.group && `.${asked.group}`}`
  const wayOut = 'ask the API server itself, with kubectl'
  return new ApiError(403, 'Forbidden', `the dashboard does not pass on ${what}: ${wayOut}`)
}

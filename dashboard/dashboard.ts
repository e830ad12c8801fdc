/**
 * The dashboard on a cluster: its pages, what Tektite knows beyond Kubernetes' objects, and the Kubernetes API as far as the
 * pages need it. Whoever asks does so with a token of the cluster; what it may is for the API server to say.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Attributes, attributesOf, type ResourceAttributes } from '../src/api/access/attributes.js'
import { send } from '../src/api/answer.js'
import { answerOwn } from '../src/api/answer-own.js'
import { DELIVERY_RESOURCES } from '../src/api/deliveries.js'
import { EXPLANATION_RESOURCES } from '../src/api/explanations.js'
import { GRAPH_RESOURCES } from '../src/api/graphs.js'
import { OWN_GROUP, type OwnHandler, type OwnResource } from '../src/api/own-resources.js'
import { bodyOf, targetOf } from '../src/api/request.js'
import { RERUN_RESOURCES } from '../src/api/reruns.js'
import { RUN_LOG_RESOURCES } from '../src/api/run-logs.js'
import { RUN_RESOURCES } from '../src/api/runs.js'
import { SCHEDULE_RESOURCES } from '../src/api/schedules.js'
import { ApiError, noSuchPath, statusOf } from '../src/api/status.js'
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
const OWN = new Set([
  ...[DELIVERY_RESOURCES, SCHEDULE_RESOURCES, RUN_RESOURCES, RUN_LOG_RESOURCES].flatMap(all => all.map(namesOf)),
  ...[GRAPH_RESOURCES, EXPLANATION_RESOURCES, RERUN_RESOURCES].flatMap(all => all.map(namesOf)),
  'pipelines/graph',
  'queue',
])

function namesOf({ name }: OwnResource): string {
  return name
}

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

async function answer(deps: DashboardDeps, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { path, query } = targetOf(incoming)
  const { method = 'GET', headers } = incoming
  const page = await deps.pages(method, path, headers)
  if (page !== undefined) return sendStatic(response, page)
  if (!/^Bearer \S/.test(headers.authorization ?? '')) throw new ApiError(401, 'Unauthorized', 'Unauthorized')
  if (!isPlainPath(path))
    throw new ApiError(400, 'BadRequest', `"${path}" is not passed on: it is not in its plain form`)
  const asked = attributesOf(method, path, query)
  if (!('path' in asked) && isOwn(asked)) {
    const { authorization = '' } = headers
    await deps.review(authorization, asked)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const readBody = () => bodyOf(incoming)
    const request = { method, path, query, headers, signal: gone.signal, readBody }
    const answered = await answerOwn(deps.own(authorization), request)
    if (answered === undefined) throw noSuchPath()
    return send(response, answered)
  }
  if (!isPassedOn(asked)) throw notPassedOn(asked)
  return passOn(deps.connection, incoming, response)
}

/** Other objects of the group, such as Schedules, are Kubernetes' to answer for. */
function isOwn({ group, resource, subresource }: ResourceAttributes): boolean {
  return group === OWN_GROUP && OWN.has(subresource === '' ? resource : `${resource}/${subresource}`)
}

function notPassedOn(asked: Attributes): ApiError {
  const what = 'path' in asked ? asked.path : `${asked.verb} of ${asked.resource}${asked.group && `.${asked.group}`}`
  const wayOut = 'ask the API server itself, with kubectl'
  return new ApiError(403, 'Forbidden', `the dashboard does not pass on ${what}: ${wayOut}`)
}

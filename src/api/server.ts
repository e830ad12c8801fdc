/** The embedded Cluster over HTTP, in the Kubernetes REST dialect. Plain HTTP is for loopback only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describeError } from '../lib/fault.js'

import { createAuthenticate } from './access/authenticate.js'
import { builtInUser } from './access/users.js'
import { send } from './answer.js'
import { answerRequest, type Served } from './answer-request.js'
import { deliveriesHandler } from './deliveries.js'
import type { ApiDeps } from './deps.js'
import { explanationsHandler } from './explanations.js'
import { graphsHandler } from './graphs.js'
import { type OpenRuns, openRuns } from './open-runs.js'
import type { OwnHandler } from './own-resources.js'
import { queueHandler } from './queue.js'
import type { Upgrade } from './request.js'
import { rerunsHandler } from './reruns.js'
import { runLogsHandler } from './run-logs.js'
import { createFindRun } from './run-objects.js'
import { runsHandler } from './runs.js'
import { schedulesHandler } from './schedules.js'
import { statusOf } from './status.js'
import { onUpgrade } from './upgrade.js'

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
  const { cluster, log } = deps
  const runs = deps.runs ?? openRuns({ cluster, log, now: Date.now })
  const users = [{ token: deps.token, user: builtInUser('admin') }, ...(deps.users ?? [])]
  const served: Served = {
    ...deps,
    users,
    authenticate: createAuthenticate(users),
    own: ownHandlers(deps, runs),
    stopping: stopping.signal,
    answering,
  }
  const handle = (request: IncomingMessage, response: ServerResponse, upgrade?: Upgrade): void => {
    answerRequest(served, request, response, upgrade).catch((error: unknown) => {
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
        if (deps.runs === undefined) void runs.index.close()
        server.closeIdleConnections()
      }),
  }
}

/** What is no object of the store: see `own-resources.ts`. */
function ownHandlers(deps: ApiDeps, { index, record }: OpenRuns): readonly OwnHandler[] {
  const { cluster, inbox, runRequests, reportQueue, watchLimits } = deps
  const findRun = createFindRun({ cluster, index, record })
  return [
    runsHandler({ index, record, limits: watchLimits }),
    ...(inbox === undefined ? [] : [deliveriesHandler(inbox)]),
    ...(runRequests === undefined ? [] : [schedulesHandler(cluster, runRequests)]),
    graphsHandler(cluster, findRun),
    explanationsHandler({ ...deps, findRun, now: Date.now }),
    runLogsHandler({ ...deps, findRun }),
    rerunsHandler({ ...deps, findRun }),
    ...(reportQueue === undefined ? [] : [queueHandler(reportQueue)]),
  ]
}

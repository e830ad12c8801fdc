/** A request to the API server in the name of whoever asked: with their token, and with nothing of ours. */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { ApiError } from '../src/api/status.js'
import type { Connection } from '../src/cluster/kubernetes/connection.js'
import { describeError } from '../src/lib/fault.js'

/** No `impersonate-…`, no cookie, nothing that names the connection. */
const ASKED_WITH = ['accept', 'content-type', 'content-length', 'transfer-encoding', 'user-agent']
/** No `www-authenticate`: a browser would ask for a password. */
const ANSWERED_WITH = ['content-type', 'content-length', 'retry-after', 'warning', 'audit-id', 'cache-control']
/** Until it answers; watches and logs then take as long as they take. */
const ANSWER_WITHIN_MS = 60_000

export interface Asked {
  readonly method: string
  /** With the query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** Never our own certificate: the API server would take the caller for us. */
export async function trustOf(connection: Connection) {
  const { ca, rejectUnauthorized, servername } = (await connection.credentials(false)).tls
  return {
    ...(ca !== undefined && { ca }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(servername !== undefined && { servername }),
  }
}

/** Opens it. The body is still to be sent: `end()` or pipe. */
export async function requestAs(connection: Connection, { method, url, headers }: Asked) {
  const { server } = connection
  const target = new URL(`${server.pathname.replace(/\/$/, '')}${url}`, server)
  const kept = Object.fromEntries(ASKED_WITH.flatMap(name => (headers[name] ? [[name, headers[name]]] : [])))
  const open = server.protocol === 'https:' ? httpsRequest : httpRequest
  // No agent: a connection is not shared between people.
  const options = { method, agent: false as const, headers: { ...kept, authorization: headers.authorization ?? '' } }
  return open(target, { ...options, ...(await trustOf(connection)) })
}

/** Resolves when the answer has been sent on. @throws ApiError 503 */
export async function passOn(
  connection: Connection,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming
  const outgoing = await requestAs(connection, { method, url, headers })
  response.once('close', () => outgoing.destroy())
  incoming.pipe(outgoing)
  const answer = await answerOf(outgoing)
  const kept = Object.fromEntries(
    ANSWERED_WITH.flatMap(name => (answer.headers[name] ? [[name, answer.headers[name]]] : [])),
  )
  response.writeHead(answer.statusCode ?? 502, { ...kept, 'x-content-type-options': 'nosniff' })
  response.flushHeaders()
  await new Promise<void>(resolve => {
    response.once('close', resolve)
    answer.once('error', () => response.destroy())
    answer.pipe(response)
  })
}

/** @throws ApiError 503 */
export function answerOf(outgoing: Awaited<ReturnType<typeof requestAs>>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(new ApiError(503, 'ServiceUnavailable', `the API server does not answer: ${why}`))
    outgoing.setTimeout(ANSWER_WITHIN_MS, () => outgoing.destroy(new Error(`nothing within ${ANSWER_WITHIN_MS} ms`)))
    outgoing.once('error', error => fail(describeError(error)))
    outgoing.once('response', answer => {
      outgoing.setTimeout(0)
      resolve(answer)
    })
  })
}

/**
 * The embedded Cluster over HTTP, in the Kubernetes REST dialect: get, list, create, replace, delete, status, logs.
 * Loopback and a bearer token only. Watch, patch and tables are not there yet, and say so.
 */
import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AdmitOptions, admitWith } from '../admission/admit.js'
import { admitStatusUpdate, admitUpdate } from '../admission/admit-update.js'
import type { Cluster } from '../cluster/cluster.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { apiVersionOf, KINDS, type Kind } from '../resources/kinds.js'
import { type Problem, problemsText, problemText } from '../resources/problem.js'
import { deliveriesHandler, type History } from './deliveries.js'
import { discover } from './discovery.js'
import { type OwnHandler, parseOwnPath } from './own-resources.js'
import { parseLabelSelector, parseRoute, type Route } from './route.js'
import { type RunRequests, schedulesHandler } from './schedules.js'
import { ApiError, type StatusCause, statusOf, success } from './status.js'
import { warningHeader } from './warning.js'

/** As etcd's limit on one object, with room for the envelope. */
const MAX_BODY_BYTES = 3 * 1024 * 1024

export interface ApiDeps {
  readonly cluster: Cluster
  /** What objects are admitted with, as it is now. */
  readonly admission: () => AdmitOptions
  readonly readLogs: (
    key: { readonly namespace: string; readonly pod: string; readonly container: string },
    options: { readonly follow: boolean },
    signal: AbortSignal,
  ) => Promise<AsyncIterable<Uint8Array> | undefined>
  readonly token: string
  /** The deliveries that came in. */
  readonly inbox?: History
  /** What runs of schedules are asked for with. */
  readonly runRequests?: RunRequests
  /** What a scrape of `/metrics` gets. */
  readonly metrics?: { readonly contentType: string; text(): Promise<string> } | undefined
  readonly log: Log
}

export interface Api {
  readonly port: number
  close(): Promise<void>
}

export async function startApi(deps: ApiDeps, address: { readonly port: number; readonly host: string }): Promise<Api> {
  const server = createServer((request, response) => {
    answer(deps, request, response).catch((error: unknown) => {
      const status = statusOf(error)
      if (status.code === 500) deps.log.error('api request failed', { path: request.url, error: describeError(error) })
      if (response.headersSent) response.destroy()
      else send(response, status.code, status)
    })
  })
  server.headersTimeout = 5_000
  server.requestTimeout = 30_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(deps: ApiDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = urlOf(request)
  if (['/livez', '/readyz', '/healthz'].includes(url.pathname)) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok')
    return
  }
  if (!isAuthorised(request, deps.token)) {
    throw new ApiError(401, 'Unauthorized', 'no valid bearer token; use the one in the file "token" of the data folder')
  }
  if (url.pathname === '/metrics' && request.method === 'GET' && deps.metrics) {
    response.writeHead(200, { 'content-type': deps.metrics.contentType }).end(await deps.metrics.text())
    return
  }
  const discovered = request.method === 'GET' ? discover(url.pathname) : undefined
  if (discovered !== undefined) return send(response, 200, discovered)
  const own = await answerOwn(ownHandlers(deps), request, url)
  if (own !== undefined) return send(response, own.code, own.body)
  const route = parseRoute(url.pathname)
  if (route === undefined) {
    throw new ApiError(404, 'NotFound', `the server could not find the requested resource "${url.pathname}"`)
  }
  if (route.subresource === 'log') return sendLogs(deps, route, url, response)
  const [code, body, warnings = []] = await handle(deps, request, route, url)
  for (const warning of warnings) response.appendHeader('warning', warningHeader(warning))
  send(response, code, body)
}

/** What is no object of the store: see `own-resources.ts`. */
function ownHandlers({ cluster, inbox, runRequests }: ApiDeps): readonly OwnHandler[] {
  return [
    ...(inbox === undefined ? [] : [deliveriesHandler(inbox)]),
    ...(runRequests === undefined ? [] : [schedulesHandler(cluster, runRequests)]),
  ]
}

async function answerOwn(handlers: readonly OwnHandler[], request: IncomingMessage, url: URL) {
  const path = parseOwnPath(url.pathname)
  if (path === undefined) return undefined
  const method = request.method ?? 'GET'
  const asked = { ...path, method, query: url.searchParams, path: url.pathname, readJson: () => readJson(request) }
  for (const handler of handlers) {
    const answer = await handler(asked)
    if (answer !== undefined) return answer
  }
  return undefined
}

function urlOf(request: IncomingMessage): URL {
  try {
    const url = new URL(`http://localhost${request.url}`)
    decodeURIComponent(url.pathname)
    return url
  } catch (cause) {
    throw new ApiError(400, 'BadRequest', `"${request.url}" is not a path of a URL: ${describeError(cause)}`)
  }
}

type Handled = readonly [code: number, body: unknown, warnings?: readonly Problem[]]

async function handle(deps: ApiDeps, request: IncomingMessage, route: Route, url: URL): Promise<Handled> {
  const { cluster } = deps
  const { kind, namespace, name, subresource } = route
  const method = request.method ?? 'GET'
  if (name === undefined && method === 'GET') return [200, await list(cluster, route, url)]
  if (name === undefined && method === 'POST') return create(deps, route, await readJson(request))
  if (name !== undefined && method === 'GET' && (subresource === undefined || subresource === 'status')) {
    return [200, await existing(cluster, route, name)]
  }
  if (name !== undefined && method === 'PUT' && (subresource === undefined || subresource === 'status')) {
    return replace(deps, route, name, await readJson(request))
  }
  if (name !== undefined && method === 'DELETE' && subresource === undefined) {
    await existing(cluster, route, name)
    await cluster.delete(kind, { namespace, name }, graceOf(url))
    return [200, success(`${kind} "${name}" deleted`)]
  }
  throw new ApiError(
    405,
    'MethodNotAllowed',
    `${method} of ${url.pathname} is not supported by this version of Tektite`,
  )
}

function graceOf(url: URL): { readonly graceSeconds?: number } {
  const text = url.searchParams.get('gracePeriodSeconds')
  if (text === null) return {}
  if (!/^\d{1,9}$/.test(text)) {
    throw new ApiError(
      400,
      'BadRequest',
      `gracePeriodSeconds is "${text}"; it must be a whole number of seconds from 0`,
    )
  }
  return { graceSeconds: Number(text) }
}

async function list(cluster: Cluster, { kind, namespace }: Route, url: URL): Promise<unknown> {
  if (url.searchParams.get('watch') === 'true') {
    throw new ApiError(405, 'MethodNotAllowed', 'watch is not supported by this version of Tektite; list again instead')
  }
  const labels = parseLabelSelector(url.searchParams.get('labelSelector') ?? '')
  if (labels === undefined || url.searchParams.has('fieldSelector')) {
    throw new ApiError(400, 'BadRequest', 'only label selectors of the form name=value are supported')
  }
  const items = await cluster.list(kind, { ...(namespace !== '' && { namespace }), labels })
  return { kind: `${kind}List`, apiVersion: apiVersionOf(kind), metadata: { resourceVersion: '' }, items }
}

async function create({ cluster, admission }: ApiDeps, route: Route, body: unknown): Promise<Handled> {
  const { object, warnings } = admitted(route, body, admission())
  return [201, await cluster.create(route.kind, object as never), warnings]
}

async function replace({ cluster, admission }: ApiDeps, route: Route, name: string, body: unknown): Promise<Handled> {
  const options = admission()
  const stored = await existing(cluster, route, name)
  const given = body as { metadata?: { resourceVersion?: string; name?: string }; status?: unknown } | null
  if (given?.metadata?.name !== name) {
    throw new ApiError(
      400,
      'BadRequest',
      `the name of the object (${given?.metadata?.name}) does not match the name on the URL (${name})`,
    )
  }
  const resourceVersion = given.metadata.resourceVersion ?? stored.metadata.resourceVersion
  if (route.subresource === 'status') {
    const problems = admitStatusUpdate(stored, given.status)
    if (problems.length > 0) throw denied(problems, route.kind)
    const changed = { ...stored, metadata: { ...stored.metadata, resourceVersion }, status: given.status }
    return [200, await cluster.replaceStatus(route.kind, changed as never)]
  }
  const { object, warnings } = admitted(route, body, options)
  const problems = admitUpdate(stored, object, options)
  if (problems.length > 0) throw denied(problems, route.kind)
  const changed = { ...object, metadata: { ...stored.metadata, ...object.metadata, resourceVersion } }
  return [200, await cluster.replace(route.kind, changed as never), warnings]
}

/** Refused at once, with every problem and in Tekton's words, as its admission webhook would. */
function admitted(route: Route, body: unknown, options: AdmitOptions) {
  const placed = inNamespaceOf(route, body)
  const admission = admitWith(options, placed)
  if (admission.is === 'refused') throw denied(admission.problems, route.kind)
  if (admission.kind !== route.kind) {
    throw new ApiError(400, 'BadRequest', `the object is a ${admission.kind}, the URL is for ${route.kind}`)
  }
  return admission
}

function denied(problems: readonly Problem[], kind: Kind): ApiError {
  const webhook = kind === 'ConfigMap' ? 'config' : 'validation'
  const part = KINDS[kind].group === 'triggers.tekton.dev' ? 'triggers' : 'pipeline'
  const message = `admission webhook "${webhook}.webhook.${part}.tekton.dev" denied the request: validation failed: ${problemsText(problems)}`
  return new ApiError(400, 'BadRequest', message, problems.map(causeOf))
}

/** The message is Tekton's, word for word; what to do about it goes where Kubernetes puts single causes. */
function causeOf(problem: Problem): StatusCause {
  const text = problemText(problem)
  const message = problem.hint === undefined ? text : `${text}: ${problem.hint}`
  return { reason: 'FieldValueInvalid', message, field: problem.at ?? problem.paths[0] ?? '' }
}

function inNamespaceOf({ namespace }: Route, body: unknown): unknown {
  if (namespace === '' || typeof body !== 'object' || body === null) return body
  const metadata: Readonly<Record<string, unknown>> = 'metadata' in body ? { ...(body.metadata as object) } : {}
  if (metadata['namespace'] !== undefined && metadata['namespace'] !== namespace) {
    throw new ApiError(
      400,
      'BadRequest',
      `the namespace of the object (${String(metadata['namespace'])}) does not match the namespace on the URL (${namespace})`,
    )
  }
  return { ...body, metadata: { ...metadata, namespace } }
}

async function existing(cluster: Cluster, { kind, namespace }: Route, name: string) {
  const found = await cluster.get(kind, { namespace, name })
  if (found === undefined)
    throw new ApiError(404, 'NotFound', `${kind} "${name}" not found in namespace "${namespace}"`)
  return found
}

async function sendLogs(
  deps: ApiDeps,
  { kind, namespace, name }: Route,
  url: URL,
  response: ServerResponse,
): Promise<void> {
  const container = url.searchParams.get('container')
  if (kind !== 'Pod' || name === undefined || container === null) {
    throw new ApiError(400, 'BadRequest', 'logs are asked for as pods/<name>/log?container=<container>')
  }
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const follow = url.searchParams.get('follow') === 'true'
  const output = await deps.readLogs({ namespace, pod: name, container }, { follow }, gone.signal)
  if (output === undefined) {
    throw new ApiError(404, 'NotFound', `container "${container}" of pod "${namespace}/${name}" has no output`)
  }
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
  for await (const chunk of output) {
    if (!response.write(chunk)) await new Promise(resolve => response.once('drain', resolve).once('close', resolve))
  }
  response.end()
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  // To the end also when it is too much: who is cut off while sending never reads why.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  if (size > MAX_BODY_BYTES) {
    const wayOut = 'move large data into a volume, a repository or an image'
    throw new ApiError(413, 'RequestEntityTooLarge', `the object is over ${MAX_BODY_BYTES} bytes: ${wayOut}`)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch (error) {
    throw new ApiError(400, 'BadRequest', `the body is not JSON: ${describeError(error)}`)
  }
}

function isAuthorised(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

/** Bytes in, one entry in the inbox, status out. Nothing is acknowledged that is not stored. */
import type { Server, ServerOptions } from 'node:http'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { type Cluster, ClusterError } from '../src/cluster/cluster.js'
import type { Delivery, Inbox } from '../src/inbox/inbox.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import type { TriggerMetrics } from '../src/metrics/trigger-metrics.js'
import { keyOf } from '../src/resources/meta.js'
import type { EventListener } from '../src/resources/triggers.js'
import { canonicalHeaders } from '../src/trigger/event.js'
import { guard } from '../src/trigger/guard.js'
import { acceptedHeaders, isCloudEvent } from '../src/trigger/listener-events.js'
import { objectProblem, readPayload } from '../src/trigger/payload.js'
import { subjectOf } from '../src/trigger/source.js'
import { type Catalogue, readingCatalogue } from './catalogue.js'
import { deliveryId } from './delivery-id.js'
import { endAfterSender } from './linger.js'
import type { ListenerEvents } from './listener-events.js'
import { type ListenerPlan, readSecrets } from './observe.js'
import { createLargeBodies, type LargeBodies, type LargeBodyLimits, readBody } from './read-body.js'
import { rejectedDelivery } from './rejected.js'

export interface WebhookDeps {
  readonly cluster: Cluster
  /** Without: everything is read from the cluster for each request. */
  readonly catalogue?: Catalogue
  readonly inbox: Pick<Inbox, 'accept' | 'reject'>
  /** Epoch ms. */
  readonly now: () => number
  /** A new random UUID. */
  readonly newEventId: () => string
  readonly log: Log
  readonly metrics?: { readonly triggers: TriggerMetrics } | undefined
  /** Without: no CloudEvent is sent. */
  readonly events?: Pick<ListenerEvents, 'tell'>
  readonly maxBodyBytes?: number
  readonly largeBodies?: LargeBodyLimits
}

/** What GitHub sends at most. */
const MAX_BODY_BYTES = 26_214_400

/** A sender that waits 5 s for its place still has 5 s until GitHub gives it up. */
const LARGE_BODIES = { places: 4, maxWaiting: 64, fairMs: 5_000 }
const RETRY_AFTER_SECONDS = '5'
/** Anything else names no object, and is not looked up. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

/** For `http.createServer`: these cannot be set afterwards. */
export const SERVER_OPTIONS = {
  /** How exactly the deadlines are kept. Node's default is 30 s, as long as the deadlines themselves. */
  connectionsCheckingInterval: 2_000,
  /** Git hosts send 2 KiB; Node answers 431 beyond. */
  maxHeaderSize: 16_384,
} as const satisfies ServerOptions

/** Headers within 10 s, the whole request within 60 s (25 MB at 3.5 Mbit/s), idle connections closed after 5 s. */
export function secureServer<T extends Server>(server: T): T {
  server.headersTimeout = 10_000
  server.requestTimeout = 60_000
  server.keepAliveTimeout = 5_000
  // Guards against a connection that sends nothing at all; both other deadlines only start with a request.
  server.setTimeout(120_000)
  server.maxHeadersCount = 200
  server.maxRequestsPerSocket = 1_000
  return server
}

/**
 * One front for all EventListeners, at `/hooks/<namespace>/<listener>`, and at `/` when there is only one.
 * Make the server with `secureServer`: the deadlines are there.
 */
export function createWebhookApp(deps: WebhookDeps): Express {
  const largeBodies = createLargeBodies(deps.largeBodies ?? LARGE_BODIES)
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.get('/live', (_request, response) => {
    response.type('text').send('ok')
  })
  // No body parser anywhere: signatures are over the bytes that came.
  app.all(['/', '/hooks/:namespace/:listener{/*rest}'], (request, response) =>
    answer(deps, largeBodies, request, response),
  )
  app.use((request, response) => {
    refuse(request, response, 404, `nothing is served at ${request.path}: webhooks go to /hooks/<namespace>/<listener>`)
  })
  // Express' own answer would show a stranger our stack. It knows this by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    deps.log.info('request not understood', { path: request.path, error: describeError(error) })
    refuse(
      request,
      response,
      400,
      'the path of the URL is not well encoded: webhooks go to /hooks/<namespace>/<listener>',
    )
  })
  return app
}

async function answer(
  deps: WebhookDeps,
  largeBodies: LargeBodies,
  request: Request,
  response: Response,
): Promise<void> {
  const began = performance.now()
  let isKnown = false
  try {
    if (request.method !== 'POST') {
      response.set('Allow', 'POST')
      return refuse(request, response, 405, `${request.method} is no webhook: send the event with POST`)
    }
    const plan = await findListener(deps.catalogue ?? readingCatalogue(deps.cluster), request)
    if (typeof plan === 'string') return refuse(request, response, 404, plan)
    isKnown = true
    await receive(deps, largeBodies, plan, request, response)
  } catch (error) {
    deps.log.error('webhook not taken in', { path: request.path, error: describeError(error) })
    if (response.headersSent) return
    if (error instanceof ClusterError || error instanceof StoreFault) return tryLater(request, response)
    refuse(request, response, 500, 'internal error: see the log of the listener')
  } finally {
    deps.metrics?.triggers.answered(performance.now() - began)
    if (isKnown) deps.metrics?.triggers.received(response.statusCode === 202 ? 'succeeded' : 'failed')
  }
}

/** The inbox could not store: the sender keeps the delivery. */
class StoreFault extends Error {
  override readonly name = 'StoreFault'
}

async function findListener(catalogue: Catalogue, request: Request): Promise<ListenerPlan | string> {
  const { namespace, listener: name } = request.params
  if (typeof namespace === 'string' && typeof name === 'string') {
    const found = NAME.test(namespace) && NAME.test(name) ? await catalogue.find({ namespace, name }) : undefined
    return found ?? `EventListener "${namespace}/${name}" does not exist: create it, or correct the webhook's URL`
  }
  const [only, another] = await catalogue.listeners()
  const plan = only !== undefined && another === undefined ? await catalogue.find(keyOf(only)) : undefined
  if (plan !== undefined) return plan
  return only === undefined
    ? 'there is no EventListener yet: create one'
    : 'there are several EventListeners: send to /hooks/<namespace>/<listener>'
}

async function receive(
  deps: WebhookDeps,
  largeBodies: LargeBodies,
  plan: ListenerPlan,
  request: Request,
  response: Response,
): Promise<void> {
  const { log, maxBodyBytes = MAX_BODY_BYTES } = deps
  const { namespace, name } = plan.listener.metadata
  const logged = { listener: `${namespace}/${name}` }
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    return refuse(request, response, 415, `Content-Encoding ${encoding} is not supported: send the body as it is`)
  }
  const tooLarge = () => {
    log.warn('delivery too large', { ...logged, maxBodyBytes })
    const most = `the body is larger than ${maxBodyBytes} bytes, the most that EventListener ${logged.listener} takes`
    refuse(request, response, 413, `${most}: send less; GitHub itself sends nothing larger`)
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return tooLarge()
  const body = await readBody(request, maxBodyBytes, largeBodies)
  if (body.is === 'aborted') return log.info('sender went away', logged)
  if (body.is === 'tooLarge') return tooLarge()
  if (body.is === 'busy') return tryLater(request, response)
  if (body.is === 'tooSlow') {
    log.warn('large delivery came too slowly', logged)
    return refuse(request, response, 408, 'a large body came too slowly while others waited: send it again')
  }
  try {
    await take(deps, plan, request, body.bytes, response)
  } finally {
    body.leave()
  }
}

async function take(
  deps: WebhookDeps,
  { listener, listed, secretKeys, world }: ListenerPlan,
  request: Request,
  body: Uint8Array,
  response: Response,
): Promise<void> {
  const { log } = deps
  const { namespace, name, uid } = listener.metadata
  const logged = { listener: `${namespace}/${name}` }
  const payload = validates(listener) ? readPayload(body) : undefined
  const invalid = payload === undefined ? undefined : objectProblem(payload)
  if (invalid !== undefined) {
    const errorMessage = `Invalid event body format : ${invalid}`
    return send(response, 400, { eventListener: name, namespace, eventListenerUID: '', errorMessage })
  }

  const headers = listHeaders(request.rawHeaders)
  const signed = { headers: canonicalHeaders(headers), rawBody: body }
  const guarding = await guard(listed, signed, await readSecrets(deps.cluster, secretKeys), world.interceptors)
  const sendReceipt = (eventID: string) => {
    const receipt = { eventListener: name, namespace, eventListenerUID: uid, eventID }
    if (isCloudEvent(headers)) response.set(acceptedHeaders({ namespace, name }, eventID))
    send(response, 202, receipt)
  }
  const eventId = deps.newEventId()
  const subject = payload?.is === 'json' ? subjectOf(payload.value) : ''
  const delivery: Delivery = {
    id: deliveryId({ namespace, name }, headers, eventId),
    eventId,
    receivedAt: deps.now(),
    to: { kind: 'EventListener', namespace, name, uid },
    url: request.originalUrl,
    headers,
    body,
    ...(subject !== '' && { subject }),
  }
  if (guarding.is === 'rejected') {
    const { rejections } = guarding
    for (const rejection of rejections) log.warn('delivery rejected', { ...logged, ...rejection })
    deps.inbox.reject(delivery.to, () => rejectedDelivery(delivery, rejections))
    // The same answer as for everybody: whether a secret was right is not for a stranger to find out here.
    return sendReceipt(eventId)
  }
  const accepted = await deps.inbox.accept(delivery).catch((cause: unknown) => {
    deps.events?.tell(listener, eventId, 'failed', headers)
    throw new StoreFault(`storing delivery ${delivery.id}`, { cause })
  })
  if (accepted.is === 'mismatch') {
    const errorMessage = `delivery ${delivery.id} came before with another body: send a new event under a new id`
    log.warn('delivery id reused', { ...logged, delivery: delivery.id })
    return send(response, 409, { eventListener: name, namespace, eventListenerUID: uid, errorMessage })
  }
  log.debug('delivery stored', { ...logged, delivery: delivery.id, eventId: accepted.eventId, copy: accepted.is })
  sendReceipt(accepted.eventId)
}

function validates({ metadata }: EventListener): boolean {
  return metadata.annotations?.['tekton.dev/payload-validation'] !== 'false'
}

/** Node's own `headers` joins or drops what comes twice; here every value counts, a second signature most of all. */
function listHeaders(raw: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const lists = new Map<string, string[]>()
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    lists.set(name, [...(lists.get(name) ?? []), raw[i + 1] ?? ''])
  }
  return Object.fromEntries(lists)
}

function tryLater(request: Request, response: Response): void {
  response.set('Retry-After', RETRY_AFTER_SECONDS)
  refuse(request, response, 503, 'the event could not be stored: send it again later')
}

/** A request whose body was not read to its end also ends its connection. */
function refuse(request: Request, response: Response, status: number, message: string): void {
  const isRead = request.readableEnded
  if (!isRead) response.set('Connection', 'close')
  write(response, status, { message })
  if (isRead) response.end()
  else endAfterSender(request, response)
}

function send(response: Response, status: number, body: Readonly<Record<string, string>>): void {
  write(response, status, body)
  response.end()
}

/** Tekton's encoder ends with a line break. */
function write(response: Response, status: number, body: Readonly<Record<string, string>>): void {
  const text = `${JSON.stringify(body)}\n`
  // Not by Express' `send`: it looks at what caches and old clients may want, which costs more than all else here.
  const length = Buffer.byteLength(text)
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': length })
  response.write(text)
}

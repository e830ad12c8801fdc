/**
 * The validating webhook: `POST /validate` over TLS, one `AdmissionReview` in, one out. It says what our own API says to
 * the same object. It keeps nobody waiting: what is too large, too slow or not understood is answered with an error, and
 * an API server that gets one lets the object in, since the webhook's `failurePolicy` is Ignore.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { AdmitOptions } from '../src/admission/admit.js'
import { review, reviewRequestOf } from '../src/admission/review.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import { type CertificateFiles, readCertificate } from '../src/process/webhook-certificate.js'
import { createLargeBodies, type LargeBodies, readBody } from './read-body.js'

export interface AdmissionWebhookDeps {
  /** The settings as they are now. */
  readonly admission: () => AdmitOptions
  readonly log: Log
}

export interface AdmissionWebhookOptions {
  /** 0: any. */
  readonly port: number
  readonly host?: string
  /** With `tls.crt` and `tls.key`. */
  readonly certDir: string
  /** How often the files are looked at again. A kubelet takes a minute to bring a changed Secret. */
  readonly lookAgainMs?: number
}

export interface AdmissionWebhook {
  readonly port: number
  /** Answers what has come, takes nothing more. */
  close(): Promise<void>
}

/** An object and what it was before: 1.5 MiB each at most, and half as much again where JSON takes more room. */
const MAX_BODY_BYTES = 6 * 1_048_576
const LARGE_BODIES = { places: 4, maxWaiting: 16, fairMs: 2_000 }
const LOOK_AGAIN_MS = 30_000
/** An API server waits 10 s unless told otherwise. */
const REQUEST_MS = 10_000
/** An API server keeps its connections; one that we close under it costs a request. */
const KEEP_ALIVE_MS = 120_000
const CLOSE_MS = 5_000

/** @throws Error when the certificate cannot be read, or the port cannot be had */
export async function startAdmissionWebhook(
  deps: AdmissionWebhookDeps,
  { port, host, certDir, lookAgainMs = LOOK_AGAIN_MS }: AdmissionWebhookOptions,
): Promise<AdmissionWebhook> {
  let serving = await readCertificate(certDir)
  const largeBodies = createLargeBodies(LARGE_BODIES)
  const server = createServer(
    { ...serving, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (request, response) => {
      answer(deps, largeBodies, request, response).catch((error: unknown) => {
        deps.log.error('a review failed', { error: describeError(error) })
        refuse(response, 500, 'the review failed')
      })
    },
  )
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const renew = async (): Promise<void> => {
    const found = await readCertificate(certDir)
    if (isSame(found, serving)) return
    serving = found
    server.setSecureContext(found)
    deps.log.info('the certificate of the webhook was renewed', { certDir })
  }
  const timer = setInterval(() => {
    // Half renewed, or taken away: what is served goes on.
    renew().catch((error: unknown) => deps.log.warn('the certificate was not renewed', { error: describeError(error) }))
  }, lookAgainMs).unref()
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      clearInterval(timer)
      return new Promise(resolve => {
        const late = setTimeout(() => server.closeAllConnections(), CLOSE_MS).unref()
        server.close(() => {
          clearTimeout(late)
          resolve()
        })
        server.closeIdleConnections()
      })
    },
  }
}

function isSame(one: CertificateFiles, other: CertificateFiles): boolean {
  return one.cert === other.cert && one.key === other.key
}

async function answer(
  { admission }: AdmissionWebhookDeps,
  largeBodies: LargeBodies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').replace(/\?.*$/s, '')
  if (path !== '/validate') return refuse(response, 404, 'reviews go to /validate')
  if (request.method !== 'POST') return refuse(response, 405, 'send the review with POST', { Allow: 'POST' })
  const body = await readBody(request, MAX_BODY_BYTES, largeBodies)
  if (body.is === 'aborted') return
  if (body.is === 'tooLarge') return refuse(response, 413, `a review has at most ${MAX_BODY_BYTES} bytes`)
  if (body.is !== 'read') return refuse(response, 503, 'too many large reviews at once')
  try {
    const asked = reviewRequestOf(jsonIn(body.bytes))
    if (asked === undefined) return refuse(response, 400, 'this is no AdmissionReview of admission.k8s.io/v1')
    send(response, 200, JSON.stringify({ ...REVIEW, response: review(asked, admission()) }), 'application/json')
  } finally {
    body.leave()
  }
}

const REVIEW = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

function refuse(response: ServerResponse, code: number, text: string, headers: Record<string, string> = {}): void {
  // Whatever else would come is not read.
  send(response, code, `${text}\n`, 'text/plain', { Connection: 'close', ...headers })
}

function send(
  response: ServerResponse,
  code: number,
  text: string,
  type: string,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent) return
  response.writeHead(code, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text), ...headers })
  response.end(text)
}

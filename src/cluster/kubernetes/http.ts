/** Single HTTP requests to an API server: bounded in time and bytes, on kept connections. No retries: see `calls.ts`. */
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as HttpsAgent, request as requestSecure } from 'node:https'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Connection, Credentials } from './connection.js'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the root of the API server, with its query. */
  readonly path: string
  readonly body?: string | Uint8Array
  /** Of the body; if not given, JSON. */
  readonly contentType?: string
  /** Besides those that every request has. */
  readonly headers?: Readonly<Record<string, string>>
  /** Until the whole answer is there; of a stream: until its headers are. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly code: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** No answer came. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  /** The request may have arrived, and may have been carried out. */
  readonly sent: boolean
  constructor(sent: boolean, options: ErrorOptions) {
    super('no answer', options)
    this.sent = sent
  }
}

/** The answer is over the bound. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError'
}

export interface HttpClient {
  /** @throws TransportError, TooLargeError */
  send(request: HttpRequest, maxBytes: number): Promise<HttpAnswer>
  /** The answer with its body still to come; the caller ends it with `destroy`. @throws TransportError */
  stream(request: HttpRequest): Promise<IncomingMessage>
  /** Credentials are asked for anew before the next request: these were refused. */
  renew(): void
  close(): void
}

/** As the API server sees us: in its audit log, and as the manager of fields that we write. */
const USER_AGENT = 'tektite'
/** Requests at once, watches apart. The API server's own limit for one client is in the hundreds. */
const MAX_SOCKETS = 64
/** Credentials are looked at again this often, since files change and tokens of an hour run out. */
const CREDENTIALS_MS = 60_000
/** A peer that is gone without a word is found by the kernel after this and its probes. */
const KEEP_ALIVE_PROBE_MS = 15_000

interface Access extends Credentials {
  readonly agents: Agents
  readonly since: number
}

interface Agents {
  readonly calls: HttpAgent
  readonly streams: HttpAgent
}

export function createHttpClient(connection: Connection): HttpClient {
  const { server } = connection
  const secure = server.protocol === 'https:'
  const base = server.pathname.replace(/\/$/, '')
  let access: Promise<Access> | undefined
  let current: Access | undefined
  let refused = false

  function accessNow(): Promise<Access> {
    if (current !== undefined && !refused && performance.now() - current.since < CREDENTIALS_MS) {
      return Promise.resolve(current)
    }
    // One at a time: asking may start a program that talks to a person.
    access ??= look().finally(() => {
      access = undefined
    })
    return access
  }

  async function look(): Promise<Access> {
    const wasRefused = refused
    refused = false
    const found = await connection.credentials(wasRefused)
    const isSame = current !== undefined && sameTls(current.tls, found.tls)
    if (!isSame) retire(current?.agents)
    const agents = isSame && current ? current.agents : agentsFor(secure, found.tls)
    current = { ...found, agents, since: performance.now() }
    return current
  }

  async function open(request: HttpRequest, kind: keyof Agents): Promise<{ out: ClientRequest; sent: () => boolean }> {
    const { headers, agents } = await accessNow().catch((cause: unknown) => {
      throw new TransportError(false, { cause: new Error('credentials for the API server cannot be had', { cause }) })
    })
    const out = (secure ? requestSecure : requestPlain)({
      agent: agents[kind],
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port || (secure ? 443 : 80),
      method: request.method,
      path: base + request.path,
      signal: request.signal,
      headers: {
        accept: 'application/json',
        ...request.headers,
        ...headers,
        host: server.host,
        'user-agent': USER_AGENT,
        ...(request.body !== undefined && {
          'content-type': request.contentType ?? 'application/json',
          'content-length': Buffer.byteLength(request.body),
        }),
      },
    })
    let sent = false
    out.once('socket', (socket: Socket & { readonly secureConnecting?: boolean }) => {
      const send = () => {
        sent = true
      }
      if (socket.connecting || socket.secureConnecting) socket.once(secure ? 'secureConnect' : 'connect', send)
      else send()
    })
    return { out, sent: () => sent }
  }

  async function answerTo(request: HttpRequest, kind: keyof Agents) {
    const { out, sent } = await open(request, kind)
    const late = () => out.destroy(new Error(`nothing within ${request.timeoutMs} ms`))
    const timer = setTimeout(late, request.timeoutMs)
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        out.once('response', resolve)
        // Stays: a connection may fail after the answer began, and again while it is given up.
        out.on('error', reject)
        out.end(request.body)
      })
      return { response, timer }
    } catch (cause) {
      clearTimeout(timer)
      throw new TransportError(sent(), { cause })
    }
  }

  return {
    async send(request, maxBytes) {
      const { response, timer } = await answerTo(request, 'calls')
      try {
        const body = await readAll(response, maxBytes)
        return { code: response.statusCode ?? 0, headers: response.headers, body }
      } catch (cause) {
        if (cause instanceof TooLargeError) throw cause
        throw new TransportError(true, { cause })
      } finally {
        clearTimeout(timer)
      }
    },
    async stream(request) {
      const { response, timer } = await answerTo(request, 'streams')
      clearTimeout(timer)
      return response
    },
    renew() {
      refused = true
    },
    close() {
      current?.agents.calls.destroy()
      current?.agents.streams.destroy()
    },
  }
}

async function readAll(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    // Leaving the loop destroys the response, and its connection with it.
    if (size > maxBytes) throw new TooLargeError(`the answer of the API server is over ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

function agentsFor(secure: boolean, tls: ConnectionOptions): Agents {
  const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS }
  const make = (maxSockets: number) =>
    secure ? new HttpsAgent({ ...options, ...tls, maxSockets }) : new HttpAgent({ ...options, maxSockets })
  return { calls: make(MAX_SOCKETS), streams: make(Number.POSITIVE_INFINITY) }
}

/** What is under way goes on; nothing more is sent on these connections. */
function retire(agents: Agents | undefined): void {
  for (const agent of agents ? [agents.calls, agents.streams] : []) {
    Object.assign(agent, { keepAlive: false, maxFreeSockets: 0 })
    for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy()
  }
}

function sameTls(one: ConnectionOptions, other: ConnectionOptions): boolean {
  const text = (options: ConnectionOptions) => JSON.stringify(Object.entries(options).map(each => each.map(String)))
  return text(one) === text(other)
}

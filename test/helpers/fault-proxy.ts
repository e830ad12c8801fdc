/**
 * Stands between a client and an API server on loopback and does to requests what networks, load balancers and restarts
 * do. What happens to which request is chosen by the test, with a seed where it is by chance.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Fault =
  | { readonly is: 'none' }
  /** The connection is closed, and the server never sees the request. */
  | { readonly is: 'drop' }
  /** Carried out by the server; then the connection is closed without a word. */
  | { readonly is: 'lose reply' }
  /** Carried out by the server; the answer breaks off in its middle. */
  | { readonly is: 'half a reply' }
  /** Neither passed on nor answered: the connection just stays. */
  | { readonly is: 'silence' }
  | { readonly is: 'delay'; readonly ms: number }
  /** In place of the server. */
  | { readonly is: 'answer'; readonly code: 410 | 429 | 500 | 503; readonly retryAfterSeconds?: number }
  /** In place of the server, in the words of its admission or its authorization. */
  | { readonly is: 'refuse'; readonly status: RefusedStatus }
  /** Carried out by the server, which then says that it failed. */
  | { readonly is: 'answer afterwards'; readonly code: 500 | 503 }
  /** Of a stream: after so many lines and some bytes more the connection is cut. */
  | { readonly is: 'cut'; readonly lines: number }
  /** As `cut`, but in good order, as a server that restarts does: no more is sent, the other direction stays open. */
  | { readonly is: 'half-close'; readonly lines: number }
  /** Of a stream: after so many lines nothing comes any more, and the connection stays. */
  | { readonly is: 'mute'; readonly lines: number }
  /** Of a stream: after so many lines an ERROR event with code 410, as an API server does inside 200. */
  | { readonly is: 'gone'; readonly lines: number }
  /** Of a stream: every line twice, in crumbs of a few bytes. */
  | { readonly is: 'stutter' }

/** What is told of a `Status`; the rest of it is filled in. */
export interface RefusedStatus {
  readonly code: number
  readonly reason?: string
  readonly message: string
  readonly details?: object
}

export interface ProxiedRequest {
  readonly method: string
  readonly path: string
  readonly isWatch: boolean
  readonly headers: IncomingHttpHeaders
  /** From 1, over all of them. */
  readonly number: number
}

export interface FaultProxy {
  readonly port: number
  /** Everything that came, as `GET /path?query`. */
  readonly requests: readonly string[]
  readonly openConnections: () => Promise<number>
  close(): Promise<void>
}

export async function startFaultProxy(
  serverPort: number,
  choose: (request: ProxiedRequest) => Fault | Promise<Fault>,
): Promise<FaultProxy> {
  const requests: string[] = []
  const proxy = createServer((incoming, response) => {
    const { method = '', url: path = '' } = incoming
    requests.push(`${method} ${path}`)
    // Errors of either side end both: the other side then sees a cut connection, which is what is to be seen.
    response.on('error', () => {})
    const isWatch = /[?&]watch=true/.test(path)
    const asked = { method, path, isWatch, headers: incoming.headers, number: requests.length }
    void Promise.resolve(choose(asked)).then(fault => treat(fault, incoming, response, serverPort))
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  return {
    port: (proxy.address() as AddressInfo).port,
    requests,
    openConnections: () =>
      new Promise((resolve, reject) =>
        proxy.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: () =>
      new Promise(resolve => {
        proxy.close(() => resolve())
        proxy.closeAllConnections()
      }),
  }
}

function treat(fault: Fault, incoming: IncomingMessage, response: ServerResponse, serverPort: number): void {
  switch (fault.is) {
    case 'drop':
      incoming.socket.destroy()
      return
    case 'silence':
      incoming.resume()
      return
    case 'answer':
      incoming.resume().once('end', () => answer(response, fault.code, fault.retryAfterSeconds))
      return
    case 'refuse': {
      const { code } = fault.status
      const head = { 'content-type': 'application/json' }
      const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...fault.status }
      incoming.resume().once('end', () => response.writeHead(code, head).end(JSON.stringify(status)))
      return
    }
    case 'delay': {
      const timer = setTimeout(() => pass(incoming, response, serverPort, { is: 'none' }), fault.ms)
      response.once('close', () => clearTimeout(timer))
      return
    }
    default:
      pass(incoming, response, serverPort, fault)
  }
}

const REASONS = { 410: 'Expired', 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable' }

function answer(response: ServerResponse, code: keyof typeof REASONS, retryAfterSeconds: number | undefined): void {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfterSeconds !== undefined && { 'retry-after': `${retryAfterSeconds}` }),
  }
  response.writeHead(code, headers).end(JSON.stringify(statusObject(code)))
}

function statusObject(code: keyof typeof REASONS): object {
  const reason = REASONS[code]
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `proxy: ${reason}`,
    reason,
    code,
  }
}

function pass(incoming: IncomingMessage, response: ServerResponse, serverPort: number, fault: Fault): void {
  const { method, url: path, headers } = incoming
  const onward = request({ host: '127.0.0.1', port: serverPort, method, path, headers, agent: false })
  const cut = () => void response.socket?.destroy()
  onward.on('error', cut)
  response.once('close', () => {
    // A write that has arrived is carried out all the same: the reply is what is lost.
    if (onward.writableFinished && fault.is === 'lose reply') return
    onward.destroy()
  })
  onward.once('response', upstream => {
    upstream.on('error', cut)
    deliver(fault, upstream, response, cut)
  })
  incoming.pipe(onward)
}

function deliver(fault: Fault, upstream: IncomingMessage, response: ServerResponse, cut: () => void): void {
  const head = () => {
    response.writeHead(upstream.statusCode ?? 502, upstream.headers)
    response.flushHeaders()
  }
  switch (fault.is) {
    case 'lose reply':
      upstream.resume().once('end', cut)
      return
    case 'answer afterwards':
      upstream.resume().once('end', () => answer(response, fault.code, undefined))
      return
    case 'half a reply':
      head()
      upstream.once('data', (chunk: Buffer) => {
        response.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), cut)
      })
      upstream.once('end', cut)
      return
    case 'cut':
    case 'half-close':
    case 'mute':
    case 'gone':
    case 'stutter':
      head()
      deliverLines(fault, upstream, response, cut)
      return
    default:
      head()
      upstream.pipe(response)
  }
}

function deliverLines(
  fault: Extract<Fault, { readonly is: 'cut' | 'half-close' | 'mute' | 'gone' | 'stutter' }>,
  upstream: IncomingMessage,
  response: ServerResponse,
  cut: () => void,
): void {
  const limit = fault.is === 'stutter' ? Number.POSITIVE_INFINITY : fault.lines
  let rest = Buffer.alloc(0)
  let given = 0
  upstream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.subarray(0, end + 1)
      rest = rest.subarray(end + 1)
      if (given++ < limit) {
        if (fault.is === 'stutter') crumbs(Buffer.concat([line, line]), response)
        else response.write(line)
      }
      if (given >= limit) return finish(line)
    }
  })
  upstream.once('end', () => (fault.is === 'mute' ? undefined : response.end()))
  if (limit === 0) finish(Buffer.from('{"type":"ADDED","object":{"meta'))

  function finish(next: Buffer): void {
    upstream.removeAllListeners('data').removeAllListeners('end').resume()
    switch (fault.is) {
      case 'cut':
        response.write(next.subarray(0, Math.ceil(next.length / 2)), cut)
        return
      case 'half-close':
        response.socket?.end()
        return
      case 'gone':
        response.end(`${JSON.stringify({ type: 'ERROR', object: statusObject(410) })}\n`)
        return
      default:
      // Muted: nothing more, ever.
    }
  }
}

function crumbs(bytes: Buffer, response: ServerResponse): void {
  for (let start = 0; start < bytes.length; start += 37) response.write(bytes.subarray(start, start + 37))
}

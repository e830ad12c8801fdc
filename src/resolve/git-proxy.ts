/**
 * What stands between the `git` program and the network: an HTTP proxy for one fetch, on loopback, that opens only allowed
 * connections (redirects included) and counts what comes back. git itself has no bounds.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Guard } from '../fetch/guard.js'
import { describeError } from '../lib/fault.js'
import { asResolutionError } from './http-get.js'
import { ResolutionError } from './resolver.js'

export interface GitProxy {
  /** With a password: other users of this machine have no business here. */
  readonly url: string
  /** What was refused, of which git knows only that it did not work. */
  refusal(): ResolutionError | undefined
  close(): Promise<void>
}

export async function openGitProxy(guard: Guard, maxBytes: number): Promise<GitProxy> {
  const password = randomBytes(18).toString('hex')
  const wanted = Buffer.from(`Basic ${Buffer.from(`git:${password}`).toString('base64')}`)
  let refusal: ResolutionError | undefined
  let bytes = 0
  const open = new Set<Duplex>()
  const server = createServer()

  function refuse(error: unknown): void {
    const known = asResolutionError(error)
    if (known instanceof ResolutionError) refusal ??= known
  }

  /** Everything ends when the bound is reached: the fetch cannot succeed any more. */
  function count(chunk: Buffer): void {
    bytes += chunk.length
    if (bytes <= maxBytes) return
    refuse(new ResolutionError(`the repository is larger than ${maxBytes} bytes`))
    for (const socket of open) socket.destroy()
  }

  function isOurs({ headers }: IncomingMessage): boolean {
    const given = Buffer.from(headers['proxy-authorization'] ?? '')
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  }

  server.on('connection', socket => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy())
    const [, host = '', port = '443'] = /^\[?([^\]]*)\]?:(\d+)$/.exec(request.url ?? '') ?? []
    const fail = (status: string, error?: unknown): void => {
      refuse(error)
      client.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`)
    }
    if (!isOurs(request)) return fail('407 Proxy Authentication Required')
    if (Number(port) > 65_535) return fail('400 Bad Request')
    try {
      guard.check(host)
    } catch (error) {
      return fail('403 Forbidden', error)
    }
    const remote = connect({ host, port: Number(port), lookup: guard.lookup })
    open.add(remote)
    remote.on('close', () => {
      open.delete(remote)
      client.destroy()
    })
    client.on('close', () => remote.destroy())
    remote.on('error', error => (remote.connecting ? fail('502 Bad Gateway', error) : refuse(error)))
    remote.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      remote.on('data', count)
      remote.write(head)
      client.pipe(remote).pipe(client)
    })
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const fail = (status: number, error?: unknown): void => {
      refuse(error)
      if (response.headersSent) response.destroy()
      else response.writeHead(status, { 'content-length': 0 }).end()
    }
    if (!isOurs(request)) return fail(407)
    if (!request.url || !URL.canParse(request.url)) return fail(400)
    const url = new URL(request.url)
    if (url.protocol !== 'http:') return fail(400)
    try {
      guard.check(url.hostname)
    } catch (error) {
      return fail(403, error)
    }
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = request.headers
    const sent = requestHttp(url, { method: request.method, headers, agent: false, lookup: guard.lookup })
    sent.on('error', error => fail(502, error))
    sent.on('response', answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.on('data', count)
      answer.on('error', () => response.destroy())
      answer.pipe(response)
    })
    response.on('close', () => sent.destroy())
    request.pipe(sent)
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause => reject(new Error(`opening the proxy for git: ${describeError(cause)}`, { cause })))
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://git:${password}@127.0.0.1:${port}`,
    refusal: () => refusal,
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

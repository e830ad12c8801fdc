/** A real HTTP or HTTPS server on loopback that keeps what it was sent, byte for byte. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Identity } from './certificate.js'

export interface Recorded {
  /** `POST /path` */
  readonly line: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Recorder {
  readonly url: string
  readonly port: number
  readonly requests: readonly Recorded[]
}

export type Answer = (request: Recorded, response: ServerResponse) => void

/** `answer` is called when the whole request is there. Gone when the test is over. */
export async function record(answer: Answer, identity?: Identity): Promise<Recorder> {
  const requests: Recorded[] = []
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      const recorded = { line: `${method} ${url}`, headers, body: Buffer.concat(chunks).toString('utf8') }
      requests.push(recorded)
      answer(recorded, response)
    })
  }
  const server = identity === undefined ? createServer(take) : createTlsServer({ ...identity }, take)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise<void>(resolve => server.close(() => resolve()))
  })
  const { port } = server.address() as AddressInfo
  return { url: `http${identity === undefined ? '' : 's'}://127.0.0.1:${port}`, port, requests }
}

export function json(value: unknown, status = 200): Answer {
  return (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** Writes for as long as somebody reads. */
export const endless: Answer = (_request, response) => {
  const chunk = Buffer.alloc(65_536, 'a')
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

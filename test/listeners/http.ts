/** The webhook front on a real port, and requests to it. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { createWebhookApp, SERVER_OPTIONS, secureServer, type WebhookDeps } from '../../listeners/webhook.js'
import { inboxFor, recordingLog } from './world.js'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export async function serve(deps: Pick<WebhookDeps, 'cluster'> & Partial<WebhookDeps>) {
  const { lines, log } = recordingLog()
  const inbox = inboxFor()
  let ids = 0
  const newEventId = () => {
    ids += 1
    return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`
  }
  const app = createWebhookApp({ inbox, log, now: () => 1_700_000_000_000, newEventId, ...deps })
  const server = secureServer(createServer(SERVER_OPTIONS, app))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise<void>(resolve => server.close(() => resolve()))
  })
  return { port, inbox, lines, server }
}

/** A header given as a list is sent as several lines. */
export function send(
  port: number,
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string | readonly string[]>>
    readonly body?: string | Uint8Array
  } = {},
): Promise<Answer> {
  const { method = 'POST', headers = {}, body = '' } = options
  return new Promise((resolve, reject) => {
    const lines = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value as string | string[]]))
    const sending = request({ host: '127.0.0.1', port, path, method, headers: lines, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    sending.on('error', reject)
    sending.end(body)
  })
}

/** Writes exactly these bytes and reads until the server closes. */
export function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

export function sign(body: string | Uint8Array, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

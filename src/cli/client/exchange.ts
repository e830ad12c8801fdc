/** One request over HTTP to whatever listens for webhooks. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

const DEADLINE_MS = 30_000

export interface Exchange {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** One request over HTTP. @throws Error when there is no complete answer within half a minute */
export function exchange(url: string, { method, headers, body }: Exchange): Promise<HttpAnswer> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    // No agent: a command must not be kept alive by a connection.
    const options = {
      method,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false as const,
    }
    const sending = request(url, { ...options, signal: AbortSignal.timeout(DEADLINE_MS) }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }))
    })
    sending.on('error', reject)
    sending.end(body)
  })
}

export interface HttpAnswer {
  readonly status: number
  readonly body: Buffer
}

/** The port for those who look after a process: health and metrics. Answers whatever else is away. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerHealth, type Check } from './health.js'

export interface Observed {
  readonly livez: readonly Check[]
  readonly readyz: readonly Check[]
  /** Undefined before there are any. */
  readonly metrics: { readonly contentType: string; text(): Promise<string> } | undefined
}

export interface HealthServer {
  readonly port: number
  close(): Promise<void>
}

/** `observed` is asked for each request: a process is looked after before it has all its parts. */
export async function startHealthServer(port: number, observed: () => Observed): Promise<HealthServer> {
  const server = createServer((request, response) => {
    // Not `new URL`, which throws at what anybody may send, such as `//`: the process would end of it.
    const [pathname = '', query] = (request.url ?? '').split('?', 2)
    const { metrics, ...checks } = observed()
    const health = answerHealth(checks, pathname, new URLSearchParams(query).has('verbose'))
    if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end()
    else if (health) response.writeHead(health.code, { 'content-type': 'text/plain; charset=utf-8' }).end(health.text)
    else if (pathname === '/metrics' && metrics) {
      metrics.text().then(
        text => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => response.writeHead(500).end(),
      )
    } else response.writeHead(404).end('there are /livez, /readyz and /metrics\n')
  })
  // Scrapers and probes come every few seconds; whoever says nothing is no scraper.
  Object.assign(server, { headersTimeout: 5_000, requestTimeout: 5_000, maxHeadersCount: 100 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, resolve)
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

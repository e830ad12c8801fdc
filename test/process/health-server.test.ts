/** The port that anybody in the cluster may reach: whatever is sent there is answered, and ends nothing. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startHealthServer } from '../../src/process/health-server.js'

async function firstLine(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.end(`${request}\r\nHost: a\r\nConnection: close\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  return String(answer).split('\r\n')[0]!
}

test.each([
  ['GET /livez HTTP/1.1', '200 OK'],
  ['GET /livez?verbose HTTP/1.1', '200 OK'],
  ['GET /metrics?name[]=up HTTP/1.1', '200 OK'],
  ['POST /livez HTTP/1.1', '405 Method Not Allowed'],
  // What `new URL` takes for hosts.
  ['GET // HTTP/1.1', '404 Not Found'],
  ['GET //[ HTTP/1.1', '404 Not Found'],
  ['GET http://[ HTTP/1.1', '404 Not Found'],
  ['GET /%ff?%ff&verbose HTTP/1.1', '404 Not Found'],
  ['nonsense', '400 Bad Request'],
])('%s: %s', async (request, expected) => {
  const health = await startHealthServer(0, () => ({
    livez: [{ name: 'ping', problem: () => undefined }],
    readyz: [],
    metrics: { contentType: 'text/plain', text: async () => 'up 1\n' },
  }))
  onTestFinished(() => health.close())
  expect(await firstLine(health.port, request)).toBe(`HTTP/1.1 ${expected}`)
})

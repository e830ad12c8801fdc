/** Connections that ask to become something else than HTTP. */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Upgrade } from './request.js'

/** What `exec` may be asked for with. */
const PROTOCOLS = ['websocket', 'spdy/3.1']

/**
 * Calls `handle` as for any request, with a response on the bare socket. Whoever asks for another protocol, as some
 * clients do for HTTP/2 with each request, is answered as if they had not.
 */
export function onUpgrade(
  server: Server,
  handle: (incoming: IncomingMessage, response: ServerResponse, upgrade: Upgrade) => void,
): void {
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const protocol = incoming.headers.upgrade?.toLowerCase() ?? ''
    socket.on('error', () => socket.destroy())
    if (!PROTOCOLS.includes(protocol)) {
      socket.unshift(Buffer.concat([headOf(incoming), head]))
      server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
      return
    }
    const response = new ServerResponse(incoming)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.once('finish', () => {
      response.detachSocket(socket)
      socket.end()
    })
    handle(incoming, response, { protocol, incoming, socket, head })
  })
}

/** The request as it came, without the wish. */
function headOf({ method, url, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    if (!['upgrade', 'connection', 'http2-settings'].includes(name.toLowerCase())) lines.push(`${name}: ${value}`)
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

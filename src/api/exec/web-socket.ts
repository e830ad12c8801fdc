/** A client over WebSocket, in Kubernetes' protocol of channels: the first byte of a message says what the rest is of. */
import type { Readable } from 'node:stream'
import { PassThrough } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { Upgrade } from '../request.js'
import type { Client } from './session.js'

/** The newer first: it can say that the input has ended. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

const CHANNELS = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const
const MAX_MESSAGE_BYTES = 1024 * 1024
/** For the client to answer our goodbye. */
const GOODBYE_MS = 2_000

/** The best protocol that the client offers. */
export function webSocketProtocol({ incoming }: Upgrade): string | undefined {
  const offered = String(incoming.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(name => name.trim())
  return PROTOCOLS.find(name => offered.includes(name))
}

export async function webSocketClient({ incoming, socket, head }: Upgrade, protocol: string): Promise<Client> {
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => protocol,
  })
  const connection = await new Promise<WebSocket>(resolve => server.handleUpgrade(incoming, socket, head, resolve))
  return clientOf(connection)
}

function clientOf(connection: WebSocket): Client {
  const input = new PassThrough()
  let resize: (columns: number, rows: number) => void = () => undefined
  const closed = new Promise<void>(resolve => connection.once('close', () => resolve()))
  connection.on('error', () => connection.terminate())
  connection.on('message', (data: RawData, isBinary: boolean) => {
    const bytes = data as Buffer
    const [channel] = bytes
    const rest = bytes.subarray(1)
    if (!isBinary || channel === undefined) return
    if (channel === CHANNELS.stdin && !input.writableEnded) typed(connection, input, rest)
    if (channel === CHANNELS.close && rest[0] === CHANNELS.stdin) input.end()
    if (channel === CHANNELS.resize) sizeIn(rest, resize)
  })
  void closed.then(() => input.end())
  const say = (channel: number, bytes: Uint8Array): Promise<void> =>
    // Also when it fails: then the socket is gone, which ends the session.
    new Promise(resolve => connection.send(Buffer.concat([Buffer.of(channel), bytes]), () => resolve()))
  // The kubelet does so, too: it says that the command runs.
  void say(CHANNELS.stdout, Buffer.alloc(0))
  return {
    input: input as Readable,
    send: (stream, bytes) => say(CHANNELS[stream], bytes),
    onResize: listener => {
      resize = listener
    },
    async finish(status) {
      await say(CHANNELS.error, Buffer.from(JSON.stringify(status)))
      connection.close(1000)
      const timer = setTimeout(() => connection.terminate(), GOODBYE_MS)
      await closed
      clearTimeout(timer)
    },
  }
}

/** What the command does not read is not read from the network either. */
function typed(connection: WebSocket, input: PassThrough, bytes: Buffer): void {
  if (bytes.length === 0 || input.write(bytes)) return
  connection.pause()
  input.once('drain', () => connection.resume())
}

/** `{"Width":80,"Height":24}` */
export function sizeIn(bytes: Buffer, tell: (columns: number, rows: number) => void): void {
  const [, columns] = /"Width":\s*(\d{1,5})\b/.exec(bytes.toString('latin1')) ?? []
  const [, rows] = /"Height":\s*(\d{1,5})\b/.exec(bytes.toString('latin1')) ?? []
  if (columns !== undefined && rows !== undefined) tell(Number(columns), Number(rows))
}

/** A client over SPDY/3.1, which kubectl spoke before 1.31: each stream of the command is a stream of the connection. */
import { PassThrough } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Upgrade } from '../request.js'
import type { Client } from './session.js'
import { createFrameReader, dataFrame, pingFrame, replyFrame, type SpdyFrame } from './spdy-frames.js'
import { createHeaderCodec } from './spdy-headers.js'
import { sizeIn } from './web-socket.js'

/** Only this one tells how the command ended. */
const PROTOCOL = 'v4.channel.k8s.io'
/** For the client to open its streams. */
const OPENING_MS = 30_000
/** For the client to hang up. */
const GOODBYE_MS = 2_000

/** Whether the client knows what we answer with. */
export function offersSpdy({ incoming }: Upgrade): boolean {
  const offered = incoming.headersDistinct['x-stream-protocol-version'] ?? []
  return offered.flatMap(line => line.split(',')).some(name => name.trim() === PROTOCOL)
}

/** @param wanted the streams that the client said it would open */
export async function spdyClient({ socket, head }: Upgrade, wanted: readonly string[]): Promise<Client> {
  const read = createFrameReader()
  const codec = createHeaderCodec()
  const input = new PassThrough()
  const ids = new Map<string, number>()
  let resize: (columns: number, rows: number) => void = () => undefined
  let opened: () => void = () => undefined
  const allOpen = new Promise<void>(resolve => (opened = resolve))
  const over = finished(socket).catch(() => undefined)
  const say = (bytes: Buffer): Promise<void> =>
    // Also when it fails: then the socket is gone, which ends the session.
    new Promise(resolve => void socket.write(bytes, () => resolve()))

  const take = async (frame: SpdyFrame): Promise<void> => {
    switch (frame.is) {
      case 'open': {
        const { stream, last, headers } = frame
        const type = (await codec.decode(headers)).get('streamtype') ?? ''
        ids.set(type, stream)
        await say(replyFrame(stream, await codec.encode(new Map())))
        if (type === 'stdin' && last) input.end()
        if (wanted.every(name => ids.has(name))) opened()
        break
      }
      case 'data':
        if (frame.stream === ids.get('resize')) sizeIn(frame.bytes, resize)
        if (frame.stream !== ids.get('stdin') || input.writableEnded) break
        if (frame.bytes.length > 0 && !input.write(frame.bytes)) await roomIn(input, over)
        if (frame.last) input.end()
        break
      case 'reset':
        if (frame.stream === ids.get('stdin')) input.end()
        break
      case 'ping':
        await say(pingFrame(frame.id))
        break
      case 'goodbye':
      case 'other':
        break
      default:
        throw new Error(`unknown frame ${JSON.stringify(frame satisfies never)}`)
    }
  }

  const listen = async (): Promise<void> => {
    try {
      for await (const bytes of socket as AsyncIterable<Buffer>) for (const frame of read(bytes)) await take(frame)
    } catch {
      // No SPDY, or cut off: either way nothing more can be said to it.
    }
    input.end()
    socket.destroy()
  }

  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${PROTOCOL}\r\n\r\n`,
  )
  if (head.length > 0) socket.unshift(head)
  void listen()
  void over.then(() => codec.close())
  const tooLate = setTimeout(() => socket.destroy(), OPENING_MS)
  await Promise.race([allOpen, over])
  clearTimeout(tooLate)

  const sendOn = (name: string, bytes: Buffer, last = false): Promise<void> => {
    const id = ids.get(name)
    return id === undefined ? Promise.resolve() : say(dataFrame(id, bytes, last))
  }
  return {
    input,
    send: (stream, bytes) => sendOn(stream, bytes),
    onResize: listener => {
      resize = listener
    },
    async finish(status) {
      const nothing = Buffer.alloc(0)
      for (const name of ['stdout', 'stderr']) await sendOn(name, nothing, true)
      await sendOn('error', Buffer.from(JSON.stringify(status)))
      await sendOn('error', nothing, true)
      // The client hangs up: Go's drops what it has not passed on yet when we do.
      const timer = setTimeout(() => socket.destroy(), GOODBYE_MS)
      await over
      clearTimeout(timer)
    },
  }
}

function roomIn(input: PassThrough, over: Promise<unknown>): Promise<unknown> {
  return Promise.race([new Promise(resolve => input.once('drain', resolve)), over])
}

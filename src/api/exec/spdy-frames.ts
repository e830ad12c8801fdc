/** SPDY/3.1 on the wire, as much of it as clients of `exec` use. Pure. */

export type SpdyFrame =
  | { readonly is: 'data'; readonly stream: number; readonly last: boolean; readonly bytes: Buffer }
  | { readonly is: 'open'; readonly stream: number; readonly last: boolean; readonly headers: Buffer }
  | { readonly is: 'reset'; readonly stream: number }
  | { readonly is: 'ping'; readonly id: number }
  | { readonly is: 'goodbye' }
  /** Settings, windows, replies: nothing that we act on. */
  | { readonly is: 'other' }

const VERSION = 3
const TYPES = { open: 1, reply: 2, reset: 3, ping: 6, goodbye: 7 } as const
const FLAG_LAST = 1
const HEAD_BYTES = 8
/** Of one frame: clients send what they read from a terminal or a file, 32 KiB at a time. */
const MAX_FRAME_BYTES = 1024 * 1024

/** Takes bytes as they come, gives whole frames. @throws Error when they are no SPDY */
export function createFrameReader(): (bytes: Buffer) => readonly SpdyFrame[] {
  let rest: Buffer = Buffer.alloc(0)
  return bytes => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    const frames: SpdyFrame[] = []
    while (rest.length >= HEAD_BYTES) {
      const size = rest.readUIntBE(5, 3)
      if (size > MAX_FRAME_BYTES) throw new Error(`a frame of ${size} bytes`)
      if (rest.length < HEAD_BYTES + size) break
      frames.push(frameOf(rest.subarray(0, HEAD_BYTES), rest.subarray(HEAD_BYTES, HEAD_BYTES + size)))
      rest = rest.subarray(HEAD_BYTES + size)
    }
    return frames
  }
}

function frameOf(head: Buffer, body: Buffer): SpdyFrame {
  const word = head.readUInt32BE(0)
  const last = ((head[4] ?? 0) & FLAG_LAST) !== 0
  const isControl = word >= 0x80000000
  if (!isControl) return { is: 'data', stream: word, last, bytes: body }
  if (((word >>> 16) & 0x7fff) !== VERSION) throw new Error('another version of SPDY')
  switch (word & 0xffff) {
    case TYPES.open:
      return { is: 'open', stream: body.readUInt32BE(0) & 0x7fffffff, last, headers: body.subarray(10) }
    case TYPES.reset:
      return { is: 'reset', stream: body.readUInt32BE(0) & 0x7fffffff }
    case TYPES.ping:
      return { is: 'ping', id: body.readUInt32BE(0) }
    case TYPES.goodbye:
      return { is: 'goodbye' }
    default:
      return { is: 'other' }
  }
}

export function dataFrame(stream: number, bytes: Buffer, last = false): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32BE(stream, 0)
  return sealed(head, bytes, last)
}

export function replyFrame(stream: number, headers: Buffer): Buffer {
  return control(TYPES.reply, Buffer.concat([number(stream), headers]))
}

export function pingFrame(id: number): Buffer {
  return control(TYPES.ping, number(id))
}

function control(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt16BE(0x8000 | VERSION, 0)
  head.writeUInt16BE(type, 2)
  return sealed(head, body, false)
}

function sealed(head: Buffer, body: Buffer, last: boolean): Buffer {
  head[4] = last ? FLAG_LAST : 0
  head.writeUIntBE(body.length, 5, 3)
  return Buffer.concat([head, body])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

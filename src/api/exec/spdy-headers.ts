/** Names and values as SPDY/3.1 sends them: compressed, with one stream of zlib for each direction of a connection. */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'

export type SpdyHeaders = ReadonlyMap<string, string>

/** What headers usually hold, as the specification lists it: both sides begin with it. */
const WORDS =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status'
const MORE_WORDS = ['200 OK', 'version', 'HTTP/1.1', 'url', 'public', 'set-cookie', 'keep-alive', 'origin']
const TEXT =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.'

const DICTIONARY = Buffer.concat([...[...WORDS.split(' '), ...MORE_WORDS].map(sized), Buffer.from(TEXT)])

/** Far more than a client of `exec` sends; few bytes can unpack to gigabytes. */
const MAX_BYTES = 16 * 1024

export interface HeaderCodec {
  /** Called in the order of the frames. @throws Error when they are not what they should be */
  decode(block: Buffer): Promise<SpdyHeaders>
  encode(headers: SpdyHeaders): Promise<Buffer>
  close(): void
}

export function createHeaderCodec(): HeaderCodec {
  const options = { dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH, readableHighWaterMark: MAX_BYTES }
  const unpack = piecewise(createInflate(options))
  const pack = piecewise(createDeflate(options))
  return {
    decode: async block => parse(await unpack.put(block)),
    encode: headers =>
      pack.put(
        Buffer.concat([countOf(headers.size), ...[...headers].flatMap(([name, value]) => [sized(name), sized(value)])]),
      ),
    close() {
      unpack.close()
      pack.close()
    },
  }
}

/** What goes in together comes out together. More than fits its buffer never comes: whoever waits gives up. */
function piecewise(stream: Deflate | Inflate): { put(bytes: Buffer): Promise<Buffer>; close(): void } {
  let last: Promise<unknown> = Promise.resolve()
  const putNow = (bytes: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const settle = (error?: Error | null): void => {
        stream.off('error', settle)
        if (error) reject(error)
        else resolve((stream.read() as Buffer | null) ?? Buffer.alloc(0))
      }
      stream.on('error', settle)
      stream.write(bytes, settle)
    })
  return {
    put(bytes) {
      const mine = last.then(() => putNow(bytes))
      last = mine.catch(() => undefined)
      return mine
    },
    close() {
      stream.on('error', () => undefined)
      stream.destroy()
    },
  }
}

function parse(bytes: Buffer): SpdyHeaders {
  const found = new Map<string, string>()
  let at = 4
  const next = (): string => {
    const end = at + 4 + bytes.readUInt32BE(at)
    const text = bytes.toString('utf8', at + 4, end)
    at = end
    return text
  }
  for (let left = bytes.readUInt32BE(0); left > 0; left -= 1) found.set(next().toLowerCase(), next())
  return found
}

function sized(text: string): Buffer {
  return Buffer.concat([countOf(Buffer.byteLength(text)), Buffer.from(text)])
}

function countOf(count: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(count)
  return bytes
}

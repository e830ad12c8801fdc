/** Documents that clients keep and ask about again: compressed once, told apart by an ETag. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { StreamAnswer } from './answer.js'

const compress = promisify(gzip)
const decompress = promisify(gunzip)

export interface Document {
  readonly contentType: string
  /** Hex; the same for the same bytes. */
  readonly hash: string
  /** Kept compressed: clients ask for it so, and it is a tenth. */
  readonly compressed: Buffer
}

export async function documentOf(contentType: string, bytes: string | Uint8Array): Promise<Document> {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32).toUpperCase()
  return { contentType, hash, compressed: await compress(bytes) }
}

/** Headers besides the ones that every document has: how long it may be kept, mostly. */
export function answerDocument(
  asked: IncomingHttpHeaders,
  { contentType, hash, compressed }: Document,
  headers: Readonly<Record<string, string>> = {},
): StreamAnswer {
  return async response => {
    const etag = `"${hash}"`
    // What it is depends on Accept, and its form on Accept-Encoding: whoever keeps it in between has to know.
    const common = { etag, vary: 'Accept-Encoding, Accept', ...headers }
    if (asked['if-none-match']?.split(',').some(each => each.trim().replace(/^W\//, '') === etag)) {
      response.writeHead(304, common).end()
      return
    }
    const zipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(String(asked['accept-encoding'] ?? ''))
    const body = zipped ? compressed : await decompress(compressed)
    const encoding = zipped ? { 'content-encoding': 'gzip' } : {}
    response.writeHead(200, { ...common, 'content-type': contentType, 'content-length': body.length, ...encoding })
    response.end(body)
  }
}

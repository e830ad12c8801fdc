/** Lines of a log that hold a text, found while it is read: no more than a piece of it is ever in memory. */

export interface FoundLine {
  /** Of its first byte. */
  readonly offset: number
  /** From 1. */
  readonly line: number
  /** Where the text stands, in bytes from the beginning of the log. */
  readonly at: number
  /** The line, or what is around the text where it is long. */
  readonly text: string
}

const NEWLINE = 10
const SHOWN_BYTES = 400

/** Letters of ASCII are found in either case. Each line once. @param text not empty */
export async function* searchLog(output: AsyncIterable<Uint8Array>, text: string): AsyncGenerator<FoundLine> {
  const wanted = lowered(Buffer.from(text))
  let kept: Buffer = Buffer.alloc(0)
  let keptAt = 0 // in the log
  let line = 1
  let lineAt = 0
  let from = 0 // in the log: what was looked through
  let isFound = false // this line, whose end has not come yet
  for await (const piece of withEnd(output)) {
    const isEnd = piece === undefined
    const bytes: Buffer = isEnd ? kept : Buffer.concat([kept, piece])
    const low = lowered(bytes)
    // A line is shown with what stands behind the text, so that must be there; or the log has ended.
    const sure = isEnd ? bytes.length : bytes.length - SHOWN_BYTES - wanted.length
    let at = Math.max(0, from - keptAt)
    if (isFound) {
      const end = bytes.indexOf(NEWLINE, at)
      isFound = end < 0
      at = isFound ? bytes.length : end
    }
    for (;;) {
      const found = low.indexOf(wanted, at)
      const until = found < 0 || found > sure ? Math.max(at, isEnd ? bytes.length : sure) : found
      // Lines that end before it.
      for (let end = bytes.indexOf(NEWLINE, at); end >= 0 && end < until; end = bytes.indexOf(NEWLINE, end + 1)) {
        line += 1
        lineAt = keptAt + end + 1
      }
      at = until
      if (found < 0 || found > sure) break
      yield { offset: lineAt, line, at: keptAt + found, text: around(bytes, lineAt - keptAt, found, wanted.length) }
      const end = bytes.indexOf(NEWLINE, found)
      isFound = end < 0
      at = isFound ? bytes.length : end
    }
    from = keptAt + at
    const keep = Math.max(0, Math.min(at, bytes.length) - SHOWN_BYTES)
    kept = bytes.subarray(keep)
    keptAt += keep
  }
}

/** A line of over `SHOWN_BYTES` is cut on both sides, with a mark. */
function around(bytes: Buffer, lineStart: number, found: number, length: number): string {
  const newline = bytes.indexOf(NEWLINE, found)
  const lineEnd = newline < 0 ? bytes.length : newline
  const start = Math.max(lineStart, found - SHOWN_BYTES / 2, 0)
  const end = Math.min(lineEnd, found + length + SHOWN_BYTES / 2)
  const text = bytes.toString('utf8', start, end).replace(/\r$/, '')
  return `${start > lineStart ? '…' : ''}${text}${end < lineEnd ? '…' : ''}`
}

function lowered(bytes: Uint8Array): Buffer {
  const low = Buffer.from(bytes)
  for (let at = 0; at < low.length; at++) {
    const byte = low[at]!
    if (byte >= 65 && byte <= 90) low[at] = byte | 32
  }
  return low
}

async function* withEnd<T>(items: AsyncIterable<T>): AsyncGenerator<T | undefined> {
  yield* items
  yield undefined
}

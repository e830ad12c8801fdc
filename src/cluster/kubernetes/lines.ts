/**
 * Lines of a stream of bytes. Cut before decoding: a chunk may end in the middle of a character. Throws when a line is
 * longer than `maxBytes`, so that a peer that never ends one does not fill the memory. What comes after the last newline
 * is no line: the stream was cut.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string> {
  // Parts, joined once: joining at every chunk costs the square of the line's length.
  let parts: Buffer[] = []
  let size = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      check(size + end - start, maxBytes)
      yield Buffer.concat([...parts, chunk.subarray(start, end)]).toString('utf8')
      parts = []
      size = 0
      start = end + 1
    }
    if (start === chunk.length) continue
    parts.push(chunk.subarray(start))
    size += chunk.length - start
    check(size, maxBytes)
  }
}

const NEWLINE = 0x0a

function check(size: number, maxBytes: number): void {
  if (size > maxBytes) throw new Error(`a line of the stream is over ${maxBytes} bytes`)
}

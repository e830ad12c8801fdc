/** A container's output, cut and stamped as was asked for. Bytes stay bytes: a line ends with its newline, or with the log. */
import type { LogPart } from '../../logs/log-store.js'
import { createTimesParser, type LogTime, timestampOf } from '../../logs/log-times.js'
import type { LogOptions } from './log-options.js'

/** A log that may still grow. */
export interface LogSource {
  /** Bytes so far. */
  size(): Promise<number>
  /** From byte `offset`; with `follow` until nothing more comes. */
  read(
    offset: number,
    options: { readonly follow: boolean; readonly part: LogPart },
  ): Promise<AsyncIterable<Uint8Array>>
  /** Epoch ms: of output whose time nobody noted. */
  readonly startedAt: number
}

const NEWLINE = 10
const BLOCK_BYTES = 256 * 1024

/** Resolves when it can be read, also when nothing has come yet. */
export async function logOutput(
  source: LogSource,
  { since, tailLines, ...options }: Omit<LogOptions, 'container' | 'previous'>,
): Promise<AsyncIterable<Uint8Array>> {
  const starts = [
    tailLines === undefined ? 0 : await startOfLast(source, tailLines),
    since === undefined ? 0 : await startSince(source, since),
  ]
  return outputFrom(source, Math.max(...starts), options)
}

/** From byte `start` of it. */
export async function outputFrom(
  source: LogSource,
  start: number,
  { follow, timestamps, limitBytes }: Pick<LogOptions, 'follow' | 'timestamps' | 'limitBytes'>,
): Promise<AsyncIterable<Uint8Array>> {
  const output = await source.read(start, { follow, part: 'output' })
  const stamped = timestamps ? withTimestamps(output, start, createClock(source)) : output
  return limitBytes === undefined ? stamped : limited(stamped, limitBytes)
}

/** Where the last `lines` lines begin. What stands behind the last newline is a line, too. */
export async function startOfLast(source: LogSource, lines: number): Promise<number> {
  const size = await source.size()
  if (lines === 0) return size
  let missing = lines
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES)
    const block = await blockOf(source, start, end)
    // The newline that ends the log begins no line.
    let from = end === size ? block.length - 2 : block.length - 1
    while (from >= 0) {
      const at = block.lastIndexOf(NEWLINE, from)
      if (at < 0) break
      missing -= 1
      if (missing === 0) return start + at + 1
      from = at - 1
    }
    end = start
  }
  return 0
}

/** Where the first line begins that came at `ms` or later: behind the log when none did. */
async function startSince(source: LogSource, ms: number): Promise<number> {
  const parse = createTimesParser()
  let isTimed = false
  for await (const piece of await source.read(0, { follow: false, part: 'times' })) {
    for (const time of parse(piece)) {
      isTimed = true
      if (time.ms >= ms) return beginOfLine(source, time.offset)
    }
  }
  return !isTimed && source.startedAt >= ms ? 0 : source.size()
}

/** A line is as old as its first byte. */
async function beginOfLine(source: LogSource, offset: number): Promise<number> {
  if (offset === 0) return 0
  let position = offset - 1
  for await (const piece of await source.read(position, { follow: false, part: 'output' })) {
    const at = piece.indexOf(NEWLINE)
    if (at >= 0) return position + at + 1
    position += piece.length
  }
  return position
}

async function blockOf(source: LogSource, start: number, end: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let missing = end - start
  for await (const piece of await source.read(start, { follow: false, part: 'output' })) {
    pieces.push(piece.subarray(0, missing))
    missing -= piece.length
    if (missing <= 0) break
  }
  return Buffer.concat(pieces)
}

async function* withTimestamps(
  output: AsyncIterable<Uint8Array>,
  start: number,
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  let position = start
  let atLineStart = true
  for await (const piece of output) {
    await clock.readTo(position + piece.length)
    const parts: Uint8Array[] = []
    for (let from = 0; from < piece.length; ) {
      if (atLineStart) parts.push(clock.stampAt(position + from))
      const newline = piece.indexOf(NEWLINE, from)
      atLineStart = newline >= 0
      const to = atLineStart ? newline + 1 : piece.length
      parts.push(piece.subarray(from, to))
      from = to
    }
    position += piece.length
    yield Buffer.concat(parts)
  }
}

/** Goes forward only, and keeps no more of the times than is looked at. */
interface Clock {
  /** Makes the times known of what stands before `offset`. */
  readTo(offset: number): Promise<void>
  /** With the space behind it. The same bytes again as long as the time is the same. */
  stampAt(offset: number): Uint8Array
}

function createClock(source: LogSource): Clock {
  const parse = createTimesParser()
  let ahead: LogTime[] = []
  let read = 0
  let stamp = Buffer.from(`${timestampOf(source.startedAt)} `)
  return {
    async readTo(offset) {
      if ((ahead.at(-1)?.offset ?? -1) >= offset) return
      for await (const piece of await source.read(read, { follow: false, part: 'times' })) {
        read += piece.length
        ahead = [...ahead, ...parse(piece)]
        if ((ahead.at(-1)?.offset ?? -1) >= offset) return
      }
    },
    stampAt(offset) {
      let passed = 0
      for (const time of ahead) {
        if (time.offset > offset) break
        passed += 1
      }
      const last = ahead[passed - 1]
      if (last === undefined) return stamp
      stamp = Buffer.from(`${timestampOf(last.ms)} `)
      ahead = ahead.slice(passed)
      return stamp
    },
  }
}

async function* limited(output: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  for await (const piece of output) {
    yield piece.subarray(0, left)
    left -= piece.length
    if (left <= 0) return
  }
}

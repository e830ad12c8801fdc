/** One stream of a container's output, masked and stored: at once when there is much of it, within a second when not. */
import type { LogEnd, LogKey, MarkedLogStore } from '../logs/log-store.js'
import type { Masker } from '../logs/mask.js'
import type { LineTimes } from './line-times.js'
import { createSkipper, type Mark, markText, readMark } from './mark.js'
import { createLineReader, type LinePart } from './stamped-lines.js'

export interface CopyDeps {
  readonly store: MarkedLogStore
  readonly masker: Masker
  readonly times: LineTimes
  readonly key: LogKey
  /** So many bytes are stored at once. */
  readonly flushBytes: () => number
  readonly flushMs: number
  /** Told each time when something new was. */
  readonly stored: () => void
}

export interface Copied {
  /** As `resume` would say, where it is known. */
  readonly end: LogEnd
  /** What the kubelet said of itself. */
  readonly stray: string
  /** The stream ended in the middle of a line. */
  readonly isInside: boolean
  /** What is not stored yet, when nothing more comes. */
  rest(): Promise<void>
}

const MOST_STRAY = 300
const MISSING =
  '[tektite: some output is missing here: the node kept it no longer, because the log was rotated or the container started again]\n'

/**
 * Stores what comes after the end. Output up to the last mark may come again, and is made again: it is the same bytes.
 * @throws whatever reading or storing ends with; what was stored until then stays
 */
export async function copyStream(deps: CopyDeps, end: LogEnd, stream: AsyncIterable<Uint8Array>): Promise<Copied> {
  const { store, masker, times, key, flushBytes, flushMs } = deps
  const before = readMark(end.mark)
  const skipper = createSkipper(before)
  const reader = createLineReader()
  let marked: Mark | undefined = before
  let line: { readonly at: bigint; readonly count: number } | undefined = before
  let isOld = false
  let stray = ''
  /** Where what waits begins. */
  let position = before?.offset ?? 0
  let stored = end
  let waiting: Uint8Array[] = []
  let waitingBytes = 0

  const add = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return
    waiting.push(bytes.slice())
    waitingBytes += bytes.length
  }

  function take(part: LinePart): void {
    if (part.isStray) {
      stray = (stray + Buffer.from(part.bytes).toString('utf8')).slice(0, MOST_STRAY)
      return
    }
    if (part.at !== undefined) {
      const kind = skipper.next(part.at)
      isOld = kind === 'old'
      if (kind === 'new, and some are missing') {
        // What was stored behind the mark cannot be made again.
        position = end.size
        add(Buffer.from(end.size === before?.offset ? MISSING : `\n${MISSING}`))
      }
      if (!isOld) {
        line = { at: part.at, count: line?.at === part.at ? line.count + 1 : 1 }
        times.note(position + waitingBytes, part.at)
      }
    }
    if (isOld) return
    add(masker.write(part.bytes))
    if (part.ends && line && masker.isClean()) marked = { offset: position + waitingBytes, ...line }
  }

  async function flush(): Promise<void> {
    if (waitingBytes === 0) return
    const [parts, bytes] = [waiting, waitingBytes]
    waiting = []
    waitingBytes = 0
    const mark = marked === undefined ? undefined : markText(marked)
    await store.append(key, position, parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes), mark)
    position += bytes
    if (position > stored.size) deps.stored()
    if (position >= stored.size) stored = { size: position, mark, isFinished: false }
    await times.flushMany()
  }

  await eachInTime(stream, flushMs, async chunk => {
    if (chunk !== undefined) {
      for (const part of reader.read(chunk)) take(part)
      if (waitingBytes < flushBytes()) return waitingBytes > 0
    }
    await flush()
    return false
  })
  // The end of a line that was cut off is stored when it is known to be all.
  await flush()
  return {
    end: stored,
    stray,
    isInside: reader.isInside(),
    async rest() {
      add(masker.end())
      await flush()
    },
  }
}

/**
 * Calls `work` with each piece; and with none when it has said that something waits, and `ms` have gone by since then. A
 * stream that ends lets nothing wait.
 */
async function eachInTime(
  stream: AsyncIterable<Uint8Array>,
  ms: number,
  work: (piece: Uint8Array | undefined) => Promise<boolean>,
): Promise<void> {
  const pieces = stream[Symbol.asyncIterator]()
  let dueAt: number | undefined
  try {
    let next = pieces.next()
    for (;;) {
      const result = await (dueAt === undefined ? next : nextUntil(next, dueAt - performance.now()))
      if (result?.done) return
      const waits = await work(result?.value)
      dueAt = waits ? (dueAt ?? performance.now() + ms) : undefined
      if (result !== undefined) next = pieces.next()
      // Whoever leaves this loop in an error does not wait for what was asked for.
      next.catch(() => {})
    }
  } finally {
    void pieces.return?.()?.catch(() => {})
  }
}

async function nextUntil<T>(next: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, ms))
  })
  try {
    return await Promise.race([next, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * A log as one looks at it: all of its line index, and the text of a window of neighbouring pages, which moves. However
 * long the log is and however long it is followed, no more than the window is kept.
 *
 *   waiting -there is a log-> ready -(not finished: followed)-> ready, finished
 *   any -the server says no-> failed; a connection that breaks is made again from the byte that was last seen
 */
import {
  createLineIndexer,
  type LineIndex,
  type LineIndexer,
  pageOfLine,
  pageSpan,
} from '../../../src/lib/line-index.js'
import { LINE_BYTES, type Line, linesOfPage } from './lines-of-page.js'
import type { LogSource } from './log-source.js'

/** A page and the beginning of the line that is longer than it. */
const READ_BYTES = 64 * 1024 + LINE_BYTES
/** Some 1.5 MB, or 24 000 lines. */
export const WINDOW_PAGES = 24
/** Read at once, where the window is to be or to grow. */
const NEW_PAGES = 4
/** A step that writes ten thousand lines a second is not shown ten thousand times a second. */
const TELL_MS = 50
const LOOK_AGAIN_MS = 1_000
const COPIED_BYTES = 8 * 1024 * 1024

export interface LogView {
  readonly state: 'waiting' | 'ready' | 'failed'
  readonly problem: string
  /** Neighbours, in their order. */
  readonly lines: readonly Line[]
  /** By the numbers of lines, where they were asked for. */
  readonly times: ReadonlyMap<number, string>
  readonly lineCount: number
  /** Bytes. */
  readonly size: number
  readonly isFinished: boolean
  /** Whether lines that come to one end of those at hand push others out at the other end. */
  readonly isFull: boolean
}

export interface LogReader {
  /** Begins to read: at this line, or else at the end. */
  open(line: number | undefined): void
  close(): void
  view(): LogView
  subscribe(listener: () => void): () => void
  /** Moves the window where it does not hold this line. Resolves when the line is at hand. */
  showLine(line: number): Promise<void>
  showEnd(): Promise<void>
  /** More lines before or behind those at hand; nothing when there are none, or they are on their way. */
  grow(to: 'before' | 'behind'): void
  /** Whether the window goes along with what is written, and lets go of what stands before. */
  keepAtEnd(yes: boolean): void
  showTimes(yes: boolean): void
  /** Lines as they were written, both ends with it. @throws Error when that is too much to hold */
  text(from: number, to: number): Promise<string>
}

interface Page {
  readonly page: number
  readonly lines: readonly Line[]
  readonly times?: readonly string[]
}

export function createLogReader(source: LogSource): LogReader {
  const listeners = new Set<() => void>()
  let closing = new AbortController()
  /** Of the reads that the window waits for: a new place makes them useless. */
  let moving = new AbortController()
  let growing = false
  let indexer: LineIndexer | undefined
  let window: readonly Page[] = []
  /** The page that still grows is kept beside the window: it is small, and one may jump to it. */
  let tail: { readonly page: number; readonly bytes: Uint8Array } = { page: 0, bytes: new Uint8Array() }
  let isFinished = false
  let atEnd = true
  let withTimes = false
  let timing = false
  let problem = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  let shown = viewOf()

  function viewOf(): LogView {
    const { lineCount = 0, size = 0 } = indexer?.index() ?? {}
    return {
      state: problem !== '' ? 'failed' : indexer === undefined ? 'waiting' : 'ready',
      problem,
      lines: window.flatMap(({ lines }) => lines),
      times: withTimes ? timesOf(window) : NO_TIMES,
      lineCount,
      size,
      isFinished,
      isFull: window.length >= WINDOW_PAGES,
    }
  }

  function tellNow(): void {
    clearTimeout(timer)
    timer = undefined
    shown = viewOf()
    for (const listener of listeners) listener()
    void readTimes()
  }

  function tellSoon(): void {
    timer ??= setTimeout(tellNow, TELL_MS)
  }

  function fail(error: unknown): void {
    problem = error instanceof Error ? error.message : String(error)
    tellNow()
  }

  async function begin(line: number | undefined, signal: AbortSignal): Promise<void> {
    for (;;) {
      const found = await source.index(signal)
      if (signal.aborted) return
      if (found !== undefined) {
        indexer = createLineIndexer(found.index)
        isFinished = found.isFinished
        break
      }
      await pause(LOOK_AGAIN_MS, signal)
      if (signal.aborted) return
    }
    await readTail(signal)
    await moveTo(line === undefined ? last() : pageOfLine(indexer.index(), line))
    if (!isFinished) await follow(signal)
  }

  function last(): number {
    return Math.max(0, indexOf().offsets.length - 1)
  }

  function indexOf(): LineIndex {
    if (indexer === undefined) throw new Error('the log is not open')
    return indexer.index()
  }

  async function readTail(signal: AbortSignal): Promise<void> {
    const { offset, bytes } = pageSpan(indexOf(), last())
    const read =
      bytes === 0 ? new Uint8Array() : await source.read({ offset, limit: Math.min(bytes, READ_BYTES) }, signal)
    tail = { page: last(), bytes: read }
  }

  async function follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const piece of source.follow(indexOf().size, signal)) {
          if (signal.aborted) return
          append(piece)
        }
        isFinished = true
        return tellNow()
      } catch (error) {
        if (signal.aborted) return
        if (isRefusal(error)) throw error
        await pause(LOOK_AGAIN_MS, signal)
      }
    }
  }

  function append(piece: Uint8Array): void {
    const before = indexOf().size
    indexer?.add(piece)
    const index = indexOf()
    for (let page = tail.page; page < index.offsets.length; page += 1) {
      const { offset, bytes } = pageSpan(index, page)
      const fresh = piece.subarray(Math.max(0, offset - before), Math.max(0, offset + bytes - before))
      const isGrowing = page === tail.page
      // Without its window the tail is kept all the same: it is small, and one may jump to it.
      const isShown = window.some(each => each.page === page)
      const isNext = window.length === 0 || window.at(-1)?.page === page - 1
      tail = { page, bytes: isGrowing ? joined(tail.bytes, fresh) : fresh.slice(0, READ_BYTES) }
      if (!isShown && !(isNext && (atEnd || window.length < WINDOW_PAGES))) continue
      const others = window.filter(each => each.page !== page)
      window = [...others, decoded(page, tail.bytes)].slice(-WINDOW_PAGES)
    }
    tellSoon()
  }

  function decoded(page: number, bytes: Uint8Array): Page {
    const index = indexOf()
    const span = pageSpan(index, page)
    const endsWithNewline = page < last() || !index.isLineOpen
    return { page, lines: linesOfPage(bytes, { ...span, pageBytes: span.bytes - (endsWithNewline ? 1 : 0) }) }
  }

  async function read(page: number, signal: AbortSignal): Promise<Page> {
    if (page === tail.page) return decoded(page, tail.bytes)
    const { offset, bytes } = pageSpan(indexOf(), page)
    return decoded(page, await source.read({ offset, limit: Math.min(bytes, READ_BYTES) }, signal))
  }

  /** In order, as they are when the last of them has come. */
  async function readPages(from: number, to: number, signal: AbortSignal): Promise<readonly Page[]> {
    const pages = Array.from({ length: to - from + 1 }, (_, at) => from + at)
    const all = await Promise.all(pages.map(page => read(page, signal)))
    // The tail may have grown meanwhile.
    return all.map(each => (each.page === tail.page ? decoded(each.page, tail.bytes) : each))
  }

  async function moveTo(page: number): Promise<void> {
    moving.abort()
    moving = new AbortController()
    const signal = AbortSignal.any([moving.signal, closing.signal])
    growing = false
    const from = Math.max(0, Math.min(page - 1, last() - NEW_PAGES + 1))
    const pages = await readPages(from, Math.min(last(), from + NEW_PAGES - 1), signal)
    if (signal.aborted) return
    window = pages
    tellNow()
  }

  async function growTo(to: 'before' | 'behind'): Promise<void> {
    const [first, end] = [window[0]?.page ?? 0, window.at(-1)?.page ?? 0]
    const [from, until] =
      to === 'before' ? [Math.max(0, first - NEW_PAGES), first - 1] : [end + 1, Math.min(last(), end + NEW_PAGES)]
    if (growing || until < from) return
    growing = true
    const { signal } = moving
    try {
      const pages = await readPages(from, until, signal)
      if (signal.aborted) return
      if (to === 'before') window = [...pages, ...window].slice(0, WINDOW_PAGES)
      else window = [...window.filter(each => each.page < from), ...pages].slice(-WINDOW_PAGES)
    } finally {
      if (!signal.aborted) growing = false
    }
    tellNow()
  }

  /** One page after the other; the one that grows again and again. */
  async function readTimes(): Promise<void> {
    const { signal } = closing
    if (timing || !withTimes) return
    timing = true
    try {
      for (;;) {
        const page = window.find(({ lines, times }) => (times?.length ?? 0) < lines.length)
        if (page === undefined || !withTimes || signal.aborted) return
        const times = await source.times(pageSpan(indexOf(), page.page), signal)
        window = window.map(each => (each.page === page.page ? { ...each, times } : each))
        tellSoon()
        if (times.length < page.lines.length) return
      }
    } catch (error) {
      // Lines without times are better than no lines.
      if (!signal.aborted) console.warn('the times of lines cannot be read', error)
    } finally {
      timing = false
    }
  }

  const moved = (work: Promise<void>): Promise<void> => work.catch(error => (isAbort(error) ? undefined : fail(error)))

  return {
    open(line) {
      closing = new AbortController()
      const { signal } = closing
      begin(line, signal).catch(error => signal.aborted || fail(error))
    },
    close() {
      closing.abort()
      moving.abort()
      clearTimeout(timer)
    },
    view: () => shown,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async showLine(line) {
      if (indexer === undefined) return
      const page = pageOfLine(indexOf(), line)
      if (!window.some(each => each.page === page)) await moved(moveTo(page))
    },
    async showEnd() {
      if (indexer !== undefined && window.at(-1)?.page !== last()) await moved(moveTo(last()))
    },
    grow(to) {
      if (indexer !== undefined) void moved(growTo(to))
    },
    keepAtEnd(yes) {
      atEnd = yes
    },
    showTimes(yes) {
      withTimes = yes
      tellNow()
    },
    async text(from, to) {
      const index = indexOf()
      const first = pageSpan(index, pageOfLine(index, from))
      const end = pageSpan(index, pageOfLine(index, to))
      const limit = end.offset + end.bytes - first.offset
      if (limit > COPIED_BYTES) throw new Error('That is too much to copy: download the log instead.')
      const bytes = await source.read({ offset: first.offset, limit }, closing.signal)
      const lines = new TextDecoder().decode(bytes).split('\n')
      return lines.slice(from - first.firstLine, to - first.firstLine + 1).join('\n')
    },
  }
}

const NO_TIMES: ReadonlyMap<number, string> = new Map()

function timesOf(pages: readonly Page[]): ReadonlyMap<number, string> {
  return new Map(
    pages.flatMap(({ lines, times = [] }) =>
      lines.slice(0, times.length).map(({ number }, at) => [number, times[at]!] as const),
    ),
  )
}

/** No longer than is shown of a page. */
function joined(bytes: Uint8Array, more: Uint8Array): Uint8Array {
  const room = more.subarray(0, Math.max(0, READ_BYTES - bytes.length))
  const all = new Uint8Array(bytes.length + room.length)
  all.set(bytes)
  all.set(room, bytes.length)
  return all
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** The server understood, and said no: asking again changes nothing. */
function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN
  return code >= 400 && code < 500
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

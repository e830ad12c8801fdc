/**
 * Where the lines of a log stand, without its text: a log is cut into pages at line starts, and of each page it is known
 * at which byte and with which line it begins. A page is what is fetched, shown and dropped as a whole. Pure; the engine
 * answers with an index of what is stored, and the dashboard goes on with it as more comes in.
 *
 * A page ends with the first line end behind 64 KiB, or after 1000 lines. So 100 MB have some 1600 pages; a line that is
 * longer than a page is the last one of its page.
 */

export const PAGE_BYTES = 64 * 1024
export const PAGE_LINES = 1_000
const NEWLINE = 10

export interface LineIndex {
  /** Of each page the byte that it begins with. */
  readonly offsets: readonly number[]
  /** And how many lines stand before it. */
  readonly lines: readonly number[]
  /** Bytes of the log so far. */
  readonly size: number
  /** Lines so far; what stands behind the last newline is one, too. */
  readonly lineCount: number
  /** Whether the last line may still grow. */
  readonly isLineOpen: boolean
}

export interface PageSpan {
  readonly offset: number
  readonly bytes: number
  /** The first line's number, from 1. */
  readonly firstLine: number
  readonly lines: number
}

export const EMPTY_INDEX: LineIndex = { offsets: [], lines: [], size: 0, lineCount: 0, isLineOpen: false }

export interface LineIndexer {
  /** The next bytes of the log, cut anywhere. */
  add(bytes: Uint8Array): void
  /** As it is now. The lists in it grow with the next bytes: copy them to keep them. */
  index(): LineIndex
}

/** Goes on where `known` ends. */
export function createLineIndexer(known: LineIndex = EMPTY_INDEX): LineIndexer {
  const offsets = [...known.offsets]
  const lines = [...known.lines]
  let { size, isLineOpen } = known
  let newlines = known.lineCount - (isLineOpen ? 1 : 0)

  function beginLine(position: number): void {
    const page = offsets.length - 1
    const isRoom = page >= 0 && position - offsets[page]! < PAGE_BYTES && newlines - lines[page]! < PAGE_LINES
    if (isRoom) return
    offsets.push(position)
    lines.push(newlines)
  }

  return {
    add(bytes) {
      for (let from = 0; from < bytes.length; ) {
        if (!isLineOpen) beginLine(size + from)
        const newline = bytes.indexOf(NEWLINE, from)
        isLineOpen = newline < 0
        if (!isLineOpen) newlines += 1
        from = isLineOpen ? bytes.length : newline + 1
      }
      size += bytes.length
    },
    index: () => ({ offsets, lines, size, lineCount: newlines + (isLineOpen ? 1 : 0), isLineOpen }),
  }
}

/** Past the last page: what is there, which is nothing yet. */
export function pageSpan(index: LineIndex, page: number): PageSpan {
  const offset = index.offsets[page] ?? index.size
  const before = index.lines[page] ?? index.lineCount
  return {
    offset,
    bytes: (index.offsets[page + 1] ?? index.size) - offset,
    firstLine: before + 1,
    lines: (index.lines[page + 1] ?? index.lineCount) - before,
  }
}

/** The page with this line, from 1; of a line that is not there the nearest. */
export function pageOfLine({ lines }: LineIndex, line: number): number {
  let low = 0
  let high = lines.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (lines[middle]! < line) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}

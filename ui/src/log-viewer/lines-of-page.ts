/** The lines of a page as they are shown: decoded, cut where they are too long, with what begins or ends a fold. Pure. */
import { type FoldMark, foldMark } from './fold-marks.js'
import { shownText } from './shown-text.js'

/** More of a line is shown when it is asked for: a browser lays out a megabyte for seconds. */
export const LINE_BYTES = 8 * 1024
const NEWLINE = 10

export interface Line {
  /** From 1. */
  readonly number: number
  /** Where it begins in the log. */
  readonly offset: number
  /** Without its newline; undefined when its end was not read. */
  readonly bytes: number
  /** With the escapes in it. */
  readonly text: string
  readonly isCut: boolean
  readonly mark?: FoldMark
}

const decoder = new TextDecoder()

/**
 * `bytes` begin at `offset`, where line `firstLine` does, and may end within a line, which is then cut; `pageBytes` is how
 * long the page is, of which they are the beginning.
 */
export function linesOfPage(
  bytes: Uint8Array,
  { offset, firstLine, pageBytes }: { readonly offset: number; readonly firstLine: number; readonly pageBytes: number },
): readonly Line[] {
  const lines: Line[] = []
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from)
    const end = newline >= 0 ? newline : bytes.length
    // The newline that ends the page is not read when the page is read in part; it counts as if it were not there.
    const length = newline >= 0 ? newline - from : pageBytes - from
    lines.push(
      lineOf(bytes.subarray(from, Math.min(end, from + LINE_BYTES)), firstLine + lines.length, offset + from, length),
    )
    from = end + 1
  }
  return lines
}

function lineOf(bytes: Uint8Array, number: number, offset: number, length: number): Line {
  const raw = decoder.decode(bytes)
  const mark = foldMark(raw)
  const line = { number, offset, bytes: length, text: shownText(raw), isCut: length > LINE_BYTES }
  return mark === undefined ? line : { ...line, mark }
}

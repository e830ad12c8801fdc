/** Where a text that is searched for stands in pieces of a line. Pure. */
import type { Look, Piece } from './ansi.js'

export interface MarkedPiece {
  readonly text: string
  readonly look: Look
  readonly isFound: boolean
}

/** Whichever case the letters are. What is found may go over several pieces. */
export function highlight(pieces: readonly Piece[], sought: string): readonly MarkedPiece[] {
  const spans = spansOf(pieces.map(({ text }) => text).join(''), sought)
  if (spans.length === 0) return pieces.map(piece => ({ ...piece, isFound: false }))
  const marked: MarkedPiece[] = []
  let position = 0
  let span = 0
  for (const { text, look } of pieces) {
    const end = position + text.length
    for (let from = position; from < end; ) {
      while (span < spans.length && spans[span]!.end <= from) span += 1
      const next = spans[span]
      const isFound = next !== undefined && next.start <= from
      const to = Math.min(end, next === undefined ? end : isFound ? next.end : next.start)
      marked.push({ text: text.slice(from - position, to - position), look, isFound })
      from = to
    }
    position = end
  }
  return marked
}

function spansOf(text: string, sought: string): readonly { readonly start: number; readonly end: number }[] {
  const wanted = sought.toLowerCase()
  const lower = text.toLowerCase()
  // Letters that are longer in lower case would put every mark behind them in a wrong place.
  if (wanted === '' || lower.length !== text.length) return []
  const spans: { start: number; end: number }[] = []
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
    spans.push({ start: at, end: at + wanted.length })
  }
  return spans
}

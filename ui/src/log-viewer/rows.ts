/** What is shown of the lines at hand: those of closed folds are not, and marks are no text. Pure. */
import type { Line } from './lines-of-page.js'

export interface Row {
  readonly line: Line
  /** How many folds it stands in. */
  readonly depth: number
  /** Of a line that begins one. */
  readonly fold?: {
    readonly title: string
    readonly isClosed: boolean
    /** Lines in it, as far as they are at hand. */
    readonly lines: number
    /** Whether its end is at hand. */
    readonly hasEnd: boolean
  }
}

/** Numbers of the lines whose folds were opened or closed by hand; others are as their mark says. */
export type Toggled = ReadonlySet<number>

export function isClosed({ number, mark }: Line, toggled: Toggled): boolean {
  return mark?.is === 'start' && mark.collapsed !== toggled.has(number)
}

export function rowsOf(lines: readonly Line[], toggled: Toggled): readonly Row[] {
  const ends = endsOf(lines)
  const rows: Row[] = []
  /** Where the folds end that the line stands in. */
  let open: readonly number[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!
    open = open.filter(end => end > at)
    if (isSilentEnd(line)) continue
    const depth = open.length
    const end = ends.get(at)
    if (end === undefined || line.mark?.is !== 'start') {
      rows.push({ line, depth })
      continue
    }
    const closed = isClosed(line, toggled)
    const fold = { title: line.mark.title, isClosed: closed, lines: end - at - 1, hasEnd: end < lines.length }
    rows.push({ line, depth, fold })
    if (closed) at = end - 1
    else open = [...open, end]
  }
  return rows
}

/** Of the lines that begin a fold, by their place: the place of the line that ends it, or behind the last line. */
function endsOf(lines: readonly Line[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>()
  let open: { readonly at: number; readonly name: string }[] = []
  lines.forEach(({ mark }, at) => {
    if (mark?.is === 'start') {
      // GitHub's groups know no groups within: a new one ends the one before.
      const before = open.at(-1)
      if (mark.name === '' && before?.name === '') {
        ends.set(before.at, at)
        open.pop()
      }
      open.push({ at, name: mark.name })
    } else if (mark?.is === 'end') {
      const begun = open.findLastIndex(({ name }) => name === mark.name)
      if (begun < 0) return
      for (const fold of open.slice(begun)) ends.set(fold.at, at)
      open = open.slice(0, begun)
    }
  })
  for (const fold of open) ends.set(fold.at, lines.length)
  return ends
}

/** A mark without any text of its own is no line to look at. */
function isSilentEnd({ mark }: Line): boolean {
  return mark?.is === 'end' && mark.text.trim() === ''
}

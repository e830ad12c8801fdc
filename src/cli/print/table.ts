/** Rows under a head, for a terminal. Pure. */
import { onOneLine, type Style } from './style.js'

export interface Row {
  readonly cells: readonly string[]
  readonly paint: (text: string) => string
}

/** Columns are as wide as the longest that is in them. `width`: of the terminal, if it is one; a line is cut, not wrapped. */
export function table(
  head: readonly string[],
  rows: readonly Row[],
  style: Style,
  width = Number.POSITIVE_INFINITY,
): string {
  const all = [{ cells: head, paint: style.dim }, ...rows].map(({ cells, paint }) => ({
    cells: cells.map(onOneLine),
    paint,
  }))
  const widths = head.map((_, column) => Math.max(...all.map(({ cells }) => cells[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .slice(0, width)
  return all.map(({ cells, paint }) => `${paint(line(cells))}\n`).join('')
}

/** Rows under a head, for a terminal. Pure. */
import { onOneLine, type Style } from './style.js'

export type Paint = (text: string) => string

export interface Column {
  readonly head: string
  /** It may be cut down to this width where there is no room; the columns of the lowest `order` first. */
  readonly cut?: { readonly order: number; readonly least: number }
}

export type Cell = string | { readonly text: string; readonly paint: Paint }

export interface Row {
  readonly cells: readonly Cell[]
  /** Of the whole row. */
  readonly paint?: Paint
}

export interface TableOptions {
  readonly style: Style
  /** Of the terminal, where it is one: a line is cut, never wrapped. */
  readonly width?: number | undefined
  /** Default: yes. */
  readonly headers?: boolean
  /** Before each line. */
  readonly indent?: string
  /** Between columns. */
  readonly gap?: string
}

/** Columns are as wide as the longest that is in them, as far as there is room. */
export function table(columns: readonly Column[], rows: readonly Row[], options: TableOptions): string {
  const { style, width = Number.POSITIVE_INFINITY, headers = true, indent = '', gap = '   ' } = options
  const head: Row = { cells: columns.map(({ head }) => head), paint: style.dim }
  const lines = (headers ? [head, ...rows] : rows).map(({ cells, paint }) => ({
    paint: paint ?? asItIs,
    cells: columns.map((_, at) => {
      const cell = cells[at] ?? ''
      return typeof cell === 'string'
        ? { text: onOneLine(cell), paint: asItIs }
        : { ...cell, text: onOneLine(cell.text) }
    }),
  }))
  const longest = columns.map((_, at) => Math.max(0, ...lines.map(({ cells }) => lengthOf(cells[at]?.text ?? ''))))
  const widths = fitted(longest, columns, width - indent.length - gap.length * (columns.length - 1))
  return lines
    .map(({ cells, paint }) => {
      let room = width - indent.length
      const shown = cells.map(({ text, paint: paintCell }, at) => {
        const space = at === 0 ? '' : gap
        const kept = shortened(text, Math.min(widths[at] ?? 0, Math.max(0, room - space.length)))
        const isLast = at === cells.length - 1
        const padding = isLast ? '' : ' '.repeat(Math.max(0, Math.min(widths[at] ?? 0, room) - lengthOf(kept)))
        room -= space.length + lengthOf(kept) + padding.length
        return `${space}${paintCell(kept)}${padding}`
      })
      return `${paint(`${indent}${shown.join('')}`.trimEnd())}\n`
    })
    .join('')
}

function fitted(longest: readonly number[], columns: readonly Column[], room: number): readonly number[] {
  const widths = [...longest]
  const total = () => widths.reduce((sum, each) => sum + each, 0)
  const cuttable = columns
    .map(({ cut }, at) => ({ at, cut }))
    .filter(({ cut }) => cut !== undefined)
    .sort((a, b) => (a.cut?.order ?? 0) - (b.cut?.order ?? 0))
  for (const { at, cut } of cuttable) {
    const excess = total() - room
    if (excess <= 0) break
    const width = widths[at] ?? 0
    widths[at] = Math.max(Math.min(width, cut?.least ?? 0), width - excess)
  }
  return widths
}

/** `…` says that there is more. */
export function shortened(text: string, width: number): string {
  const letters = [...text]
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join('')}${width > 0 ? '…' : ''}`
}

function lengthOf(text: string): number {
  return [...text].length
}

function asItIs(text: string): string {
  return text
}

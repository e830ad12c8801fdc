/** `describe`, as tkn lays it out: what it is, then one section after the other. Pure. */
import { onOneLine, printable, type Style } from './style.js'
import { type Cell, type Column, table } from './table.js'

export interface Section {
  readonly title: string
  readonly columns?: readonly Column[]
  readonly rows?: readonly (readonly Cell[])[]
  /** Instead of rows. */
  readonly text?: string
}

export interface Description {
  /** `Name`, `Namespace`, …; what is empty is left out. */
  readonly about: readonly (readonly [label: string, value: string | undefined])[]
  /** Labels, annotations. */
  readonly lists?: readonly (readonly [label: string, lines: readonly string[]])[]
  /** Those without anything in them are left out. */
  readonly sections: readonly Section[]
}

export interface SectionView {
  readonly style: Style
  readonly width?: number | undefined
}

export function descriptionText({ about, lists = [], sections }: Description, view: SectionView): string {
  const { style } = view
  const said = about.flatMap(([label, value]) => (value ? [[label, value] as const] : []))
  const width = Math.max(...said.map(([label]) => label.length)) + 4
  const head = said.map(([label, value]) => {
    const [first = '', ...more] = (label === 'Description' ? value.split('\n') : [value]).map(onOneLine)
    return [
      `${style.bold(`${label}:`)}${' '.repeat(width - label.length - 1)}${first}`,
      ...more.map(line => ' '.repeat(width) + line),
    ]
      .map(line => `${line.trimEnd()}\n`)
      .join('')
  })
  const listed = lists
    .filter(([, lines]) => lines.length > 0)
    .map(([label, lines]) => `${style.bold(`${label}:`)}\n${lines.map(line => ` ${onOneLine(line)}\n`).join('')}`)
  const shown = sections.flatMap(section => {
    const body = bodyOf(section, view)
    return body === '' ? [] : [`\n${style.bold(section.title)}\n\n${body}`]
  })
  return [...head, ...listed, ...shown].join('')
}

function bodyOf({ columns = [], rows = [], text }: Section, { style, width }: SectionView): string {
  if (text !== undefined) return text.trim() === '' ? '' : `${printable(text.trimEnd())}\n`
  return rows.length === 0
    ? ''
    : table(
        columns,
        rows.map(cells => ({ cells })),
        { style, width, indent: ' ' },
      )
}

/** An explanation for people. Pure. */
import type { Explanation, Finding } from '../../explain/explanation.js'
import { groupBy } from '../../lib/group-by.js'
import { wrapped } from './graph.js'
import { onOneLine, type Style } from './style.js'

export interface ExplanationView {
  readonly style: Style
  readonly width: number | undefined
}

const MARKS: Readonly<Record<Finding['is'], string>> = {
  failed: '✗',
  cancelled: '■',
  waits: '·',
  skipped: '○',
  note: 'i',
}
/** A log says one thing in many lines: these are the last of them. */
const MAX_LINES = 12
const MAX_LINE = 400

export function explanationLines({ summary, findings }: Explanation, view: ExplanationView): readonly string[] {
  const { style, width } = view
  const head = wrapped(onOneLine(summary), width).map(style.bold)
  if (findings.length === 0) return [...head, 'Nothing went wrong, and nothing is waited for.']
  return [...head, ...together(findings).flatMap(finding => ['', ...findingLines(finding, view)])]
}

/** What is said of several tasks in the same words is said once. */
function together(findings: readonly Finding[]): readonly Finding[] {
  const groups = groupBy(findings, ({ about: _, ...rest }) => JSON.stringify(rest))
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    return [{ ...first, about: [...new Set([first, ...others].map(one => one.about))].join(', ') }]
  })
}

function findingLines(
  { is, about, text, lines = [], wayOut }: Finding,
  { style, width }: ExplanationView,
): readonly string[] {
  const paint =
    is === 'failed' ? style.red : is === 'cancelled' ? style.yellow : is === 'waits' ? style.cyan : style.dim
  const inner = width === undefined ? undefined : width - 4
  const name = about === '' ? '' : `${onOneLine(about)}: `
  const [first = '', ...rest] = wrapped(`${name}${onOneLine(text)}`, inner, '')
  const said = lines.slice(-MAX_LINES).map(line => style.dim(`    | ${cut(onOneLine(line), inner)}`))
  const out = wayOut === undefined ? [] : wrapped(`→ ${onOneLine(wayOut)}`, inner, '  ').map(line => `    ${line}`)
  const title = about === '' ? first : `${style.bold(name.slice(0, -1))}${first.slice(name.length - 1)}`
  return [`${paint(MARKS[is])} ${title}`, ...rest.map(line => `  ${line}`), ...said, ...out]
}

function cut(line: string, width: number | undefined): string {
  const most = width === undefined ? MAX_LINE : Math.max(20, width - 2)
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}

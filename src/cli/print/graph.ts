/** A graph in a terminal: tasks with rails between them, or layer by layer where there are more rails than columns. Pure. */

import type { GraphNode, NodeStatus, RunGraph } from '../../graph/graph.js'
import { formatDuration } from '../../lib/duration.js'
import { fromTimestamp } from '../../lib/time.js'
import { railLines } from './rails.js'
import { onOneLine, type Style } from './style.js'

export interface GraphView {
  /** Without a run there is no status to show. */
  readonly withStatus: boolean
  /** Letters in a line; undefined where nothing has to fit. */
  readonly width: number | undefined
  readonly style: Style
  /** Nothing but ASCII. */
  readonly ascii: boolean
  readonly now: number
}

/** Rails beyond this leave too little room for names. */
const MAX_RAILS_SHARE = 0.4
const DEFAULT_WIDTH = 120

export function graphLines(graph: RunGraph, view: GraphView): readonly string[] {
  const lines =
    graph.problem === undefined ? drawn(graph, view) : [`No order: ${onOneLine(graph.problem)}`, ...listed(graph, view)]
  return view.ascii ? lines.map(asAscii) : lines
}

function drawn(graph: RunGraph, view: GraphView): readonly string[] {
  const rows = rowsOf(graph, '')
  const rails = Math.max(0, ...rows.map(row => row.rails.length))
  const room = view.width ?? DEFAULT_WIDTH
  const body = rails > room * MAX_RAILS_SHARE ? layers(graph, view) : rows.map(row => rowLine(row, rails, rows, view))
  return [...body, ...criticalLines(graph, view)]
}

interface Row {
  readonly rails: string
  /** Undefined for a heading. */
  readonly node?: GraphNode
  readonly text?: string
}

function rowsOf({ nodes, edges }: RunGraph, indent: string): readonly Row[] {
  const tasks = nodes.filter(node => !node.isFinally)
  const byId = new Map(nodes.map(node => [node.id, node]))
  const parents = new Map(nodes.map(node => [node.id, [] as string[]]))
  for (const { from, to, why } of edges) if (why !== 'finally') parents.get(to)?.push(from)
  const rows: Row[] = []
  for (const { id, rails, below } of railLines(tasks.map(({ id }) => ({ id, parents: parents.get(id) ?? [] })))) {
    const node = byId.get(id)
    if (node === undefined) continue
    rows.push({ rails: indent + rails, node })
    if (node.group)
      rows.push(...rowsOf(node.group, `${indent}${below.padEnd(Math.max(below.length, rails.indexOf('●') + 1))} `))
  }
  const last = nodes.filter(node => node.isFinally)
  if (last.length > 0) rows.push({ rails: indent, text: 'finally' })
  for (const node of last) {
    rows.push({ rails: `${indent}●`, node })
    if (node.group) rows.push(...rowsOf(node.group, `${indent}  `))
  }
  return rows
}

const MARKS: Readonly<Record<NodeStatus, string>> = {
  succeeded: '✓',
  failed: '✗',
  running: '▶',
  pending: '·',
  skipped: '○',
  cancelled: '■',
}

function rowLine({ rails, node, text }: Row, width: number, rows: readonly Row[], view: GraphView): string {
  const { style, withStatus } = view
  if (node === undefined) return `${rails}${style.dim(text ?? '')}`
  const [left = '', right = ''] = rails.split('●')
  const mark = withStatus ? painted(node, MARKS[node.status], style) : '●'
  const faint = (text: string) => (text === '' ? '' : style.dim(text))
  const drawing = `${faint(left)}${mark}${faint(right)}${' '.repeat(width - rails.length)}`
  const names = Math.min(40, Math.max(...rows.map(row => row.node?.name.length ?? 0)))
  const room = (view.width ?? Number.POSITIVE_INFINITY) - width - 2
  const name = clipped(onOneLine(node.name), room)
  const detail = clipped(onOneLine(detailOf(node, view)), room - Math.max(names, name.length) - 2)
  const shown = node.onCriticalPath && withStatus ? style.bold(name) : name
  if (detail === '') return `${drawing}  ${shown}`
  return `${drawing}  ${shown}${' '.repeat(Math.max(0, names - name.length))}  ${faded(node, detail, style)}`
}

function painted({ status, isFailureAllowed }: GraphNode, text: string, style: Style): string {
  if (status === 'succeeded') return style.green(text)
  if (status === 'failed') return isFailureAllowed ? style.yellow(text) : style.red(text)
  if (status === 'running') return style.cyan(text)
  return status === 'cancelled' ? style.yellow(text) : style.dim(text)
}

function faded(node: GraphNode, text: string, style: Style): string {
  return node.status === 'failed' || node.status === 'running' ? painted(node, text, style) : style.dim(text)
}

/** `12s  2 retries  matrix 3/4  StepFailed`. */
export function detailOf(node: GraphNode, { withStatus, now }: Pick<GraphView, 'withStatus' | 'now'>): string {
  const { status, reason, retries, matrix, skippedReason, kind, isFailureAllowed, inheritedFrom } = node
  const what = kind === 'custom' ? 'custom task' : ''
  if (!withStatus) {
    const fan = kind === 'matrix' ? (matrix ? `matrix of ${matrix.total}` : 'matrix') : what
    return fan
  }
  const tells = reason !== undefined && status !== 'succeeded' && reason !== 'Running'
  return [
    inheritedFrom === undefined ? durationOf(node, now) : '',
    matrix && `${matrix.done}/${matrix.total}${matrix.failed > 0 ? `, ${matrix.failed} failed` : ''}`,
    retries > 0 && `${retries} ${retries === 1 ? 'retry' : 'retries'}`,
    status === 'skipped' ? `skipped: ${skippedReason}` : tells && reason,
    isFailureAllowed && 'allowed',
    inheritedFrom !== undefined && `taken over from ${inheritedFrom}`,
    what,
  ]
    .filter(Boolean)
    .join('  ')
}

function durationOf({ startedAt, completedAt }: GraphNode, now: number): string {
  if (startedAt === undefined) return ''
  const ms = (completedAt === undefined ? now : fromTimestamp(completedAt)) - fromTimestamp(startedAt)
  return Number.isFinite(ms) && ms >= 0 ? formatDuration(Math.floor(ms / 1_000) * 1_000) : ''
}

function clipped(text: string, room: number): string {
  if (text.length <= room) return text
  return room < 2 ? '' : `${text.slice(0, room - 1)}…`
}

function criticalLines({ criticalPath, nodes }: RunGraph, { style, withStatus, width }: GraphView): readonly string[] {
  if (!withStatus || criticalPath.length < 2) return []
  const names = new Map(nodes.map(node => [node.id, node.name]))
  const text = criticalPath.map(id => onOneLine(names.get(id) ?? id)).join(' → ')
  return ['', ...wrapped(`critical path: ${text}`, width).map(style.dim)]
}

/** At blanks; the lines after the first are indented. */
export function wrapped(text: string, width: number | undefined, indent = '  '): readonly string[] {
  if (width === undefined) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length > width && line.trim() !== '') {
      lines.push(line)
      line = indent + word
    } else {
      line = longer
    }
  }
  return [...lines, line]
}

/** Each layer waits for those above it. */
function layers(graph: RunGraph, view: GraphView): readonly string[] {
  const { style } = view
  const level = new Map<string, number>()
  const parents = new Map<string, string[]>()
  for (const { from, to, why } of graph.edges) {
    if (why !== 'finally') parents.set(to, [...(parents.get(to) ?? []), from])
  }
  const levelOf = (id: string): number => {
    const known = level.get(id)
    if (known !== undefined) return known
    const own = Math.max(0, ...(parents.get(id) ?? []).map(parent => levelOf(parent) + 1))
    level.set(id, own)
    return own
  }
  const tasks = graph.nodes.filter(node => !node.isFinally)
  // From the front, so that a long chain does not go deep.
  for (const { id } of railLines(tasks.map(({ id }) => ({ id, parents: parents.get(id) ?? [] })))) levelOf(id)
  const count = Math.max(0, ...tasks.map(node => levelOf(node.id) + 1))
  const lines = Array.from({ length: count }, (_, index) => {
    const own = tasks.filter(node => levelOf(node.id) === index)
    return [style.dim(index === 0 ? 'first' : 'then'), ...namesIn(own, view)]
  })
  const last = graph.nodes.filter(node => node.isFinally)
  return [...lines.flat(), ...(last.length > 0 ? [style.dim('finally'), ...namesIn(last, view)] : [])]
}

function listed(graph: RunGraph, view: GraphView): readonly string[] {
  return namesIn(graph.nodes, view)
}

/** A mark is one letter, however it is painted: lines are measured before. */
function namesIn(nodes: readonly GraphNode[], { width, style, withStatus }: GraphView): readonly string[] {
  const words = nodes.map(node =>
    withStatus ? `${MARKS[node.status]}\u00a0${onOneLine(node.name)}` : onOneLine(node.name),
  )
  const lines = wrapped(`  ${words.join(', ')}`.replace(/^ {2}/, '\u00a0\u00a0'), width, '\u00a0\u00a0')
  const byMark = new Map(nodes.map(node => [MARKS[node.status], node]))
  return lines.map(line =>
    line.replaceAll('\u00a0', ' ').replaceAll(/[✓✗▶○■]/g, mark => {
      const node = byMark.get(mark)
      return node && withStatus ? painted(node, mark, style) : mark
    }),
  )
}

const ASCII: Readonly<Record<string, string>> = {
  '●': '*',
  '│': '|',
  '─': '-',
  '├': '+',
  '┤': '+',
  '┼': '+',
  '┴': '+',
  '╰': '+',
  '╯': '+',
  '✓': 'v',
  '✗': 'x',
  '▶': '>',
  '·': '.',
  '○': 'o',
  '■': '#',
  '→': '->',
  '…': '...',
}

function asAscii(line: string): string {
  return line.replaceAll(/[●│─├┤┼┴╰╯✓✗▶·○■→…]/g, char => ASCII[char] ?? char)
}

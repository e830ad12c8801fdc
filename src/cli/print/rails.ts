/**
 * A graph as lines for a terminal, from top to bottom. Each task has a line; a rail goes from a task down to the last one that
 * waits for it. Pure: knows nothing of what is written beside a task.
 *
 *     ● clone
 *     ├─● lint
 *     ● │ build
 *     ●─╯ deploy
 */

export interface RailNode {
  readonly id: string
  /** Ids of those that it waits for. */
  readonly parents: readonly string[]
}

export interface RailLine {
  readonly id: string
  /** With `●` where the task is. */
  readonly rails: string
  /** For what hangs below the task: the rails that go on. */
  readonly below: string
}

/** Rails to the right of it are taken from the left again, so that there are as few as can be. */
export function railLines(nodes: readonly RailNode[]): readonly RailLine[] {
  const order = deepFirst(nodes)
  const left = new Map<string, number>()
  for (const { parents } of nodes) for (const parent of parents) left.set(parent, (left.get(parent) ?? 0) + 1)
  /** Whose rail is in each column. */
  const columns: (string | undefined)[] = []
  return order.map(({ id, parents }) => {
    const from = parents.map(parent => columns.indexOf(parent)).filter(column => column >= 0)
    for (const parent of parents) left.set(parent, (left.get(parent) ?? 1) - 1)
    const ends = from.filter(column => left.get(columns[column] ?? '') === 0)
    const own = ends.length > 0 ? Math.min(...ends) : freeColumn(columns, from)
    const before = [...columns]
    for (const column of ends) columns[column] = undefined
    columns[own] = (left.get(id) ?? 0) > 0 ? id : undefined
    const rails = lineOf(before, own, from, new Set(ends))
    while (columns.length > 0 && columns.at(-1) === undefined) columns.pop()
    return { id, rails, below: columns.map(rail => (rail === undefined ? ' ' : '│')).join(' ') }
  })
}

/** A task comes right after the last one that it waits for, where that can be. */
function deepFirst(nodes: readonly RailNode[]): readonly RailNode[] {
  const children = new Map<string, RailNode[]>()
  const waiting = new Map<string, number>()
  for (const node of nodes) {
    waiting.set(node.id, node.parents.length)
    for (const parent of node.parents) {
      const siblings = children.get(parent)
      if (siblings) siblings.push(node)
      else children.set(parent, [node])
    }
  }
  const order: RailNode[] = []
  const ready = nodes.filter(node => node.parents.length === 0).reverse()
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    order.push(node)
    const freed = (children.get(node.id) ?? []).filter(child => {
      const open = (waiting.get(child.id) ?? 0) - 1
      waiting.set(child.id, open)
      return open === 0
    })
    ready.push(...freed.reverse())
  }
  return order
}

/** Right of where it comes from, so that a branch leaves to the right. */
function freeColumn(columns: readonly (string | undefined)[], from: readonly number[]): number {
  const first = from.length === 0 ? 0 : Math.min(...from) + 1
  for (let column = first; column < columns.length; column++) if (columns[column] === undefined) return column
  return Math.max(first, columns.length)
}

function lineOf(
  before: readonly (string | undefined)[],
  own: number,
  from: readonly number[],
  ends: ReadonlySet<number>,
): string {
  const others = from.filter(column => column !== own)
  const first = Math.min(own, ...others)
  const last = Math.max(own, ...others)
  const width = Math.max(before.length, own + 1)
  const joined = new Set(others)
  let line = ''
  for (let column = 0; column < width; column++) {
    line += glyph(column)
    if (column < width - 1) line += column >= first && column < last ? '─' : ' '
  }
  return line.trimEnd()

  function glyph(column: number): string {
    if (column === own) return '●'
    if (joined.has(column)) return corner(column)
    const isCrossed = column > first && column < last
    // A rail that is crossed has nothing to do with it: the line passes behind.
    if (before[column] !== undefined) return '│'
    return isCrossed ? '─' : ' '
  }

  function corner(column: number): string {
    const isInner = column > first && column < last
    if (!ends.has(column)) return isInner ? '┼' : column < own ? '├' : '┤'
    return isInner ? '┴' : column < own ? '╰' : '╯'
  }
}

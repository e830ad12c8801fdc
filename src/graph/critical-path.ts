/** The chain of tasks that decided how long a run took: each began when the one before it ended. */
import { fromTimestamp } from '../lib/time.js'
import type { GraphNode } from './graph.js'

/**
 * From the task that ended last, or is not done yet, back over whoever ended last among those it waited for. What never
 * ran is passed over. Names, in the order they ran.
 */
export function criticalPath(
  nodes: ReadonlyMap<string, GraphNode>,
  /** All that a task waits for. */
  parents: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const path: string[] = []
  const seen = new Set<string>()
  let latest = lastOf([...nodes.keys()], nodes)
  while (latest !== undefined && !seen.has(latest)) {
    seen.add(latest)
    if (hasRun(nodes.get(latest))) path.push(latest)
    latest = lastOf(ranBefore(latest, nodes, parents), nodes)
  }
  return path.reverse()
}

/** The parents that ran; for one that did not, those that it would have waited for. */
function ranBefore(
  name: string,
  nodes: ReadonlyMap<string, GraphNode>,
  parents: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const found = new Set(parents.get(name))
  // Grows while it is walked.
  for (const parent of found) {
    if (!hasRun(nodes.get(parent))) for (const before of parents.get(parent) ?? []) found.add(before)
  }
  return [...found]
}

/** What still runs comes after all that has ended; among those, the one that has run longest. */
function lastOf(names: readonly string[], nodes: ReadonlyMap<string, GraphNode>): string | undefined {
  let last: { readonly name: string; readonly ended: number; readonly started: number } | undefined
  for (const name of names) {
    const node = nodes.get(name)
    if (node === undefined || !hasRun(node)) continue
    const ended = node.completedAt === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(node.completedAt)
    const started = fromTimestamp(node.startedAt ?? '')
    // Times are whole seconds: of two that ended in the same one, the later in the order ended later.
    const isLater =
      last === undefined || ended > last.ended || (ended === last.ended && isDecisive(ended, started, last.started))
    if (isLater) last = { name, ended, started }
  }
  return last?.name
}

function isDecisive(ended: number, started: number, before: number): boolean {
  return Number.isFinite(ended) ? started >= before : started < before
}

function hasRun(node: GraphNode | undefined): boolean {
  return node?.startedAt !== undefined
}

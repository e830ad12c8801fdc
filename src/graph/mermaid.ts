/** A graph as a Mermaid flowchart. Ids are our own, and names only stand between quotes, so no name can be syntax. */
import type { GraphNode, NodeStatus, RunGraph } from './graph.js'

const COLOURS: Readonly<Record<NodeStatus, string>> = {
  succeeded: 'fill:#dafbe1,stroke:#1a7f37,color:#1f2328',
  failed: 'fill:#ffebe9,stroke:#cf222e,color:#1f2328',
  running: 'fill:#ddf4ff,stroke:#0969da,color:#1f2328',
  pending: 'fill:#ffffff,stroke:#8c959f,color:#1f2328,stroke-dasharray:4 3',
  skipped: 'fill:#f6f8fa,stroke:#8c959f,color:#59636e',
  cancelled: 'fill:#fff8c5,stroke:#9a6700,color:#1f2328',
}

export interface DrawnText {
  /** Below the name; '' for nothing. */
  readonly detailOf: (node: GraphNode) => string
  /** Without a run there is no status to show. */
  readonly withStatus: boolean
}

export function mermaidText(graph: RunGraph, { detailOf, withStatus }: DrawnText): string {
  const ids = idsOf(graph)
  const used = new Set<NodeStatus>()
  const lines = (part: RunGraph, indent: string): readonly string[] => [
    ...part.nodes.flatMap(node => {
      const id = ids.get(node.id) ?? ''
      const label = labelOf(node, detailOf(node))
      if (node.group && node.group.nodes.length > 0) {
        return [`${indent}subgraph ${id}["${label}"]`, ...lines(node.group, `${indent}  `), `${indent}end`]
      }
      used.add(node.status)
      const [open, close] = node.isFinally ? ['([', '])'] : node.kind === 'matrix' ? ['[[', ']]'] : ['[', ']']
      return [`${indent}${id}${open}"${label}"${close}${withStatus ? `:::${node.status}` : ''}`]
    }),
    ...part.edges.map(({ from, to, why }) => {
      const arrow = why === 'finally' ? '-.->' : '-->'
      return `${indent}${ids.get(from)} ${arrow} ${ids.get(to)}`
    }),
  ]
  const body = lines(graph, '  ')
  const classes = withStatus ? [...used].map(status => `  classDef ${status} ${COLOURS[status]}`) : []
  return `${['flowchart LR', ...body, ...classes].join('\n')}\n`
}

function idsOf(graph: RunGraph, ids = new Map<string, string>()): ReadonlyMap<string, string> {
  for (const node of graph.nodes) {
    ids.set(node.id, `n${ids.size}`)
    if (node.group) idsOf(node.group, ids)
  }
  return ids
}

function labelOf({ name }: GraphNode, detail: string): string {
  return [name, ...(detail === '' ? [] : [detail])].map(escaped).join('<br/>')
}

/** Everything that Mermaid, or the HTML behind it, could take for something else. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replaceAll(/[^\p{L}\p{N} .,:/_()+=\-…]/gu, char => `#${char.codePointAt(0)};`)
}

/** A graph in the language of Graphviz. */
import type { GraphNode, NodeStatus, RunGraph } from './graph.js'
import type { DrawnText } from './mermaid.js'

const COLOURS: Readonly<Record<NodeStatus, string>> = {
  succeeded: '#1a7f37',
  failed: '#cf222e',
  running: '#0969da',
  pending: '#8c959f',
  skipped: '#8c959f',
  cancelled: '#9a6700',
}

export function dotText(graph: RunGraph, { detailOf, withStatus }: DrawnText): string {
  const lines = (part: RunGraph, indent: string): readonly string[] => [
    ...part.nodes.flatMap(node => [
      nodeLine(node, indent, detailOf(node), withStatus),
      ...(node.group && node.group.nodes.length > 0
        ? [
            `${indent}subgraph ${quoted(`cluster_${node.id}`)} {`,
            `${indent}  label=${quoted(node.name)}`,
            ...lines(node.group, `${indent}  `),
            `${indent}}`,
          ]
        : []),
    ]),
    ...part.edges.map(({ from, to, why }) => {
      const style = why === 'finally' ? ' [style=dashed]' : ''
      return `${indent}${quoted(from)} -> ${quoted(to)}${style}`
    }),
  ]
  const head = ['digraph pipeline {', '  rankdir=LR', '  node [shape=box, style=rounded]']
  return `${[...head, ...lines(graph, '  '), '}'].join('\n')}\n`
}

function nodeLine({ id, name, status }: GraphNode, indent: string, detail: string, withStatus: boolean): string {
  const label = detail === '' ? name : `${name}\n${detail}`
  const colour = withStatus ? `, color=${quoted(COLOURS[status])}` : ''
  return `${indent}${quoted(id)} [label=${quoted(label)}${colour}]`
}

function quoted(text: string): string {
  const safe = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${safe.replaceAll(/\p{Cc}/gu, ' ')}"`
}

import { expect, test } from 'vitest'
import { dotText } from '../../src/graph/dot.js'
import { mermaidText } from '../../src/graph/mermaid.js'
import { pipelineGraph } from '../../src/graph/run-graph.js'
import type { PipelineSpec } from '../../src/resources/tekton.js'
import { yaml } from '../helpers/yaml.js'

const plain = { detailOf: () => '', withStatus: false }
const SPEC: PipelineSpec = yaml`
  tasks:
    - { name: build }
    - { name: deploy, runAfter: [build], pipelineSpec: { tasks: [{ name: apply }] } }
    - { name: test, runAfter: [build], matrix: { params: [] } }
  finally: [{ name: report }]
`

test('Mermaid: tasks, a nested pipeline, finally', () => {
  expect(mermaidText(pipelineGraph(SPEC), plain)).toBe(`flowchart LR
  n0["build"]
  subgraph n1["deploy"]
    n2["apply"]
  end
  n3[["test"]]
  n4(["report"])
  n0 --> n1
  n0 --> n3
  n1 -.-> n4
  n3 -.-> n4
`)
})

test('with statuses each has its class', () => {
  const text = mermaidText(pipelineGraph({ tasks: [{ name: 'a' }] }), { detailOf: () => '2s', withStatus: true })
  expect(text.split('\n').slice(0, 3)).toEqual([
    'flowchart LR',
    '  n0["a<br/>2s"]:::pending',
    expect.stringMatching(/^ {2}classDef pending fill:/),
  ])
})

/** Whoever writes a pipeline writes its names, and `end`, quotes and HTML are syntax to Mermaid. */
const HOSTILE = [
  'end',
  'a"]; click n0 "https://evil.example"',
  '<img src=x onerror=alert(1)>',
  'a\n  n9["b"]',
  '#quot;',
  '`code`',
  '%%{init: {}}%%',
  '\u202Eabc',
]

test.each(HOSTILE)('a hostile name is text: %j', name => {
  const graph = pipelineGraph({ tasks: [{ name }, { name: 'after', runAfter: [name] }] })
  const lines = mermaidText(graph, plain).trimEnd().split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[1]).toMatch(/^ {2}n0\["(?:[\p{L}\p{N} .,:/_()+=\-…]|#\d+;)*"\]$/u)
  expect(lines[3]).toBe('  n0 --> n1')
  const dot = dotText(graph, plain)
  // Every quote that opens is closed on its line, and what is between them has no bare quote.
  for (const line of dot.split('\n')) expect(line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')).not.toContain('"')
})

test('Graphviz: the same in clusters', () => {
  expect(dotText(pipelineGraph(SPEC), plain)).toContain(`  subgraph "cluster_deploy" {
    label="deploy"
    "deploy/apply" [label="apply"]
  }`)
})

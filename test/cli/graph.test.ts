/** What a person sees of a graph and of an explanation, as text. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explanationLines } from '../../src/cli/print/explanation.js'
import { graphLines } from '../../src/cli/print/graph.js'
import { railLines } from '../../src/cli/print/rails.js'
import { createStyle } from '../../src/cli/print/style.js'
import type { GraphNode, RunGraph } from '../../src/graph/graph.js'
import { pipelineGraph } from '../../src/graph/run-graph.js'
import type { PipelineSpec } from '../../src/resources/tekton.js'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { yaml } from '../helpers/yaml.js'

const style = createStyle(false)
const NOW = Date.parse('2026-01-01T01:00:00Z')
const view = { withStatus: false, width: 80, style, ascii: false, now: NOW }

const SPEC: PipelineSpec = yaml`
  tasks:
    - { name: clone }
    - { name: lint, runAfter: [clone] }
    - { name: unit, runAfter: [clone], matrix: { params: [{ name: v, value: [a] }] } }
    - { name: build, runAfter: [clone] }
    - { name: scan, runAfter: [build] }
    - { name: deploy, runAfter: [lint, scan, unit], pipelineSpec: { tasks: [{ name: plan }, { name: apply, runAfter: [plan] }] } }
    - { name: docs }
  finally: [{ name: report }]
`

test('a pipeline: a line for each task, rails from it to those that wait for it', () => {
  expect(graphLines(pipelineGraph(SPEC), view).join('\n')).toBe(`●      clone
├─●    lint
├─│─●  unit    matrix
● │ │  build
● │ │  scan
●─┴─╯  deploy
  ●    plan
  ●    apply
●      docs
finally
●      report`)
})

test('in ASCII', () => {
  const text = graphLines(pipelineGraph(SPEC), { ...view, ascii: true }).join('\n')
  expect(text).toMatch(/^[\n -~]*$/)
  expect(text).toContain('*-+-+  deploy')
})

function node(name: string, more: Partial<GraphNode> = {}): GraphNode {
  return {
    id: name,
    name,
    kind: 'task',
    status: 'succeeded',
    retries: 0,
    taskRuns: [],
    isFinally: false,
    onCriticalPath: false,
    ...more,
  }
}

const RUN: RunGraph = {
  nodes: [
    node('clone', { startedAt: '2026-01-01T00:59:00Z', completedAt: '2026-01-01T00:59:12Z', onCriticalPath: true }),
    node('unit', {
      status: 'failed',
      reason: 'StepFailed',
      startedAt: '2026-01-01T00:59:12Z',
      completedAt: '2026-01-01T00:59:30Z',
      matrix: { total: 3, done: 3, failed: 1 },
      isFailureAllowed: true,
    }),
    node('build', {
      status: 'running',
      reason: 'Running',
      startedAt: '2026-01-01T00:59:12Z',
      retries: 1,
      onCriticalPath: true,
    }),
    node('notes', { status: 'skipped', skippedReason: 'When Expressions evaluated to false' }),
    node('image', { status: 'pending', reason: 'PullImageFailed' }),
    node('deploy', { status: 'pending' }),
    node('report', { status: 'pending', isFinally: true, kind: 'finally' }),
  ],
  edges: [
    { from: 'clone', to: 'unit', why: 'runAfter' },
    { from: 'clone', to: 'build', why: 'runAfter' },
    { from: 'clone', to: 'notes', why: 'result' },
    { from: 'clone', to: 'image', why: 'result' },
    { from: 'build', to: 'deploy', why: 'runAfter' },
    { from: 'image', to: 'deploy', why: 'runAfter' },
    { from: 'deploy', to: 'report', why: 'finally' },
  ],
  criticalPath: ['clone', 'build'],
}

test('a run, 80 and 160 columns wide: how far each task is', () => {
  const expected = `✓      clone   12s
├─✗    unit    18s  3/3, 1 failed  StepFailed  allowed
├─▶    build   48s  1 retry
├─│─○  notes   skipped: When Expressions evaluated to false
· │    image   PullImageFailed
·─╯    deploy
finally
·      report

critical path: clone → build`
  for (const width of [80, 160]) {
    expect(graphLines(RUN, { ...view, withStatus: true, width }).join('\n')).toBe(expected)
  }
})

test('nothing is wider than the terminal, however narrow', () => {
  const narrow = graphLines(RUN, { ...view, withStatus: true, width: 30 })
  expect(Math.max(...narrow.map(line => line.length))).toBeLessThanOrEqual(30)
  expect(narrow.filter(line => line.includes('notes'))).toEqual(['├─│─○  notes   skipped: When …'])
})

test('more rails than there is room for: layer by layer', () => {
  const names = Array.from({ length: 30 }, (_, index) => `task-${index}`)
  const tasks = [
    { name: 'first' },
    ...names.map(name => ({ name, runAfter: ['first'] })),
    { name: 'last', runAfter: names },
  ]
  const lines = graphLines(pipelineGraph({ tasks }), view)
  expect(lines.slice(0, 3)).toEqual(['first', '  first', 'then'])
  expect(lines.slice(-2)).toEqual(['then', '  last'])
  expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
  expect(lines.join(' ').match(/task-\d+/g)).toEqual(names)
})

test('a name that would take over the terminal is shown, not obeyed', () => {
  const graph = pipelineGraph({ tasks: [{ name: '\u001b[2Jgone\nnew line' }] })
  expect(graphLines(graph, view)).toEqual(['●  \\x1b[2Jgone new line'])
})

test('a pipeline without an order is listed, with the reason', () => {
  const graph = pipelineGraph(yaml`tasks: [{ name: a, runAfter: [b] }, { name: b, runAfter: [a] }]`)
  expect(graphLines(graph, view)).toEqual(['No order: cycle detected; task "a" depends on "b"', '  a, b'])
})

test('every task has its line after all that it waits for, and no rail is left at the end', () => {
  const anyGraph = fc.array(fc.array(fc.nat(24), { maxLength: 3 }), { minLength: 1, maxLength: 25 }).map(all =>
    all.map((before, index) => ({
      id: `t${index}`,
      parents: [...new Set(before.filter(one => one < index))].map(one => `t${one}`),
    })),
  )
  fc.assert(
    fc.property(anyGraph, nodes => {
      const lines = railLines(nodes)
      expect(lines.map(line => line.id).sort()).toEqual(nodes.map(one => one.id).sort())
      const place = new Map(lines.map((line, index) => [line.id, index]))
      for (const { id, parents } of nodes) {
        for (const parent of parents) expect(place.get(parent)).toBeLessThan(place.get(id) ?? 0)
      }
      for (const { rails } of lines) expect(rails.split('●')).toHaveLength(2)
      expect(lines.at(-1)?.below.trim()).toBe('')
    }),
    { numRuns: 100 },
  )
})

test('an explanation: what several tasks have in common is said once, and hostile lines are text', () => {
  const finding = { is: 'skipped', text: 'It had not begun.', wayOut: 'Mend what failed' } as const
  const failed = {
    is: 'failed',
    about: 'build',
    text: 'A step did not end well.',
    lines: ['\u001b[31mred', 'x'.repeat(200)],
  } as const
  const lines = explanationLines(
    {
      summary: 'PipelineRun "run" failed.',
      findings: [failed, { ...finding, about: 'a' }, { ...finding, about: 'b' }],
    },
    { style, width: 80 },
  )
  expect(lines).toEqual([
    'PipelineRun "run" failed.',
    '',
    '✗ build: A step did not end well.',
    '    | \\x1b[31mred',
    `    | ${'x'.repeat(73)}…`,
    '',
    '○ a, b: It had not begun.',
    '    → Mend what failed',
  ])
})

test('tektite graph -f draws what is in a file, and says what is wrong with it', async () => {
  const file = join(temporaryDirectory('graph'), 'pipeline.yaml')
  writeFileSync(
    file,
    `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: p }
spec:
  tasks:
    - { name: build, taskRef: { name: t } }
    - { name: test, taskRef: { name: t }, runAfter: [build] }
`,
  )
  expect(await tektite(['graph', '-f', file])).toEqual({ code: 0, stdout: '●  build\n●  test\n', stderr: '' })
  expect((await tektite(['graph', '-f', file, '-o', 'mermaid'])).stdout).toBe(
    'flowchart LR\n  n0["build"]\n  n1["test"]\n  n0 --> n1\n',
  )
  const { edges } = JSON.parse((await tektite(['graph', '-f', file, '-o', 'json'])).stdout) as RunGraph
  expect(edges).toEqual([{ from: 'build', to: 'test', why: 'runAfter' }])
  const missing = await tektite(['graph', '-f', `${file}.missing`])
  expect(missing).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('cannot be read') })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PipelineTask } from '../../src/resources/tekton.js'
import { buildGraph, type Graph, readyTasks } from '../../src/run/graph.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

function graphOf(tasks: readonly PipelineTask[]): Graph {
  const built = buildGraph(tasks)
  if (built.is === 'problem') throw new Error(built.message)
  return built.graph
}

const DIAMOND = graphOf(yaml`
  - { name: build }
  - { name: lint }
  - { name: test, runAfter: [build] }
  - { name: deploy, runAfter: [lint], params: [{ name: image, value: $(tasks.test.results.image) }] }
`)

test.each(
  cases({
    'nothing done': { done: [], ready: ['build', 'lint'] },
    'build done': { done: ['build'], ready: ['lint', 'test'] },
    'lint done': { done: ['lint'], ready: ['build'] },
    'build and lint done': { done: ['build', 'lint'], ready: ['test'] },
    'all but deploy done': { done: ['build', 'lint', 'test'], ready: ['deploy'] },
    'all done': { done: ['build', 'lint', 'test', 'deploy'], ready: [] },
  }),
)('ready: %s', (_, { done, ready }) => {
  expect(readyTasks(DIAMOND, new Set(done))).toEqual(ready)
})

test.each(
  cases({
    params: 'params: [{ name: p, value: x $(tasks.a.results.r) }]',
    'an array param': 'params: [{ name: p, value: ["$(tasks.a.results.r[*])"] }]',
    'an object param': 'params: [{ name: p, value: { key: $(tasks.a.results.r.k) } }]',
    'when input': 'when: [{ input: $(tasks.a.results.r), operator: in, values: [x] }]',
    'when values': 'when: [{ input: x, operator: in, values: ["$(tasks.a.results.r[0])"] }]',
    'when cel': "when: [{ cel: \"'$(tasks.a.results.r)' == 'x'\" }]",
    matrix: 'matrix: { params: [{ name: p, value: "$(tasks.a.results.r[*])" }] }',
    'matrix include': 'matrix: { include: [{ name: i, params: [{ name: p, value: $(tasks.a.results.r) }] }] }',
    'an inline step': 'taskSpec: { steps: [{ image: i, script: echo $(tasks.a.results.r) }] }',
    'an inline sidecar': 'taskSpec: { steps: [], sidecars: [{ name: s, image: $(tasks.a.results.r) }] }',
    runAfter: 'runAfter: [a, a]',
  }),
)('an edge by %s', (_, fields) => {
  const tasks = yaml<PipelineTask[]>(`[{ name: b }, { name: a }]`)
  const task = yaml<PipelineTask>(`name: b\n${fields}`)
  expect(graphOf([task, tasks[1]!]).parents.get('b')).toEqual(['a'])
})

test.each(
  cases({
    displayName: 'displayName: $(tasks.a.results.r)',
    'workspace subPath': 'workspaces: [{ name: w, subPath: $(tasks.a.results.r) }]',
    'taskRef params': 'taskRef: { resolver: git, params: [{ name: p, value: $(tasks.a.results.r) }] }',
    'matrix length': 'params: [{ name: p, value: $(tasks.a.matrix.length) }]',
    'the bracket spelling': `params: [{ name: p, value: "$(tasks.a.results['r'])" }]`,
  }),
)('no edge by %s', (_, fields) => {
  const [b] = [yaml<PipelineTask>(`name: b\n${fields}`)]
  expect(graphOf([b, { name: 'a' }]).parents.get('b')).toEqual([])
})

test.each(
  cases({
    'a cycle of two': {
      tasks: '[{ name: b, runAfter: [a] }, { name: a, runAfter: [b] }]',
      message: 'cycle detected; task "a" depends on "b"',
    },
    'a task after itself': {
      tasks: '[{ name: a, runAfter: [a] }]',
      message: 'cycle detected; task "a" depends on "a"',
    },
    'a cycle by a result': {
      tasks:
        '[{ name: a, runAfter: [b] }, { name: b, params: [{ name: p, value: $(tasks.a.results.r) }] }, { name: c }]',
      message: 'cycle detected; task "a" depends on "b"',
    },
    'an unknown parent': {
      tasks: '[{ name: b, runAfter: [a] }]',
      message: "couldn't add link between b and a: task b depends on a but a wasn't present in Pipeline",
    },
    'an unknown producer': {
      tasks: '[{ name: b, params: [{ name: p, value: $(tasks.q.results.r) }] }]',
      message: "couldn't add link between b and q: task b depends on q but q wasn't present in Pipeline",
    },
    'a name twice': {
      tasks: '[{ name: a }, { name: a }]',
      message: "task a is already present in Graph, can't add it again: duplicate pipeline task",
    },
  }),
)('refused: %s', (_, { tasks, message }) => {
  expect(buildGraph(yaml<PipelineTask[]>(tasks))).toEqual({ is: 'problem', message })
})

test('random graphs without cycles: every task comes once, after its parents', () => {
  const edges = fc.array(fc.tuple(fc.nat(39), fc.nat(39)), { maxLength: 200 })
  fc.assert(
    fc.property(edges, fc.shuffledSubarray([...Array(40).keys()], { minLength: 40 }), (pairs, order) => {
      const tasks = order.map(index => ({
        name: `t${index}`,
        runAfter: pairs.filter(([from, to]) => to === index && from < to).map(([from]) => `t${from}`),
      }))
      const graph = graphOf(tasks)
      expect([...graph.order].sort()).toEqual(tasks.map(task => task.name).sort())
      const done = new Set<string>()
      for (const task of graph.order) {
        expect(readyTasks(graph, done)).toContain(task)
        done.add(task)
      }
      expect(readyTasks(graph, done)).toEqual([])
    }),
    { numRuns: 50 },
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { edgesOf } from '../../src/graph/edges.js'
import { groupBy } from '../../src/lib/group-by.js'
import type { PipelineSpec, PipelineTask } from '../../src/resources/tekton.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

function edges(spec: PipelineSpec): readonly string[] {
  const found = edgesOf(spec)
  if (found.is === 'problem') throw new Error(found.message)
  return found.edges.map(({ from, to, why }) => `${from} > ${to} ${why}`)
}

test.each(
  cases({
    'runAfter and a result': {
      spec: `tasks: [{ name: a }, { name: b, runAfter: [a] }, { name: c, params: [{ name: p, value: $(tasks.b.results.r) }] }]`,
      expected: ['a > b runAfter', 'b > c result'],
    },
    'what follows from others is left out': {
      spec: `tasks: [{ name: a }, { name: b, runAfter: [a] }, { name: c, runAfter: [a, b] }]`,
      expected: ['a > b runAfter', 'b > c runAfter'],
    },
    'over many tasks': {
      spec: `tasks: [{ name: d, runAfter: [a, c] }, { name: a }, { name: b, runAfter: [a] }, { name: c, runAfter: [b] }]`,
      expected: ['c > d runAfter', 'a > b runAfter', 'b > c runAfter'],
    },
    'a diamond keeps its four': {
      spec: `tasks: [{ name: a }, { name: b, runAfter: [a] }, { name: c, runAfter: [a] }, { name: d, runAfter: [b, c] }]`,
      expected: ['a > b runAfter', 'a > c runAfter', 'b > d runAfter', 'c > d runAfter'],
    },
    'both at once is a result': {
      spec: `tasks: [{ name: a }, { name: b, runAfter: [a], when: [{ input: $(tasks.a.results.r), operator: in, values: [x] }] }]`,
      expected: ['a > b result'],
    },
    'finally waits for those that nobody waits for': {
      spec: `
        tasks: [{ name: a }, { name: b, runAfter: [a] }, { name: c }]
        finally: [{ name: f, params: [{ name: p, value: $(tasks.a.results.r) }] }, { name: g }]`,
      expected: ['a > b runAfter', 'b > f finally', 'c > f finally', 'b > g finally', 'c > g finally'],
    },
    'nothing at all': { spec: '{}', expected: [] },
  }),
)('%s', (_, { spec, expected }) => {
  expect(edges(yaml(spec))).toEqual(expected)
})

test('a cycle is told in the words of the run', () => {
  const found = edgesOf(yaml`tasks: [{ name: a, runAfter: [b] }, { name: b, runAfter: [a] }]`)
  expect(found).toEqual({ is: 'problem', message: 'cycle detected; task "a" depends on "b"' })
})

test('whoever waited for whom still does, and no edge can be spared', () => {
  const anyPipeline = fc.array(fc.array(fc.nat(39), { maxLength: 4 }), { minLength: 1, maxLength: 40 }).map(all =>
    all.map((before, index) => ({
      name: `t${index}`,
      runAfter: before.filter(one => one < index).map(one => `t${one}`),
    })),
  )
  fc.assert(
    fc.property(anyPipeline, (tasks: readonly PipelineTask[]) => {
      const found = edgesOf({ tasks })
      if (found.is === 'problem') throw new Error(found.message)
      const asked = tasks.flatMap(task => (task.runAfter ?? []).map(from => ({ from, to: task.name })))
      expect(reachable(found.edges)).toEqual(reachable(asked))
      for (const spared of found.edges) {
        const rest = found.edges.filter(edge => edge !== spared)
        expect(reachable(rest).has(`${spared.from}>${spared.to}`)).toBe(false)
      }
    }),
    { numRuns: 50 },
  )
})

function reachable(all: readonly { readonly from: string; readonly to: string }[]): ReadonlySet<string> {
  const pairs = new Set<string>()
  const next = groupBy(all, edge => edge.from)
  const visit = (start: string, at: string) => {
    for (const { to } of next.get(at) ?? []) {
      if (pairs.has(`${start}>${to}`)) continue
      pairs.add(`${start}>${to}`)
      visit(start, to)
    }
  }
  for (const start of next.keys()) visit(start, start)
  return new Set([...pairs].sort())
}

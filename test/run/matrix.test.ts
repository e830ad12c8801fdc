import { expect, test } from 'vitest'
import type { Matrix } from '../../src/resources/tekton.js'
import { childNames, fanOut, hasEmptyArray, isSizeKnown, largestFanOut, matrixProblem } from '../../src/run/matrix.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

const flat = (matrix: string) =>
  fanOut(yaml<Matrix>(matrix)).map(one => one.params.map(({ name, value }) => `${name}=${value}`).join(' '))

test.each(
  cases({
    'the first param varies fastest': {
      matrix: 'params: [{ name: B, value: [1, 2] }, { name: A, value: [x, y] }]',
      children: ['A=x B=1', 'A=x B=2', 'A=y B=1', 'A=y B=2'],
    },
    'only include': {
      matrix: 'include: [{ params: [{ name: A, value: x }] }, { params: [{ name: B, value: y }] }]',
      children: ['A=x', 'B=y'],
    },
    'an include that shares no name goes everywhere': {
      matrix: 'params: [{ name: A, value: [x, y] }]\ninclude: [{ params: [{ name: F, value: f }] }]',
      children: ['A=x F=f', 'A=y F=f'],
    },
    'an include that fits one': {
      matrix:
        'params: [{ name: A, value: [x, y] }]\ninclude: [{ params: [{ name: A, value: y }, { name: F, value: f }] }]',
      children: ['A=x', 'A=y F=f'],
    },
    'an include that fits none is one more': {
      matrix: 'params: [{ name: A, value: [x, y] }]\ninclude: [{ params: [{ name: A, value: z }] }]',
      children: ['A=x', 'A=y', 'A=z'],
    },
    'an empty array': { matrix: 'params: [{ name: A, value: [] }, { name: B, value: [x] }]', children: [] },
  }),
)('fan out: %s', (_, { matrix, children }) => {
  expect(flat(matrix)).toEqual(children)
  expect(largestFanOut(yaml<Matrix>(matrix))).toBeGreaterThanOrEqual(children.length)
})

test('include names gather', () => {
  const matrix = yaml<Matrix>`
    params: [{ name: A, value: [x, y] }]
    include:
      - { name: everywhere, params: [{ name: F, value: f }] }
      - { name: for-y, params: [{ name: A, value: y }] }
  `
  expect(fanOut(matrix).map(one => one.names)).toEqual([['everywhere'], ['everywhere', 'for-y']])
})

test('an enormous matrix is counted, not made', () => {
  const value = Array.from({ length: 1_000 }, (_, index) => `${index}`)
  const params = ['a', 'b', 'c', 'd'].map(name => ({ name, value }))
  expect(largestFanOut({ params })).toBe(1e12)
})

test('what a matrix may hold', () => {
  const problem = (matrix: string) => matrixProblem({ name: 't' }, yaml<Matrix>(matrix))
  expect(problem('params: [{ name: x, value: [a] }]')).toBeUndefined()
  expect(problem('params: [{ name: x, value: a }]')).toBe(
    'parameters of type array only are allowed, but param "x" has type "string" in pipelineTask "t"',
  )
  expect(problem('include: [{ params: [{ name: x, value: [a] }] }]')).toBe(
    'parameters of type string only are allowed, but param "x" has type "array" in pipelineTask "t"',
  )
  expect(hasEmptyArray(yaml<Matrix>`params: [{ name: x, value: [] }]`)).toBe(true)
  expect(isSizeKnown(yaml<Matrix>`params: [{ name: x, value: [a] }]`)).toBe(true)
  expect(isSizeKnown(yaml<Matrix>`params: [{ name: x, value: "$(tasks.a.results.r[*])" }]`)).toBe(false)
})

test('names of children', () => {
  expect(childNames('run', 'task', 1)).toEqual(['run-task'])
  expect(childNames('run', 'task', 3)).toEqual(['run-task-0', 'run-task-1', 'run-task-2'])
  const long = childNames('r'.repeat(60), 't'.repeat(60), 12)
  expect(new Set(long).size).toBe(12)
  expect(long.every(name => name.length <= 63)).toBe(true)
  expect(long[11]).toMatch(/-11$/)
})

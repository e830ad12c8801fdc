import { expect, test } from 'vitest'
import type { WhenExpression } from '../../src/resources/tekton.js'
import { paramReplacements } from '../../src/run/params.js'
import { judgeWhen, resolveWhen } from '../../src/run/when.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

const KNOWN = paramReplacements([
  { name: 'branch', value: 'main' },
  { name: 'list', value: ['a', 'b'] },
  { name: 'empty', value: [] },
])

const evaluateCel = (expression: string) => (expression === 'bad' ? new Error('no such thing') : expression === 'yes')

test.each(
  cases({
    'in, and it is': { when: '[{ input: $(params.branch), operator: in, values: [main, dev] }]', is: 'holds' },
    'in, and it is not': { when: '[{ input: $(params.branch), operator: in, values: [dev] }]', is: 'fails' },
    'notin, and it is': { when: '[{ input: main, operator: notin, values: [$(params.branch)] }]', is: 'fails' },
    'notin, and it is not': { when: '[{ input: x, operator: notin, values: [main] }]', is: 'holds' },
    'white space counts': { when: '[{ input: "main\\n", operator: in, values: [main] }]', is: 'fails' },
    'no input is the empty text': { when: '[{ operator: in, values: [""] }]', is: 'holds' },
    'an array among the values': { when: '[{ input: b, operator: in, values: ["$(params.list[*])"] }]', is: 'holds' },
    'an empty array of values': { when: '[{ input: b, operator: in, values: ["$(params.empty[*])"] }]', is: 'fails' },
    'an array as input is JSON': {
      when: `[{ input: "$(params.list[*])", operator: in, values: ['["a","b"]'] }]`,
      is: 'holds',
    },
    'a payload that reads like a variable': {
      when: '[{ input: "see $$(x)", operator: in, values: ["see $(x)"] }]',
      is: 'holds',
    },
    'a payload that reads like another variable': {
      when: '[{ input: "$$(x)", operator: in, values: ["$(y)", x] }]',
      is: 'fails',
    },
    'all must hold': {
      when: '[{ input: a, operator: in, values: [a] }, { input: a, operator: in, values: [b] }]',
      is: 'fails',
    },
    'nothing to hold': { when: '[]', is: 'holds' },
    'cel that is true': { when: '[{ cel: "yes" }]', is: 'holds' },
    'cel that is false': { when: '[{ cel: "no" }]', is: 'fails' },
    'cel that cannot be evaluated': { when: '[{ cel: bad }]', is: 'error' },
  }),
)('when: %s', (_, { when, is }) => {
  const resolved = resolveWhen(yaml<WhenExpression[]>(when), KNOWN)
  expect(judgeWhen(resolved, evaluateCel).is).toBe(is)
})

test('resolved expressions show values', () => {
  const when = yaml<WhenExpression[]>`
    - { input: $(params.branch), operator: in, values: ["$(params.list[*])", x] }
    - { cel: "'$(params.branch)' == 'main'" }
  `
  expect(resolveWhen(when, KNOWN)).toEqual([
    { input: 'main', operator: 'in', values: ['a', 'b', 'x'] },
    { cel: "'main' == 'main'" },
  ])
})

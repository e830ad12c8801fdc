import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Clauses, comparisonsOf } from '../../src/cel/comparisons.js'
import { evaluateWhen } from '../../src/cel/when.js'
import { yaml } from '../helpers/yaml.js'

const table = yaml<{
  readonly 'holds or fails as the text does': readonly string[]
  readonly refused: Readonly<Record<string, string>>
}>(readFileSync(new URL('comparisons.cases.yaml', import.meta.url), 'utf8'))
const TEXTS = ['x', 'y', 'z']

const filledIn = (text: string, r: string, s: string) =>
  text.replaceAll('$(steps.a.results.r)', r).replaceAll('$(steps.a.results.s)', s)

const allHold = (clauses: Clauses, r: string, s: string) =>
  clauses.every(clause =>
    clause.some(({ input, operator, values }) => {
      const found = values.some(value => filledIn(value, r, s) === filledIn(input, r, s))
      return found === (operator === 'in')
    }),
  )

describe('CEL over step results', () => {
  test.each(table['holds or fails as the text does'])('means the same to the entrypoint: %s', expression => {
    const clauses = comparisonsOf(expression)
    if (typeof clauses === 'string') throw new Error(clauses)
    for (const r of TEXTS) {
      for (const s of TEXTS) {
        expect(allHold(clauses, r, s), `${r}, ${s}`).toBe(evaluateWhen(filledIn(expression, r, s)))
      }
    }
  })

  test.each(Object.entries(table.refused))('is refused where it is more than that: %s', (expression, why) => {
    expect(comparisonsOf(expression)).toContain(why)
  })

  test('does not grow without bounds', () => {
    const either = Array.from({ length: 12 }, (_, at) => `('a' == '${at}' && '$(steps.a.results.r)' == '${at}')`)
    expect(comparisonsOf(either.join(' || '))).toContain('it is too long')
  })
})

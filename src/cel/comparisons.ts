/** CEL that compares texts, as comparisons: what the entrypoint can decide, once it knows the results of earlier steps. */
import { parseExpression } from './parse.js'
import type { Node } from './syntax.js'

export interface Comparison {
  readonly input: string
  readonly operator: 'in' | 'notin'
  readonly values: readonly string[]
}

/** All clauses must hold; a clause holds when one of its comparisons does. */
export type Clauses = readonly (readonly Comparison[])[]

/** Of `a && b || c && d || …` there can be exponentially many. */
const MAX_COMPARISONS = 200

const ALWAYS: Clauses = []
const NEVER: Clauses = [[{ input: 'false', operator: 'in', values: ['true'] }]]

/** A text is what is wrong: more than comparisons of texts. Texts may hold references, which are left as they are. */
export function comparisonsOf(expression: string): Clauses | string {
  const read = parseExpression(expression)
  if (read.is === 'error') return read.message
  const clauses = clausesOf(read.root, false)
  if (typeof clauses !== 'string') return clauses
  return `the CEL expression ${JSON.stringify(expression)} uses a step result, which is known only while the Pod runs, where texts can be compared by ==, != and in, joined by &&, || and !: ${clauses}`
}

function clausesOf(node: Node | undefined, negated: boolean): Clauses | string {
  const constant = constantOf(node)
  if (typeof constant === 'boolean') return constant === negated ? NEVER : ALWAYS
  if (node?.exprKind.case !== 'callExpr') return 'this is no condition'
  const { function: called, args } = node.exprKind.value
  const [left, right] = args
  switch (called) {
    case '!_':
      return clausesOf(left, !negated)
    case '_&&_':
    case '_||_': {
      const sides = [clausesOf(left, negated), clausesOf(right, negated)] as const
      if (typeof sides[0] === 'string') return sides[0]
      if (typeof sides[1] === 'string') return sides[1]
      return (called === '_&&_') !== negated ? [...sides[0], ...sides[1]] : eitherOf(sides[0], sides[1])
    }
    case '_==_':
    case '_!=_':
      return comparison(constantOf(left), [constantOf(right)], (called === '_==_') !== negated)
    case '@in':
      if (right?.exprKind.case !== 'listExpr') return 'to the right of in stands no list'
      return comparison(constantOf(left), right.exprKind.value.elements.map(constantOf), !negated)
    default:
      return `${called.replaceAll('_', ' ').trim()} is not known there`
  }
}

function comparison(input: unknown, values: readonly unknown[], positive: boolean): Clauses | string {
  if (typeof input !== 'string' || !values.every(value => typeof value === 'string')) {
    return 'something else than texts in quotes is compared'
  }
  return [[{ input, operator: positive ? 'in' : 'notin', values: values as readonly string[] }]]
}

/** `(a && b) || (c && d)` is `(a || c) && (a || d) && (b || c) && (b || d)`. */
function eitherOf(some: Clauses, others: Clauses): Clauses | string {
  const clauses = some.length * others.length
  const longest = (of: Clauses) => Math.max(0, ...of.map(clause => clause.length))
  if (clauses * (longest(some) + longest(others)) > MAX_COMPARISONS) return 'it is too long'
  return some.flatMap(one => others.map(other => [...one, ...other]))
}

function constantOf(node: Node | undefined): unknown {
  return node?.exprKind.case === 'constExpr' ? node.exprKind.value.constantKind.value : undefined
}

/** `when`: whether a task runs. All expressions must hold. */
import type { WhenExpression } from '../resources/tekton.js'
import { sentText } from './payload-text.js'
import { expressionsIn, type Replacements, replaceList, replaceString } from './substitute.js'

/** Evaluates a CEL expression without variables. An Error is the author's mistake, told in the run's condition. */
export type EvaluateCel = (expression: string) => boolean | Error

export type Verdict =
  | { readonly is: 'holds' }
  | { readonly is: 'fails' }
  | { readonly is: 'error'; readonly message: string }

export function resolveWhen(expressions: readonly WhenExpression[], known: Replacements): readonly WhenExpression[] {
  return expressions.map(expression => ({
    ...expression,
    ...(expression.input !== undefined && { input: replaceInput(expression.input, known) }),
    ...(expression.values !== undefined && { values: replaceList(expression.values, known) }),
    ...(expression.cel !== undefined && { cel: replaceString(expression.cel, known) }),
  }))
}

/** An input has one value: an array becomes its JSON text. */
function replaceInput(input: string, known: Replacements): string {
  const [expression, ...more] = expressionsIn(input)
  if (expression !== undefined && more.length === 0 && input === `$(${expression})`) {
    const array = known.arrays.get(expression)
    if (array !== undefined) return JSON.stringify(array)
  }
  return replaceString(input, known)
}

/** Of expressions that are resolved already. Compares exactly: white space and newlines count. */
export function judgeWhen(expressions: readonly WhenExpression[], evaluateCel: EvaluateCel): Verdict {
  let holds = true
  for (const { cel, input = '', operator, values = [] } of expressions) {
    if (cel !== undefined && cel !== '') {
      const value = evaluateCel(cel)
      if (typeof value !== 'boolean') return { is: 'error', message: value.message }
      holds &&= value
    } else {
      holds &&= values.some(value => sentText(value) === sentText(input)) === (operator !== 'notin')
    }
  }
  return holds ? { is: 'holds' } : { is: 'fails' }
}

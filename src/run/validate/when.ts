/** The form of when expressions. Their variables are checked where they stand, since tasks and steps know different ones. */
import { invalidValue, missing, type Problem, problem } from '../../resources/problem.js'
import type { WhenExpression } from '../../resources/tekton.js'
import { flagGate, type Rules } from './gates.js'
import { goQuote } from './quote.js'

/** What is wrong with a CEL text, or undefined. Handed in, because compiling CEL needs a library. */
export type CelCheck = (expression: string) => string | undefined

export function validateWhen(expressions: readonly WhenExpression[], path: string, rules: Rules): readonly Problem[] {
  return expressions.flatMap((expression, i) => oneExpression(expression, `${path}.when[${i}]`, rules))
}

function oneExpression(expression: WhenExpression, path: string, rules: Rules): readonly Problem[] {
  const { input, values = [], cel } = expression
  const operator: string = expression.operator ?? ''
  if (cel) {
    const message = `feature flag enable-cel-in-whenexpression should be set to true to use CEL: ${cel} in WhenExpression`
    const closed = flagGate(rules, 'enableCelInWhenexpression', message, path)
    if (closed.length > 0) return closed
    if (input || operator !== '' || values.length > 0) {
      const shown = `&{${input ?? ''} ${operator} [${values.join(' ')}] ${cel}}`
      const message = `cel and input+operator+values cannot be set in one WhenExpression: ${shown}`
      // Tekton names no path.
      return [problem(message, '', { at: path, hint: 'make two entries of it: all entries must hold' })]
    }
    const error = rules.celCheck?.(cel)
    return error === undefined ? [] : [problem(`invalid cel expression: ${cel} with err: ${error}`, path)]
  }
  if (input === undefined && operator === '' && values.length === 0) return [missing(path)]
  if (operator !== 'in' && operator !== 'notin') {
    return [invalidValue(`operator ${goQuote(operator)} is not recognized. valid operators: in,notin`, path)]
  }
  return values.length === 0 ? [invalidValue('expecting non-empty values field', path)] : []
}

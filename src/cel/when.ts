/** `cel` in a `when`: plain CEL without variables, as Tekton compiles it; what refers to a param is text by now. */
import { createEnvironment } from './expression.js'
import { parseExpression } from './parse.js'

const ENVIRONMENT = createEnvironment({}, [])

export function evaluateWhen(expression: string): boolean | Error {
  const result = ENVIRONMENT.evaluate(expression, { values: {} })
  if (result.is === 'error') return new Error(result.message)
  if (result.is === 'json' && typeof result.value === 'boolean') return result.value
  const type = result.is === 'json' ? typeof result.value : result.type
  return new Error(`The CEL expression ${expression} is not evaluated to a boolean but to ${type}`)
}

/** What is wrong with the expression's text; undefined when it can be read. */
export function checkWhen(expression: string): string | undefined {
  const read = parseExpression(expression)
  return read.is === 'error' ? read.message : undefined
}

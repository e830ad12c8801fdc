/** Declared results of Tasks, steps and StepActions. */
import { invalidValue, missing, type Problem, problem } from '../../resources/problem.js'
import type { ResultSpec } from '../../resources/tekton.js'
import { goList } from './quote.js'

const RESULT_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const NAME_DETAILS =
  "Name must consist of alphanumeric characters, '-', '_', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my-name',  or 'my_name', regex used for validation is '^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$')"
const STEP_RESULT = /^\$\(steps\.[_a-zA-Z0-9-]+\.results\.[_a-zA-Z0-9.-]+\)$/

/** `path` is that of the list. Values only exist on a Task's results. */
export function validateResults(results: readonly ResultSpec[], path: string, of: 'task' | 'step'): readonly Problem[] {
  return results.flatMap((result, i) => oneResult(result, `${path}[${i}]`, of))
}

function oneResult(result: ResultSpec, path: string, of: 'task' | 'step'): readonly Problem[] {
  if (!RESULT_NAME.test(result.name)) {
    return [problem(`invalid key name ${JSON.stringify(result.name)}`, `${path}.name`, { details: NAME_DETAILS })]
  }
  const type = result.type ?? (result.properties ? 'object' : 'string')
  const named = `${path}.${result.name}`
  const value = of === 'task' ? valueProblems(result, `${named}.value`, path) : []
  switch (type) {
    case 'string':
    case 'array':
      return value
    case 'object': {
      if (!result.properties) return [{ ...missing(`${named}.properties`), at: path }, ...value]
      const wrong = Object.entries(result.properties).filter(([, one]) => (one.type ?? 'string') !== 'string')
      if (wrong.length === 0) return value
      const keys = goList(wrong.map(([key]) => key))
      const message = `The value type specified for these keys ${keys} is invalid, the type must be string`
      return [problem(message, `${named}.properties`, { at: `${path}.properties` }), ...value]
    }
    default: {
      const details = of === 'task' ? 'type must be string' : `invalid type ${String(type satisfies never)}`
      return [invalidValue(type, `${path}.type`, details, 'types are string, array, object'), ...value]
    }
  }
}

function valueProblems(result: ResultSpec, path: string, at: string): readonly Problem[] {
  if (result.value === undefined || (typeof result.value === 'string' && STEP_RESULT.test(result.value))) return []
  const got = typeof result.value === 'string' ? result.value : JSON.stringify(result.value)
  const message = `Could not extract step name and result name. Expected value to look like $(steps.<stepName>.results.<resultName>) but got "${got}"`
  const hint = 'a Task result without value is what a step writes to $(results.<name>.path)'
  return [problem(message, path, { hint, at: `${at}.value` })]
}

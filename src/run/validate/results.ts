/** Declared results of Tasks, steps and StepActions. */
import { invalidValue, missing, type Problem, problem } from '../../resources/problem.js'
import type { ResultSpec } from '../../resources/tekton.js'
import { typeOfValue } from '../params.js'
import { isDnsLabel } from './names.js'
import { goList, goQuote } from './quote.js'

const RESULT_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const NAME_DETAILS =
  "Name must consist of alphanumeric characters, '-', '_', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my-name',  or 'my_name', regex used for validation is '^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$')"

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
  const value = of === 'task' ? valueProblems(result, named, path) : []
  switch (type) {
    case 'string':
    case 'array':
      return value
    case 'object': {
      if (!result.properties) return [{ ...missing(`${named}.properties`), at: path }, ...value]
      const wrong = Object.entries(result.properties).filter(([, one]) => (one.type ?? 'string') !== 'string')
      if (wrong.length === 0) return value
      const keys = goList(wrong.map(([key]) => key))
      const message = `${of === 'task' ? 'The' : 'the'} value type specified for these keys ${keys} is invalid, the type must be string`
      return [problem(message, `${named}.properties`, { at: `${path}.properties` }), ...value]
    }
    default: {
      const details = of === 'task' ? 'type must be string' : `invalid type ${String(type satisfies never)}`
      return [invalidValue(type, `${path}.type`, details, 'types are string, array, object'), ...value]
    }
  }
}

function valueProblems({ value }: ResultSpec, path: string, at: string): readonly Problem[] {
  if (value === undefined || value === '') return []
  const place = { at: `${at}.value` }
  const hint = 'a Task result without value is what a step writes to $(results.<name>.path)'
  if (typeof value !== 'string') {
    const message = `Invalid Type. Wanted string but got: "${typeOfValue(value)}"`
    return [problem(message, `${path}.type`, { ...place, hint })]
  }
  const found = stepResultIn(value)
  if (found === undefined) {
    const message = `Could not extract step name and result name. Expected value to look like $(steps.<stepName>.results.<resultName>) but got "${value}"`
    return [problem(message, `${path}.value`, { ...place, hint })]
  }
  const wrong = (what: string, name: string, details: string): Problem =>
    problem(`invalid extracted ${what} name ${goQuote(name)}`, `${path}.value`, { ...place, details })
  const { step, result } = found
  return [
    ...(isDnsLabel(step)
      ? []
      : [
          wrong(
            'step',
            step,
            'stepName in $(steps.<stepName>.results.<resultName>) must be a valid DNS Label, For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names',
          ),
        ]),
    ...(RESULT_NAME.test(result)
      ? []
      : [
          wrong(
            'result',
            result,
            NAME_DETAILS.replace(/^Name/, () => 'resultName in $(steps.<stepName>.results.<resultName>)'),
          ),
        ]),
  ]
}

/** As Tekton finds `$(steps.<step>.results.<result>)` anywhere in a value: no expression, which a hostile value could stall. */
function stepResultIn(value: string): { readonly step: string; readonly result: string } | undefined {
  const between = (open: string, close: string, from: number) => {
    const start = value.indexOf(open, from)
    const end = start < 0 ? -1 : value.indexOf(close, start + open.length)
    return end < 0 ? undefined : { text: value.slice(start + open.length, end), end }
  }
  const step = between('$(steps.', '.results.', 0)
  const result = step && between('.results.', ')', step.end)
  return step && result && { step: step.text, result: result.text }
}

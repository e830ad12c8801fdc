/** A Pipeline's own results: made of results of its tasks and nothing else. */
import { invalidValue, listed, type Problem } from '../../resources/problem.js'
import type { PipelineResult, PipelineSpec } from '../../resources/tekton.js'
import { parseResultReference } from '../result-references.js'
import { expressionsInValue, isList } from '../substitute.js'
import { goList } from './quote.js'

/** As Tekton tells a result that was meant from other variables. */
const RESULT_LIKE = /^(?:tasks|finally)\.[^.]*\.results[.[]/

export function validatePipelineResults(
  results: readonly PipelineResult[],
  { tasks = [], finally: last = [] }: PipelineSpec,
  path: string,
): readonly Problem[] {
  const names = { tasks: new Set(tasks.map(task => task.name)), finally: new Set(last.map(task => task.name)) }
  return results.flatMap((result, i) => {
    const place = `${path}.results[${i}].value`
    const expressions = expressionsInValue(result.value)
    const references = expressions.flatMap(expression => parseResultReference(expression) ?? [])
    const problems: Problem[] = []
    const hint = 'write $(tasks.<task>.results.<result>)'
    if (expressions.length === 0) {
      const message = 'expected pipeline results to be task result expressions but no expressions were found'
      problems.push(invalidValue(message, place, undefined, hint))
    }
    const meant = expressions.filter(expression => RESULT_LIKE.test(expression))
    if (meant.length === 0) {
      const message = 'expected pipeline results to be task result expressions but an invalid expressions was found'
      problems.push(invalidValue(message, place, undefined, hint))
    }
    if (references.length < meant.length) {
      const found = goList(references.map(one => `{${one.task} ${one.result}}`))
      const message = `expected all of the expressions ${goList(meant)} to be result expressions but only ${found} were`
      problems.push(invalidValue(message, place, undefined, hint))
    }
    // Tekton looks for a task in all that a text begins with and has between its expressions.
    const other = typeof result.value === 'string' && result.value !== '' && !isResultsOnly(result.value)
    if (other || references.some(one => !names[one.from].has(one.task))) {
      problems.push(
        invalidValue(
          'referencing a nonexistent task',
          place,
          undefined,
          `tasks here: ${listed(names[references[0]?.from ?? 'tasks'])}`,
        ),
      )
    }
    if (isList(result.value) && result.value.length === 0) return []
    return problems
  })
}

/** Text may follow a result, but neither precede the first one nor hold another variable. */
function isResultsOnly(text: string): boolean {
  return text.startsWith('$(') && expressionsInValue(text).every(one => parseResultReference(one) !== undefined)
}

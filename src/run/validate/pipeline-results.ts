/** A Pipeline's own results: made of results of its tasks and nothing else. */
import { invalidValue, listed, type Problem } from '../../resources/problem.js'
import type { PipelineResult, PipelineSpec } from '../../resources/tekton.js'
import { parseResultReference } from '../result-references.js'
import { expressionsInValue, isList } from '../substitute.js'
import { goList } from './quote.js'

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
    if (references.length === 0) {
      const message = 'expected pipeline results to be task result expressions but an invalid expressions was found'
      problems.push(invalidValue(message, place, undefined, hint))
    } else if (references.length < expressions.length) {
      const found = goList(references.map(one => `{${one.task} ${one.result}}`))
      const message = `expected all of the expressions ${goList(expressions)} to be result expressions but only ${found} were`
      problems.push(invalidValue(message, place, undefined, hint))
    }
    const literal = typeof result.value === 'string' && references.length === 0
    if (literal || references.some(one => !names[one.from].has(one.task))) {
      problems.push(
        invalidValue(
          'referencing a nonexistent task',
          place,
          undefined,
          `tasks here: ${listed(names[references[0]?.from ?? 'tasks'])}`,
        ),
      )
    }
    if (!literal && isList(result.value) && result.value.length === 0) return []
    return problems
  })
}

/** `taskRef`, `pipelineRef` and a step's `ref`: by name, or by resolver with params. */
import { exactlyOne, invalidValue, missing, type Problem } from '../../resources/problem.js'
import type { Reference } from '../../resources/tekton.js'
import { validateRunParams } from './params.js'

/** `path` is that of the reference; a step's `ref` is reported at the step itself, as Tekton does. */
export function validateReference(ref: Reference, path: string, at = path): readonly Problem[] {
  const placed = (problem: Problem): Problem => (at === path ? problem : { ...problem, at })
  const params = ref.params ?? []
  if (ref.resolver) {
    const uri = ref.name
      ? [placed(invalidValue('invalid URI for request', `${path}.name`, undefined, 'use either name or resolver'))]
      : []
    return [...uri, ...validateRunParams(params, path).map(placed)]
  }
  const problems: Problem[] = []
  if (params.length > 0) {
    if (ref.name) problems.push(exactlyOne('both', [`${path}.name`, `${path}.params`]))
    problems.push(missing(`${path}.resolver`, 'params go to a resolver: cluster, git, hub, http or bundles'))
  }
  if (!ref.name && params.length === 0)
    problems.push(missing(`${path}.name`, 'give a name, or a resolver and its params'))
  return problems.map(placed)
}

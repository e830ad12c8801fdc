/** `taskRef`, `pipelineRef` and a step's `ref`: by name, or by resolver with params. */
import { exactlyOne, invalidValue, missing, type Problem } from '../../resources/problem.js'
import type { Reference } from '../../resources/tekton.js'
import { fieldGate, flagGate, type Rules } from './gates.js'
import { validateRunParams } from './params.js'

/**
 * As Tekton tells a name from an address: `[\w-]+:/` somewhere, asked in a way that a long name cannot stall. With a
 * resolver, an address goes into the request as its `url`.
 */
export const URL_LIKE = /[\w-]:\//

/** `path` is that of the reference; a step's `ref` is reported at the step itself, as Tekton does. */
export function validateReference(ref: Reference, path: string, rules: Rules, at = path): readonly Problem[] {
  const placed = (problem: Problem): Problem => (at === path ? problem : { ...problem, at })
  const params = ref.params ?? []
  const gates = [
    ...(ref.params ? fieldGate(rules, 'resolver params', 'beta', `${at}.params`) : []),
    ...(ref.resolver ? fieldGate(rules, 'resolver', 'beta', `${at}.resolver`) : []),
    ...(ref.name && URL_LIKE.test(ref.name)
      ? flagGate(
          rules,
          'enableConciseResolverSyntax',
          'feature flag enable-concise-resolver-syntax should be set to true to use concise resolver syntax',
          path,
          at,
        )
      : []),
  ]
  const both = ref.name && params.length > 0 ? [exactlyOne('both', [`${path}.name`, `${path}.params`])] : []
  if (ref.resolver) {
    const uri =
      ref.name && !URL_LIKE.test(ref.name)
        ? [placed(invalidValue('invalid URI for request', `${path}.name`, undefined, 'use either name or resolver'))]
        : []
    return [...gates, ...uri, ...both.map(placed), ...validateRunParams(params, path).map(placed)]
  }
  const problems: Problem[] = [...gates, ...both]
  if (ref.name && URL_LIKE.test(ref.name) && params.length === 0) {
    problems.push(missing(`${path}.resolver`, 'say what fetches from there: git, hub, http or bundles'))
  }
  if (params.length > 0) {
    problems.push(missing(`${path}.resolver`, 'params go to a resolver: cluster, git, hub, http or bundles'))
  }
  if (!ref.name && params.length === 0)
    problems.push(missing(`${path}.name`, 'give a name, or a resolver and its params'))
  return problems.map(placed)
}

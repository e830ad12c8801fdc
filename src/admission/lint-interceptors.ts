/** Params of our interceptors that are not read, or not as they are written. Tekton takes them without a word. */
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { type Problem, problem } from '../resources/problem.js'
import { BUILT_IN } from '../trigger/interceptors/built-in.js'
import { isBuiltIn } from '../trigger/interceptors/locate.js'
import { asSpelled, type ParamTypes, paramsProblem, unknownParams } from '../trigger/interceptors/params.js'
import { chainsOf } from './chains.js'

/** A typo here is worse than elsewhere: an interceptor without its filter, or its secret, lets every event pass. */
export function interceptorParamWarnings(object: New<AnyResource>): readonly Problem[] {
  return chainsOf(object).flatMap(({ chain, path }) =>
    chain.flatMap(({ ref, params = [] }, index) => {
      const name = ref?.name ?? ''
      if (!isBuiltIn(name) || (ref?.kind ?? 'ClusterInterceptor') !== 'ClusterInterceptor') return []
      return params.flatMap((param, at) =>
        warningsOf(name, param, BUILT_IN[name].params, `${path}.interceptors[${index}].params[${at}]`),
      )
    }),
  )
}

function warningsOf(
  interceptor: string,
  { name, value }: { readonly name: string; readonly value: unknown },
  types: ParamTypes,
  path: string,
): readonly Problem[] {
  const params = { [name]: value }
  const unknown = unknownParams(params, types).map(({ at, known }) => {
    const below = at.slice(name.length + 1)
    const message = `the ${interceptor} interceptor reads no param "${at.slice(1)}": it is as if it were not there`
    return problem(message, below === '' ? `${path}.name` : `${path}.value${below}`, {
      hint: `it reads ${known.join(', ')} here`,
    })
  })
  const wrong = paramsProblem(asSpelled(params, types), types)
  return wrong === undefined
    ? unknown
    : [...unknown, problem(wrong, `${path}.value`, { hint: 'as it is, every event fails this trigger' })]
}

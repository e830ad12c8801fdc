/** A git host's interceptor that looks at no signature is taken, as in Tekton, and warned of. */
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { type Problem, problem } from '../resources/problem.js'
import { UNSIGNED_HINT, unsignedIn, unsignedText } from '../trigger/interceptors/unsigned.js'
import { chainsOf } from './chains.js'

export function unsignedWarnings(object: New<AnyResource>): readonly Problem[] {
  return chainsOf(object).flatMap(({ chain, path }) =>
    unsignedIn(chain).map(index => {
      const message = unsignedText(chain[index]?.ref?.name ?? '')
      return problem(message, `${path}.interceptors[${index}]`, { hint: UNSIGNED_HINT })
    }),
  )
}

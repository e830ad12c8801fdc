/** CEL of triggers that no event can make work. Tekton takes it, and says so in a Pod's log with every event. */
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { type Problem, problem } from '../resources/problem.js'
import { celMistakes } from '../trigger/interceptors/cel.js'
import { chainsOf } from './chains.js'

const HINT = 'as it is, every event fails this trigger; "tektite eval cel" tries an expression over a request'

export function celWarnings(object: New<AnyResource>): readonly Problem[] {
  return chainsOf(object).flatMap(({ chain, path }) =>
    chain.flatMap(({ ref, params }, index) => {
      if (ref?.name !== 'cel' || (ref.kind ?? 'ClusterInterceptor') !== 'ClusterInterceptor') return []
      return celMistakes(params ?? []).map(({ at, message }) => {
        // The first line says it; those below draw the place.
        const [line = ''] = message.split('\n')
        return problem(line, `${path}.interceptors[${index}].params${at}`, { hint: HINT })
      })
    }),
  )
}

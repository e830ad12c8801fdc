/** A git host's interceptor that looks at no signature is taken, as in Tekton, and warned of. */
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { type Problem, problem } from '../resources/problem.js'
import type { EventListenerSpec, TriggerInterceptor, TriggerSpec } from '../resources/triggers.js'
import { UNSIGNED_HINT, unsignedIn, unsignedText } from '../trigger/interceptors/unsigned.js'

export function unsignedWarnings(object: New<AnyResource>): readonly Problem[] {
  return chainsOf(object).flatMap(({ chain, path }) =>
    unsignedIn(chain).map(index => {
      const message = unsignedText(chain[index]?.ref?.name ?? '')
      return problem(message, `${path}.interceptors[${index}]`, { hint: UNSIGNED_HINT })
    }),
  )
}

interface Chain {
  readonly chain: readonly TriggerInterceptor[]
  readonly path: string
}

function chainsOf(object: New<AnyResource>): readonly Chain[] {
  const { spec } = object as { readonly spec?: unknown }
  if (object.kind === 'Trigger') return [{ chain: (spec as TriggerSpec).interceptors ?? [], path: 'spec' }]
  if (object.kind !== 'EventListener') return []
  const { triggers = [], triggerGroups = [] } = spec as EventListenerSpec
  return [
    ...triggers.map(({ interceptors = [] }, i) => ({ chain: interceptors, path: `spec.triggers[${i}]` })),
    ...triggerGroups.map(({ interceptors }, i) => ({ chain: interceptors, path: `spec.triggerGroups[${i}]` })),
  ]
}

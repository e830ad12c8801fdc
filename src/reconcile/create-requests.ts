import type { New } from '../resources/meta.js'
import type { ResolutionRequest } from '../resources/resolution.js'
import type { Action } from './decision.js'

/** One action for each: two references may ask the same. */
export function createRequests(requests: readonly New<ResolutionRequest>[]): readonly Action[] {
  const byName = new Map(requests.map(request => [request.metadata.name, request]))
  return [...byName.values()].map(object => ({ do: 'create', kind: 'ResolutionRequest', object }))
}

/** Which resources each step asks for: the task's own, those of its template, and what the run overrides. */
import type { ResourceRequirements } from '../resources/core.js'
import { divideQuantity } from '../run/requests.js'

/** Per resource, the later one wins. Undefined when nothing asks for anything. */
export function mergeResources(
  ...all: readonly (ResourceRequirements | undefined)[]
): ResourceRequirements | undefined {
  const requests = Object.assign({}, ...all.map(one => one?.requests))
  const limits = Object.assign({}, ...all.map(one => one?.limits))
  const merged = {
    ...(Object.keys(requests).length > 0 && { requests }),
    ...(Object.keys(limits).length > 0 && { limits }),
  }
  return Object.keys(merged).length > 0 ? merged : undefined
}

/**
 * A run's task-level resources, for one of its steps. As Tekton: requests are shared evenly, so that together the steps
 * ask for what was written; limits hold for each, as steps run one at a time. Limits alone count as requests too.
 */
export function shareOf(task: ResourceRequirements, steps: number): ResourceRequirements {
  const wanted = task.requests ?? task.limits ?? {}
  const requests = Object.fromEntries(
    Object.entries(wanted).map(([resource, amount]) => [resource, divideQuantity(resource, amount, steps)]),
  )
  return { ...(Object.keys(requests).length > 0 && { requests }), ...(task.limits && { limits: task.limits }) }
}

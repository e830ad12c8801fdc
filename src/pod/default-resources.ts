/** What containers ask for that ask for nothing: the installation's defaults, then those of the namespace. */
import type { Container, LimitRange, ResourceRequirements } from '../resources/core.js'
import { divideQuantity, parseQuantity } from '../run/requests.js'

/**
 * `default-container-resource-requirements`: an exact name before a `prefix-…`, that before `default`. As Tekton, a
 * container that says anything about its resources keeps exactly that.
 */
export function withConfiguredResources(
  container: Container,
  configured: Readonly<Record<string, ResourceRequirements>>,
): Container {
  if (!isEmpty(container.resources)) return container
  const prefix = Object.keys(configured)
    .filter(key => key.startsWith('prefix-') && container.name.startsWith(`${key.slice('prefix-'.length)}-`))
    // The longest says most.
    .sort((a, b) => b.length - a.length)[0]
  const candidates = [configured[container.name], configured[prefix ?? ''], configured['default']]
  const resources = candidates.find(one => !isEmpty(one))
  return resources ? { ...container, resources } : container
}

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const

/**
 * The namespace's LimitRanges, as far as Tekton looks at them: the default request is one step's at a time, so it is
 * shared among the steps, but none gets less than the minimum. Limits are left to Kubernetes.
 */
export function limitRangeRequests(ranges: readonly LimitRange[], steps: number): Readonly<Record<string, string>> {
  const items = ranges.flatMap(({ spec }) => spec?.limits ?? []).filter(({ type }) => type === 'Container')
  const requests = RESOURCES.flatMap(resource => {
    const defaults = smallest(items.flatMap(({ defaultRequest }) => defaultRequest?.[resource] ?? []))
    const least = largest(items.flatMap(({ min }) => min?.[resource] ?? []))
    const share = defaults === undefined ? undefined : divideQuantity(resource, defaults, steps)
    const request = largest([share ?? [], least ?? []].flat())
    return request === undefined ? [] : [[resource, request] as const]
  })
  return Object.fromEntries(requests)
}

/** For steps: what one asks for itself stands, and none asks for more than it may have: Kubernetes would refuse the Pod. */
export function withRequests(container: Container, defaults: Readonly<Record<string, string>>): Container {
  if (Object.keys(defaults).length === 0) return container
  const { limits = {} } = container.resources ?? {}
  const requests = Object.fromEntries(
    Object.entries(defaults).map(([resource, amount]) => [
      resource,
      smallest([amount, limits[resource] ?? []].flat()) ?? amount,
    ]),
  )
  const own = Object.entries(container.resources?.requests ?? {}).filter(([, amount]) => value(amount) !== 0)
  return { ...container, resources: { ...container.resources, requests: { ...requests, ...Object.fromEntries(own) } } }
}

/** Nothing is no default, and neither is 0. */
function smallest(amounts: readonly string[]): string | undefined {
  return ordered(amounts)[0]
}

function largest(amounts: readonly string[]): string | undefined {
  return ordered(amounts).at(-1)
}

function ordered(amounts: readonly string[]): readonly string[] {
  return amounts.filter(amount => value(amount) !== 0).sort((a, b) => value(a) - value(b))
}

function value(amount: string): number {
  return parseQuantity(amount) ?? 0
}

function isEmpty(resources: ResourceRequirements | undefined): boolean {
  return Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length === 0
}

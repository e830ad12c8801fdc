/** Kubernetes quantities (`500m`, `1Gi`), as far as sharing a task's resources among its steps needs them. */
import type { ResourceRequirements } from '../resources/core.js'

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** The plain number; undefined when the text is no quantity. */
export function parseQuantity(text: string): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/.exec(String(text))
  const factor = FACTORS[match?.[2] ?? '']
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor
}

/** One part of `parts` equal ones: CPU in whole millis, everything else in whole units, as Tekton rounds. */
export function divideQuantity(resource: string, text: string, parts: number): string {
  const value = parseQuantity(text)
  if (value === undefined) return text
  if (resource === 'cpu') return `${Math.floor(Math.round(value * 1000) / parts)}m`
  return String(Math.floor(value / parts))
}

/** Tekton's message for the first request that is above its limit. */
export function requestsOverLimits(all: readonly (ResourceRequirements | undefined)[]): string | undefined {
  for (const one of all) {
    for (const [resource, request] of Object.entries(one?.requests ?? {})) {
      const limit = one?.limits?.[resource]
      if (limit === undefined) continue
      if ((parseQuantity(request) ?? 0) > (parseQuantity(limit) ?? Number.POSITIVE_INFINITY)) {
        return `invalid request resource value: ${request} must be less or equal to limit ${limit}`
      }
    }
  }
  return undefined
}

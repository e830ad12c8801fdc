/** Prometheus metrics of what is asked of the API server. */
import { Counter, Histogram, type Registry } from 'prom-client'

export interface CallMetrics {
  /** A request was sent; `code` is 0 when no answer came. */
  called(call: { readonly verb: string; readonly resource: string; readonly code: number; readonly ms: number }): void
}

/** Seconds. A request may take a minute in an API server. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
/** Templates may make objects of any kind. */
const MAX_RESOURCES = 100

export function createCallMetrics(registry: Registry): CallMetrics {
  const registers = [registry]
  const total = new Counter({
    name: 'tektite_kubernetes_calls_total',
    help: 'Requests to the API server, each try of them; code 0 for no answer. A watch counts when it begins',
    labelNames: ['verb', 'resource', 'code'],
    registers,
  })
  const duration = new Histogram({
    name: 'tektite_kubernetes_call_duration_seconds',
    help: 'Time until the whole answer of a request to the API server was there; of a watch, until it began',
    labelNames: ['verb'],
    buckets: BUCKETS,
    registers,
  })
  const resources = new Set<string>()
  return {
    called({ verb, resource, code, ms }) {
      if (resources.size < MAX_RESOURCES) resources.add(resource)
      total.inc({ verb, resource: resources.has(resource) ? resource : 'other', code })
      duration.observe({ verb }, ms / 1_000)
    },
  }
}

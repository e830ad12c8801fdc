/** Prometheus metrics of the listeners, under the names of Tekton's EventListeners and of its Triggers controller. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface TriggerMetrics {
  /** A request to a listener was answered, in so many ms. */
  answered(ms: number): void
  /** An event was taken in, or could not be. */
  received(status: 'succeeded' | 'failed'): void
  /** A trigger made an object of this kind. */
  created(kind: string): void
}

export const COUNTED_KINDS = [
  'EventListener',
  'TriggerBinding',
  'ClusterTriggerBinding',
  'TriggerTemplate',
  'ClusterInterceptor',
] as const
export type CountedKind = (typeof COUNTED_KINDS)[number]

/** Seconds, as Tekton's. */
const BUCKETS = [0.001, 0.01, 0.1, 1, 5, 10]
/** Templates may hold objects of any kind. */
const MAX_KINDS = 100

/** `count` is asked at each scrape. */
export function createTriggerMetrics(
  registry: Registry,
  count: (kind: CountedKind) => Promise<number>,
): TriggerMetrics {
  const registers = [registry]
  const duration = new Histogram({
    name: 'eventlistener_http_duration_seconds',
    help: 'Time from a request to a listener until its answer',
    buckets: BUCKETS,
    registers,
  })
  const received = new Counter({
    name: 'eventlistener_event_received_total',
    help: 'Events that came to listeners',
    labelNames: ['status'],
    registers,
  })
  const created = new Counter({
    name: 'eventlistener_triggered_resources_total',
    help: 'Objects that triggers made',
    labelNames: ['kind'],
    registers,
  })
  for (const kind of COUNTED_KINDS) {
    new Gauge({
      name: `controller_${kind.toLowerCase()}_count`,
      help: `${kind}s that there are`,
      registers,
      async collect() {
        this.set(await count(kind))
      },
    })
  }
  const kinds = new Set<string>()
  return {
    answered: ms => duration.observe(ms / 1_000),
    received: status => received.inc({ status }),
    created(kind) {
      if (kinds.size < MAX_KINDS) kinds.add(kind)
      created.inc({ kind: kinds.has(kind) ? kind : 'other' })
    },
  }
}

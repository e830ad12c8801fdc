/** What processes of the distributed mode tell of themselves and of the queues that they share. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type CallMetrics, createCallMetrics } from './call-metrics.js'
import { createRetentionMetrics, type RetentionCount } from './retention-metrics.js'
import { createRunMetrics, type RunMetrics, type UnfinishedRuns } from './run-metrics.js'
import { type CountedKind, createTriggerMetrics, type TriggerMetrics } from './trigger-metrics.js'

/** By queue: `runs`, `deliveries`. Rejects when that cannot be told, and does so within half a second. */
export type QueueDepths = Readonly<Record<string, () => Promise<number>>>

export interface ProcessMetrics {
  readonly contentType: string
  text(): Promise<string>
  readonly calls: CallMetrics
  addRuns(unfinished: UnfinishedRuns): RunMetrics
  addTriggers(count: (kind: CountedKind) => number): TriggerMetrics
  addRetention(): RetentionCount
}

export function createProcessMetrics(depths: QueueDepths): ProcessMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'tektite_queue_depth',
    help: 'Jobs that wait, wait with a priority or are worked on, over all processes. Absent while Redis cannot be asked',
    labelNames: ['queue'],
    registers: [registry],
    async collect() {
      const asked = Object.entries(depths).map(async ([queue, depth]) => ({ queue, value: await depth() }))
      const answers = await Promise.allSettled(asked)
      // Not 0, nor what it was: whoever scales on it must not take an outage for rest.
      this.reset()
      for (const answer of answers)
        if (answer.status === 'fulfilled') this.set({ queue: answer.value.queue }, answer.value.value)
    },
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    calls: createCallMetrics(registry),
    addRuns: unfinished => createRunMetrics(unfinished, registry),
    addRetention: () => createRetentionMetrics(registry),
    addTriggers: count => createTriggerMetrics(registry, async kind => count(kind)),
  }
}

/** Everything that a scrape of `/metrics` gets, in one registry. */
import { Registry } from 'prom-client'
import { type CallMetrics, createCallMetrics } from './call-metrics.js'
import { createRetentionMetrics, type RetentionCount } from './retention-metrics.js'
import { createRunMetrics, type RunMetrics, type UnfinishedRuns } from './run-metrics.js'
import { type CountedKind, createTriggerMetrics, type TriggerMetrics } from './trigger-metrics.js'

export interface Metrics extends RunMetrics {
  readonly triggers: TriggerMetrics
  readonly calls: CallMetrics
  readonly retention: RetentionCount
}

export function createMetrics(
  unfinished: UnfinishedRuns,
  countObjects: (kind: CountedKind) => Promise<number>,
): Metrics {
  const registry = new Registry()
  return {
    ...createRunMetrics(unfinished, registry),
    triggers: createTriggerMetrics(registry, countObjects),
    calls: createCallMetrics(registry),
    retention: createRetentionMetrics(registry),
  }
}

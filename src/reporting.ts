/** Wiring of what tells the outside how runs fare: Events, CloudEvents, metrics. The same in both modes. */
import { randomUUID } from 'node:crypto'
import { countUnfinishedRuns } from '../workers/unfinished-runs.js'
import type { Cluster } from './cluster/cluster.js'
import { createCloudEventSender } from './events/cloud-event-sender.js'
import { startEventExpiry } from './events/event-expiry.js'
import { createEventRecorder } from './events/event-recorder.js'
import { createRunReporter } from './events/run-reporter.js'
import type { Log } from './lib/log.js'
import type { RunMetrics } from './metrics/run-metrics.js'
import { observers, type RunObserver } from './reconcile/run-observer.js'
import type { Settings } from './run/settings.js'

export interface Reporting {
  readonly observer: RunObserver
  /** Absent where nobody could ask: in an engine that lives for one command. */
  readonly metrics: Pick<RunMetrics, 'contentType' | 'text'> | undefined
  /** Lets CloudEvents under way arrive, for a bounded time. */
  close(): Promise<void>
}

export interface ReportingDeps {
  readonly cluster: Cluster
  readonly settings: () => Settings
  readonly now: () => number
  readonly log: Log
}

/** For an engine that lives for one command: CloudEvents only. Its store is thrown away with all Events in it. */
export function reportForOneCommand({ settings, now, log }: ReportingDeps): Reporting {
  const sender = createCloudEventSender({
    sink: () => settings().cloudEventsSink,
    newId: randomUUID,
    now,
    log,
    outcome: () => {},
  })
  return { observer: createRunReporter({ record: () => {} }, sender), metrics: undefined, close: () => sender.close() }
}

export async function startReporting({ cluster, settings, now, log }: ReportingDeps): Promise<Reporting> {
  const { createRunMetrics } = await import('./metrics/run-metrics.js')
  const expiry = startEventExpiry({ cluster, now, log })
  const recorder = createEventRecorder({ cluster, now, log, written: expiry.written })
  const sender = createCloudEventSender({
    sink: () => settings().cloudEventsSink,
    newId: randomUUID,
    now,
    log,
    outcome: recorder.record,
  })
  const unfinished = countUnfinishedRuns(cluster)
  const metrics = createRunMetrics(unfinished.count)
  return {
    observer: observers(createRunReporter(recorder, sender), metrics.observer),
    metrics,
    async close() {
      await unfinished.close()
      await sender.close()
      await recorder.close()
      await expiry.close()
    },
  }
}

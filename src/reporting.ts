/** Wiring of what tells the outside how runs fare: Events, CloudEvents, metrics, git hosts. The same in both modes. */
import { randomUUID } from 'node:crypto'
import type { GitFeedbackDeps } from '../workers/git-feedback.js'
import { countUnfinishedRuns } from '../workers/unfinished-runs.js'
import type { Cluster } from './cluster/cluster.js'
import { createCloudEventSender } from './events/cloud-event-sender.js'
import { createEventRecorder, type EventRecorderOptions } from './events/event-recorder.js'
import { createRunReporter } from './events/run-reporter.js'
import type { Log } from './lib/log.js'
import type { Metrics } from './metrics/metrics.js'
import { observers, type RunObserver } from './reconcile/run-observer.js'
import type { Settings } from './run/settings.js'

export interface Reporting {
  readonly observer: RunObserver
  /** Absent where nobody could ask: in an engine that lives for one command. */
  readonly metrics: Pick<Metrics, 'contentType' | 'text' | 'triggers' | 'calls'> | undefined
  /** Lets CloudEvents under way arrive, for a bounded time. */
  close(): Promise<void>
}

export interface ReportingDeps {
  readonly cluster: Cluster
  readonly settings: () => Settings
  readonly now: () => number
  readonly log: Log
  readonly eventWritten?: EventRecorderOptions['written'] | undefined
}

/** What only git hosts are told with. */
export interface FeedbackDeps extends Pick<GitFeedbackDeps, 'runUrl' | 'tailOf'> {
  /** As in the environment; the installation's ConfigMap adds to it. */
  readonly allowedHosts: string
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

export async function startReporting(
  { cluster, settings, now, log, eventWritten }: ReportingDeps,
  feedbackDeps: FeedbackDeps,
): Promise<Reporting> {
  const { createMetrics } = await import('./metrics/metrics.js')
  const { startGitFeedback } = await import('../workers/git-feedback.js')
  const recorder = createEventRecorder({ cluster, now, log, ...(eventWritten && { written: eventWritten }) })
  const sender = createCloudEventSender({
    sink: () => settings().cloudEventsSink,
    newId: randomUUID,
    now,
    log,
    outcome: recorder.record,
  })
  const unfinished = countUnfinishedRuns()
  const { runUrl, tailOf } = feedbackDeps
  const send = gitHostSender(cluster, feedbackDeps.allowedHosts, now)
  const feedback = startGitFeedback({ cluster, send, tailOf, runUrl, record: recorder.record, now, log })
  const metrics = createMetrics(unfinished.count, async kind => (await cluster.list(kind)).length)
  return {
    observer: observers(createRunReporter(recorder, sender), metrics.observer, unfinished.observer),
    metrics,
    async close() {
      await feedback.close()
      await sender.close()
      await recorder.close()
    },
  }
}

/** Loaded with the first report; the hosts that are allowed are read for each. */
function gitHostSender(cluster: Cluster, allowedHosts: string, now: () => number): GitFeedbackDeps['send'] {
  let loading: ReturnType<typeof loadGitHosts> | undefined
  return async (place, report, before, signal) => {
    loading ??= loadGitHosts(now)
    const { sendReport, apps, publicGuard } = await loading
    const guard = await publicGuard({ cluster, allowedHosts }, 'git hosts are told at')
    return sendReport(place, report, before, { guard, signal, now, apps })
  }
}

async function loadGitHosts(now: () => number) {
  const [sending, app, guards] = await Promise.all([
    import('./git-host/send-report.js'),
    import('./git-host/github-app.js'),
    import('./fetch/guards.js'),
  ])
  return { ...sending, ...guards, apps: app.createAppTokens(now) }
}

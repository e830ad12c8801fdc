/** Wiring of what tells the outside how runs fare: Events, CloudEvents, metrics, git hosts. The same in both modes. */
import { randomUUID } from 'node:crypto'
import type { GitFeedbackDeps } from '../workers/git-feedback.js'
import { countUnfinishedRuns } from '../workers/unfinished-runs.js'
import type { Cluster } from './cluster/cluster.js'
import { createCloudEventSender } from './events/cloud-event-sender.js'
import { createEventRecorder, type EventRecorderOptions } from './events/event-recorder.js'
import { createRunReporter } from './events/run-reporter.js'
import { BY_OURSELVES, type Singly } from './lib/duty.js'
import type { Log } from './lib/log.js'
import type { Metrics } from './metrics/metrics.js'
import type { ProcessMetrics } from './metrics/process-metrics.js'
import type { UnfinishedRuns } from './metrics/run-metrics.js'
import { NOBODY, observers, type RunObserver } from './reconcile/run-observer.js'
import type { Settings } from './run/settings.js'

export interface Reporting {
  readonly observer: RunObserver
  /** Absent where nobody could ask: in an engine that lives for one command. */
  readonly metrics: Pick<Metrics, 'contentType' | 'text' | 'triggers' | 'calls' | 'retention'> | undefined
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

/** What differs for one of many processes. */
export interface Company {
  readonly singly: Singly
  /** Those of the process, which those of the runs go with. */
  readonly metrics: Pick<ProcessMetrics, 'addRuns'>
}

/** Of one of many processes: at full load, Events of progress would be almost half of all writes. */
const PROGRESS_EVENTS = { perSecond: 10, burst: 100 }

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
  company?: Company,
): Promise<Reporting> {
  const { startGitFeedback } = await import('../workers/git-feedback.js')
  const recorder = createEventRecorder({
    cluster,
    now,
    log,
    progress: company && PROGRESS_EVENTS,
    ...(eventWritten && { written: eventWritten }),
  })
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
  const { record } = recorder
  let tellsOthers = () => company === undefined
  // Of git hosts, two would each tell everything; of CustomRuns, every process sees what others write.
  const telling = (company?.singly ?? BY_OURSELVES)('reporting', isOurs => {
    tellsOthers = isOurs
    const sendIfOurs: GitFeedbackDeps['send'] = async (...report) => {
      if (!isOurs()) throw new Error('another process tells git hosts now')
      return send(...report)
    }
    return startGitFeedback({ cluster, send: sendIfOurs, tailOf, runUrl, record, now, log })
  })
  const reporter = createRunReporter(recorder, sender)
  const customRunSeen: RunObserver['customRunSeen'] = run => tellsOthers() && reporter.customRunSeen?.(run)
  const metrics = company === undefined ? await ownMetrics(cluster, unfinished.count) : undefined
  const counting = metrics?.observer ?? company?.metrics.addRuns(unfinished.count).observer ?? NOBODY
  return {
    observer: observers({ ...reporter, customRunSeen }, counting, unfinished.observer),
    metrics,
    async close() {
      await telling.close()
      await sender.close()
      await recorder.close()
    },
  }
}

async function ownMetrics(cluster: Cluster, unfinished: UnfinishedRuns): Promise<Metrics> {
  const { createMetrics } = await import('./metrics/metrics.js')
  return createMetrics(unfinished, async kind => (await cluster.list(kind)).length)
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

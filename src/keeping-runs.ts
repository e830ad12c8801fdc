/** Wiring of retention on a cluster: runs go when their time has come, and with `--log-store` they are archived before. */
import { removingLogs, retentionRules } from '../workers/retention-rules.js'
import { createBlobArchive } from './archive/blob-archive.js'
import type { Blobs } from './blobs/blobs.js'
import { underPrefix } from './blobs/under-prefix.js'
import type { Cluster } from './cluster/cluster.js'
import type { Duty, Singly } from './lib/duty.js'
import type { Log } from './lib/log.js'
import type { LogStore } from './logs/log-store.js'
import type { RetentionCount } from './metrics/retention-metrics.js'
import { KEEP_EVERYTHING, WITH_AN_ARCHIVE } from './retention/rules.js'
import { isTakenBy } from './run/managed-by.js'
import type { Settings } from './run/settings.js'
import { listedEvents } from './run-index/events-of.js'

export interface KeepingRunsDeps {
  readonly cluster: Cluster
  readonly settings: () => Settings
  /** Where logs are, and the archive beside them; undefined: nothing is archived. */
  readonly kept: { readonly blobs: Blobs; readonly store: LogStore } | undefined
  readonly singly: Singly
  readonly counted: RetentionCount
  readonly now: () => number
  readonly log: Log
}

/** A process that lost the duty and did not know it yet may have written, too: what it wrote is seen after so long. */
const OTHER_WORKERS_MS = 10 * 60_000
/** Workers write while others look. */
const WORKERS_MS = 2_000
/** All Events of a namespace are read for a run, and serve others that are archived in this time. */
const EVENTS_KEPT_MS = 2_000

export function keepRuns({ cluster, settings, kept, singly, counted, now, log }: KeepingRunsDeps): Duty {
  return singly('retention', async isOurs => {
    const { startRetention } = await import('../workers/retention.js')
    return startRetention({
      cluster,
      rules: retentionRules(settings, kept ? WITH_AN_ARCHIVE : KEEP_EVERYTHING),
      // As the store is now: another process has had the duty until now.
      archive: kept && openArchive(kept.blobs, log, OTHER_WORKERS_MS),
      logs: kept?.store ?? NO_LOGS,
      removeLogs: kept ? removingLogs(kept.store) : async () => {},
      eventsOf: listedEvents(cluster, { keptMs: EVENTS_KEPT_MS, now }),
      isTaken: ({ spec }) => isTakenBy(settings(), spec.managedBy),
      isOurs,
      counted,
      now,
      log,
    })
  })
}

/** As the dashboard reads it. */
export function openArchive(blobs: Blobs, log: Log, seenAfterMs = WORKERS_MS) {
  return createBlobArchive({ blobs: underPrefix(blobs, 'archive/'), log, othersWrite: { seenAfterMs } })
}

const NO_LOGS: Pick<LogStore, 'isFinished'> = { isFinished: async () => false }

import type { AdmitOptions } from '../admission/admit.js'
import type { EmbeddedCluster } from '../cluster/embedded/store.js'
import type { AnswerStatic } from '../dashboard/static-files.js'
import type { Log } from '../lib/log.js'
import type { LogKey, LogStore } from '../logs/log-store.js'
import type { AuditLog } from './access/audit-log.js'
import type { TokenUser } from './access/users.js'
import type { History } from './deliveries.js'
import type { RunningCommand } from './exec/session.js'
import type { OpenRuns } from './open-runs.js'
import type { ReportQueue } from './queue.js'
import type { RunRequests } from './schedules.js'

export interface HowFar {
  /** Its container has ended. What a store lacks of it then is on its way there, and worth waiting for. */
  readonly isOver?: boolean
}

/** What the API is made of. */
export interface ApiDeps {
  readonly cluster: EmbeddedCluster
  /** What objects are admitted with, as it is now. */
  readonly admission: () => AdmitOptions
  /** A container's output, or the times of it, from byte `offset`. */
  readonly readLogs: (
    key: LogKey,
    options: { readonly follow: boolean; readonly offset: number } & HowFar,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<Uint8Array> | undefined>
  /** Bytes of output so far. */
  readonly logSize?: (key: LogKey, how?: HowFar) => Promise<number>
  /** Pods that had this name, as far as their logs are kept: oldest first. */
  readonly storedPods?: LogStore['pods']
  /** Undefined when the container does not run. */
  readonly exec?: (
    key: LogKey,
    options: { readonly command: readonly string[]; readonly input: boolean; readonly tty: boolean },
    signal: AbortSignal,
  ) => Promise<RunningCommand | undefined>
  /** Of the role admin. */
  readonly token: string
  /** Besides. */
  readonly users?: readonly TokenUser[]
  /** Is told every write. */
  readonly auditLog?: AuditLog | undefined
  /** The deliveries that came in. */
  readonly inbox?: History
  /** What runs of schedules are asked for with. */
  readonly runRequests?: RunRequests
  /** How much there is to do, where this process knows. */
  readonly reportQueue?: ReportQueue | undefined
  /** What a scrape of `/metrics` gets. */
  readonly metrics?: { readonly contentType: string; text(): Promise<string> } | undefined
  /** The pages of the dashboard, for which nobody needs a token. */
  readonly dashboard?: AnswerStatic
  /** Without it: those of the cluster. */
  readonly runs?: OpenRuns
  readonly watchLimits?: WatchLimits
  readonly log: Log
}

/** Milliseconds. */
export interface WatchLimits {
  /** How long a client that reads nothing of what it was sent is kept. */
  readonly stalledMs?: number
  /** The longest that a watch with bookmarks says nothing. */
  readonly bookmarkMs?: number
}

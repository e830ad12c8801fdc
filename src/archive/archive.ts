import type { RunRecord } from '../resources/run-record.js'
import type { RunSummary } from '../resources/run-summary.js'
import type { ArchivedRuns } from '../run-index/run-index.js'

/** Whose output it is, in the log store. */
export interface LogPlace {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly containers: readonly string[]
}

export interface ArchivedRun extends RunRecord {
  /** Of the run as it was archived. */
  readonly summary: RunSummary
  readonly logs: readonly LogPlace[]
  /** RFC 3339. */
  readonly archivedAt: string
  /** What was left out because a record may have only so many bytes, in words. */
  readonly leftOut?: string
}

/** Names a run for ever. */
export type RunId = Pick<RunSummary, 'namespace' | 'uid'>

/**
 * What runs were, when their objects are gone. A run comes here in two steps, each of which may be repeated:
 *
 *  - `put`: everything is kept. The run still lives, and is listed as what it is.
 *  - `enter`: from now on it is listed as archived. Its objects may go then, and not before.
 *
 * Whoever is killed between the two, or behind them, finds with `unentered` what is still to be done.
 */
export interface Archive extends ArchiveReader {
  put(record: ArchivedRun): Promise<void>
  enter(run: RunSummary): Promise<void>
  /** Its objects are gone. */
  settled(id: RunId): Promise<void>
  /** All that were put, and whose objects are not known to be gone. */
  unsettled(): Promise<readonly PutRun[]>
  /** Removes what was created before a time (epoch ms), the oldest first; `removeLogs` is called before each record goes. */
  removeBefore(time: number, removeLogs: (logs: readonly LogPlace[]) => Promise<void>): Promise<number>
}

export interface PutRun extends RunId {
  readonly summary: RunSummary
  /** Of the run, as it is in its record. */
  readonly resourceVersion: string
}

export interface ArchiveReader extends ArchivedRuns {
  /** Whole. Undefined when it is not there. @throws Error when it cannot be read */
  get(id: RunId): Promise<ArchivedRun | undefined>
  /** Whether everything of it is kept. */
  has(id: RunId): Promise<boolean>
}

/** The runs that the API lists and shows: those of the cluster, and those of the archive where there is one. */
import type { ArchiveReader } from '../archive/archive.js'
import type { Cluster } from '../cluster/cluster.js'
import type { Log } from '../lib/log.js'
import type { RunRecord } from '../resources/run-record.js'
import { isOver, type RunSummary } from '../resources/run-summary.js'
import { collectRecord } from '../run-index/collect-record.js'
import type { EventsOf } from '../run-index/events-of.js'
import { createLiveRuns } from '../run-index/live-runs.js'
import { createRunIndex, type RunIndex } from '../run-index/run-index.js'

export interface OpenRunsDeps {
  readonly cluster: Cluster
  readonly archive?: ArchiveReader | undefined
  readonly eventsOf?: EventsOf
  readonly log: Log
  readonly now: () => number
}

export interface OpenRuns {
  readonly index: RunIndex
  /** Everything of one: undefined when it is neither here nor there. */
  readonly record: (run: RunSummary) => Promise<RunRecord | undefined>
}

export function openRuns({ cluster, archive, eventsOf, log, now }: OpenRunsDeps): OpenRuns {
  // What was put into the archive is listed from there, whoever deleted its objects.
  const afterwards = async (run: RunSummary): Promise<RunSummary | undefined> =>
    isOver(run) && (await archive?.has(run)) ? { ...run, archived: true } : undefined
  const live = createLiveRuns({ cluster, log, now, ...(archive && { afterwards }) })
  return {
    index: createRunIndex(live, archive),
    record: async run => (run.archived ? undefined : await collectRecord(cluster, run, eventsOf)) ?? archive?.get(run),
  }
}

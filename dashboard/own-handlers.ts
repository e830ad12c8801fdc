/** What only the dashboard answers to, made of the objects of a cluster and of what Redis keeps. */
import { deliveriesHandler } from '../src/api/deliveries.js'
import { graphsHandler } from '../src/api/graphs.js'
import type { OwnHandler } from '../src/api/own-resources.js'
import { createFindRun } from '../src/api/run-objects.js'
import { runsHandler } from '../src/api/runs.js'
import { schedulesHandler } from '../src/api/schedules.js'
import type { Cluster } from '../src/cluster/cluster.js'
import type { Inbox } from '../src/inbox/inbox.js'
import type { Log } from '../src/lib/log.js'
import type { RunSummary } from '../src/resources/run-summary.js'
import { collectRecord } from '../src/run-index/collect-record.js'
import { createLiveRuns } from '../src/run-index/live-runs.js'
import { createRunIndex } from '../src/run-index/run-index.js'

export interface OwnHandlersDeps {
  /** As the dashboard sees it: who may be shown what is asked before. */
  readonly cluster: Cluster
  readonly inbox: Inbox
  readonly now: () => number
  readonly newId: () => string
  readonly log: Log
}

export interface OwnHandlers {
  readonly handlers: (authorization: string) => readonly OwnHandler[]
  close(): Promise<void>
}

export function createOwnHandlers({ cluster, inbox, now, newId, log }: OwnHandlersDeps): OwnHandlers {
  const index = createRunIndex(createLiveRuns({ cluster, log, now }))
  const record = (run: RunSummary) => collectRecord(cluster, run)
  const handlers = [
    runsHandler({ index, record }),
    graphsHandler(cluster, createFindRun({ cluster, index, record })),
    deliveriesHandler(inbox),
    schedulesHandler(cluster, { inbox, now, newId }),
  ]
  return { handlers: () => handlers, close: () => index.close() }
}

/** What only the dashboard answers to, made of the objects of a cluster and of what Redis and the log store keep. */
import type { AdmitOptions } from '../src/admission/admit.js'
import { deliveriesHandler } from '../src/api/deliveries.js'
import { explanationsHandler } from '../src/api/explanations.js'
import { graphsHandler } from '../src/api/graphs.js'
import { openRuns } from '../src/api/open-runs.js'
import type { OwnHandler } from '../src/api/own-resources.js'
import { queueHandler, type ReportQueue } from '../src/api/queue.js'
import { rerunsHandler } from '../src/api/reruns.js'
import { runLogsHandler } from '../src/api/run-logs.js'
import { createFindRun } from '../src/api/run-objects.js'
import { runsHandler } from '../src/api/runs.js'
import { schedulesHandler } from '../src/api/schedules.js'
import type { ArchiveReader } from '../src/archive/archive.js'
import type { Cluster } from '../src/cluster/cluster.js'
import type { Connection } from '../src/cluster/kubernetes/connection.js'
import { openKubernetesCluster } from '../src/cluster/kubernetes.js'
import type { Inbox } from '../src/inbox/inbox.js'
import type { Log } from '../src/lib/log.js'
import type { MarkedLogStore } from '../src/logs/log-store.js'
import { createLiveLogs } from './live-logs.js'
import { trustOf } from './pass-on.js'
import { createStoredLogs } from './stored-logs.js'

export interface OwnHandlersDeps {
  readonly connection: Connection
  /** As the dashboard sees it: who may be shown what is asked before. */
  readonly cluster: Cluster
  readonly inbox: Inbox
  /** Undefined: output is shown as long as its Pod is there. */
  readonly logs: MarkedLogStore | undefined
  readonly admission: () => AdmitOptions
  readonly reportQueue: ReportQueue
  readonly now: () => number
  readonly newId: () => string
  /** Where runs are whose objects are gone. */
  readonly archive?: ArchiveReader | undefined
  readonly log: Log
}

export interface OwnHandlers {
  /** For one who asks with this header. */
  readonly handlers: (authorization: string) => readonly OwnHandler[]
  close(): Promise<void>
}

export function createOwnHandlers(deps: OwnHandlersDeps): OwnHandlers {
  const { connection, cluster, inbox, logs, archive, now, newId, log } = deps
  const { index, record } = openRuns({ cluster, archive, log, now })
  const findRun = createFindRun({ cluster, index, record })
  const stored = logs && createStoredLogs(logs)
  /** What is created is created by them, not by us. */
  const rerun =
    (authorization: string): OwnHandler =>
    async request => {
      if (request.subresource !== 'rerun') return undefined
      const theirs = openKubernetesCluster({ connection: connectionAs(connection, authorization), log })
      try {
        return await rerunsHandler({ ...deps, cluster: theirs, findRun })(request)
      } finally {
        theirs.close()
      }
    }
  const forAll = [
    runsHandler({ index, record }),
    graphsHandler(cluster, findRun),
    deliveriesHandler(inbox),
    schedulesHandler(cluster, { inbox, now, newId }),
    queueHandler(deps.reportQueue),
  ]
  return {
    handlers(authorization) {
      const reading = { ...(stored ?? createLiveLogs(connection, cluster, authorization)), cluster, findRun }
      return [...forAll, runLogsHandler(reading), explanationsHandler({ ...reading, now }), rerun(authorization)]
    },
    close: () => index.close(),
  }
}

function connectionAs(connection: Connection, authorization: string): Connection {
  return {
    server: connection.server,
    credentials: async () => ({ headers: { authorization }, tls: await trustOf(connection) }),
  }
}

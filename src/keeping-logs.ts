/** Wiring of what a worker does with `--log-store`: the output of its installation's Pods is brought there. */

import type { Blobs } from './blobs/blobs.js'
import type { BlobsPlace } from './blobs/blobs-url.js'
import { openBlobs } from './blobs/open-blobs.js'
import type { Change, Cluster } from './cluster/cluster.js'
import type { KubernetesCluster } from './cluster/kubernetes.js'
import { describeError } from './lib/fault.js'
import type { Log } from './lib/log.js'
import { createBlobLogStore } from './logs/blobs.js'
import type { MarkedLogStore } from './logs/log-store.js'
import { CANCEL_ANNOTATION } from './pod/volumes.js'
import type { RunObserver } from './reconcile/run-observer.js'
import type { Redis } from './redis/connection.js'
import { joinMembers } from './redis/members.js'
import type { Pod } from './resources/core.js'
import type { Settings } from './run/settings.js'
import { createPodMaskers } from './shipping/pod-maskers.js'
import { startShipper } from './shipping/shipper.js'

export interface KeepingLogs {
  readonly store: MarkedLogStore
  /** Where it is, with room for more. */
  readonly blobs: Blobs
  readonly observer: RunObserver
  close(): Promise<void>
}

export interface KeepingLogsDeps {
  readonly api: Pick<KubernetesCluster, 'openLog'>
  readonly cluster: Cluster
  readonly settings: () => Settings
  readonly redis: Redis
  readonly redisPrefix: string
  readonly log: Log
}

export async function startKeepingLogs(
  { api, cluster, settings, redis, redisPrefix, log }: KeepingLogsDeps,
  place: BlobsPlace,
  certificateAuthority: string | undefined,
): Promise<KeepingLogs> {
  const blobs = await openBlobs(place, certificateAuthority)
  void blobs.list('logs/', { limit: 1 }).then(
    () => log.info('logs are kept', { place: blobs.place }),
    error => log.error('the log store cannot be used; tried again and again', { error: describeError(error) }),
  )
  const store = createBlobLogStore({ blobs })
  const members = joinMembers(redis, { key: `${redisPrefix}:log-shippers`, log, heard: () => shipper.shared() })
  const shipper = startShipper({
    cluster,
    store,
    log,
    openLog: api.openLog,
    maskerFor: createPodMaskers(cluster),
    members: () => ({ self: members.self, all: members.all() }),
    mayGo: ({ metadata }) =>
      metadata.annotations?.[CANCEL_ANNOTATION] !== undefined && !settings().flags.keepPodOnCancel,
  })
  return {
    store,
    blobs,
    observer: {
      watched(kind, change) {
        if (kind === 'Pod') shipper.watched(change as Change<Pod>)
      },
    },
    async close() {
      await members.close()
      await shipper.close()
      blobs.close()
    },
  }
}

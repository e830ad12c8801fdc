/** A real store and a real inbox in a temporary directory, with manifests applied as `kubectl apply` would. */
import { onTestFinished } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import type { DeliveryRecord, Inbox } from '../../src/inbox/inbox.js'
import { type LmdbInboxOptions, openLmdbInbox } from '../../src/inbox/lmdb.js'
import type { LogFields } from '../../src/lib/log.js'
import { SILENT } from '../../src/lib/log.js'
import type { AnyResource, Kind } from '../../src/resources/kinds.js'
import { openDatabase } from '../../src/storage/lmdb.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { delivery, type Sent } from '../trigger/events.js'

export async function clusterWith(...manifests: readonly string[]): Promise<EmbeddedCluster> {
  const database = openDatabase(temporaryDirectory('store'), { durable: false })
  const cluster = openEmbeddedCluster({ database })
  onTestFinished(async () => {
    await cluster.close()
    await database.close()
  })
  for (const namespace of ['default', 'ci', 'other']) {
    await cluster.create('Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, namespace: '' },
    })
  }
  await applyTo(cluster, ...manifests)
  return cluster
}

export async function applyTo(cluster: Cluster, ...manifests: readonly string[]): Promise<void> {
  const texts = manifests.map((text, index) => ({ text, file: `manifest-${index}.yaml` }))
  const admitted = admitManifests(texts)
  if (admitted.is === 'refused') throw new Error(`the test's own manifests: ${JSON.stringify(admitted.problems)}`)
  for (const object of admitted.objects) await cluster.create(object.kind as Kind, object)
}

export function inboxFor(change: Partial<LmdbInboxOptions> = {}): Inbox {
  const inbox = openLmdbInbox({ dir: temporaryDirectory('inbox'), log: SILENT, ...change })
  onTestFinished(() => inbox.close())
  return inbox
}

/** As an inbox hands it to a dispatcher. */
export function record(listener: string, sent: Sent, replay = 0): DeliveryRecord {
  const [namespace = '', name = ''] = listener.split('/')
  const one = delivery(sent, `${listener}/sha256/1`)
  return {
    delivery: { ...one, to: { kind: 'EventListener', namespace, name, uid: 'uid' } },
    state: { is: 'pending' },
    copies: 1,
    replay,
    earlier: [],
  }
}

/** Everything of these kinds, sorted by kind, namespace and name. */
export async function objectsIn(cluster: Cluster, ...kinds: readonly Kind[]): Promise<readonly AnyResource[]> {
  const lists: readonly (readonly AnyResource[])[] = await Promise.all(kinds.map(kind => cluster.list(kind)))
  return lists.flat()
}

export interface LogLine extends LogFields {
  readonly message: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
}

export function recordingLog() {
  const lines: LogLine[] = []
  const at =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ ...fields, message, level })
    }
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
}

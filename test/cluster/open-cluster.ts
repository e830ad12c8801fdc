import { onTestFinished } from 'vitest'
import {
  type EmbeddedCluster,
  type EmbeddedClusterOptions,
  openEmbeddedCluster,
} from '../../src/cluster/embedded/store.js'
import type { ConfigMap } from '../../src/resources/core.js'
import type { New, NewMeta } from '../../src/resources/meta.js'
import { openDatabase } from '../../src/storage/lmdb.js'

export interface OpenCluster {
  readonly cluster: EmbeddedCluster
  close(): Promise<void>
}

/** Closed when the test is over, if not before. */
export function openCluster(directory: string, options: Omit<EmbeddedClusterOptions, 'database'> = {}): OpenCluster {
  const database = openDatabase(directory, { durable: false })
  const cluster = openEmbeddedCluster({ database, ...options })
  async function close(): Promise<void> {
    await cluster.close()
    await database.close()
  }
  onTestFinished(close)
  return { cluster, close }
}

export function configMap(
  name: string,
  metadata: Partial<NewMeta> = {},
  data?: Record<string, string>,
): New<ConfigMap> {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'ns', name, ...metadata },
    ...(data === undefined ? {} : { data }),
  }
}

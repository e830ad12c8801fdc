/** The embedded store, with a record of the statuses that were written. */
import { type EmbeddedCluster, openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { openDatabase } from '../../src/storage/lmdb.js'

export interface RecordedCluster extends EmbeddedCluster {
  /** Every status written, oldest first. */
  readonly statuses: readonly unknown[]
}

export function openRecordedCluster(directory: string): RecordedCluster {
  const database = openDatabase(directory, { durable: false })
  const store = openEmbeddedCluster({ database })
  const statuses: unknown[] = []
  return {
    ...store,
    statuses,
    replaceStatus(kind, object) {
      statuses.push('status' in object ? object.status : undefined)
      return store.replaceStatus(kind, object)
    },
    async close() {
      await store.close()
      await database.close()
    },
  }
}

import { openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { reopenableClusterContract } from '../contract/cluster.js'
import { createMemoryDatabase } from '../helpers/memory-database.js'

reopenableClusterContract('embedded cluster in memory', async () => {
  const database = createMemoryDatabase()
  let cluster = openEmbeddedCluster({ database })
  return {
    cluster,
    async reopen() {
      await cluster.close()
      cluster = openEmbeddedCluster({ database })
      return cluster
    },
    close: () => cluster.close(),
  }
})

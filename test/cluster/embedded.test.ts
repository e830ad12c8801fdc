import { openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { openDatabase } from '../../src/storage/lmdb.js'
import { reopenableClusterContract } from '../contract/cluster.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

reopenableClusterContract('embedded cluster', async () => {
  const directory = temporaryDirectory('cluster')
  const open = () => {
    const database = openDatabase(directory, { durable: false })
    const cluster = openEmbeddedCluster({ database })
    return {
      cluster,
      async close() {
        await cluster.close()
        await database.close()
      },
    }
  }
  let opened = open()
  return {
    cluster: opened.cluster,
    async reopen() {
      await opened.close()
      opened = open()
      return opened.cluster
    },
    close: () => opened.close(),
  }
})

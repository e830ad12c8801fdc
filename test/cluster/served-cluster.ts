/** The embedded store behind its API on a real port, and the adapter for Kubernetes pointed at it. */
import { startApi } from '../../src/api/server.js'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { connectionTo } from '../../src/cluster/kubernetes/connection.js'
import {
  type KubernetesCluster,
  type KubernetesClusterOptions,
  openKubernetesCluster,
} from '../../src/cluster/kubernetes.js'
import { SILENT } from '../../src/lib/log.js'
import type { ObjectMeta } from '../../src/resources/meta.js'
import { openDatabase } from '../../src/storage/lmdb.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

export const TOKEN = 'the-token-of-this-test'

export interface ServedStore {
  readonly store: EmbeddedCluster
  readonly port: number
  /** For programs that are told where their cluster is by a file. */
  readonly kubeconfig: string
  /** An adapter on this port, or on another one that leads to it. */
  adapter(options?: Partial<KubernetesClusterOptions>, port?: number): KubernetesCluster
  close(): Promise<void>
}

/** Over HTTP, nothing is created in a namespace that is not there. */
const NAMESPACES = ['default', 'ns', 'contract', 'contract-b']

/** As the adapter gives it: without the account of who set which fields, which nothing here reads. */
export function withoutManagers<T extends { readonly metadata: ObjectMeta } | undefined>(object: T): T {
  if (object === undefined) return object
  const { managedFields: _managers, ...metadata } = object.metadata
  return { ...object, metadata }
}

export async function serveStore(): Promise<ServedStore> {
  const database = openDatabase(temporaryDirectory('served'), { durable: false })
  const store = openEmbeddedCluster({ database })
  for (const name of NAMESPACES) {
    await store.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { namespace: '', name } })
  }
  const readLogs = async () => undefined
  const api = await startApi(
    { cluster: store, admission: () => ({}), readLogs, token: TOKEN, log: SILENT },
    { port: 0, host: '127.0.0.1' },
  )
  const adapters: KubernetesCluster[] = []
  return {
    store,
    port: api.port,
    kubeconfig: `
apiVersion: v1
kind: Config
current-context: served
contexts: [{ name: served, context: { cluster: served, user: served } }]
clusters: [{ name: served, cluster: { server: "http://127.0.0.1:${api.port}" } }]
users: [{ name: served, user: { token: ${TOKEN} } }]
`,
    adapter(options = {}, port = api.port) {
      const connection = connectionTo({ server: `http://127.0.0.1:${port}`, token: TOKEN })
      const adapter = openKubernetesCluster({ connection, ...options })
      adapters.push(adapter)
      return adapter
    },
    async close() {
      for (const adapter of adapters) adapter.close()
      await api.close()
      await store.close()
      await database.close()
    },
  }
}

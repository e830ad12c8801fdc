/**
 * What Kubernetes' controllers and Tekton's installation see to: the namespaces that are there from the start, and a
 * ServiceAccount `default` in each namespace. Manifests and habits count on both (`kubectl patch serviceaccount default`).
 */
import { type Cluster, isClusterError } from '../src/cluster/cluster.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import type { Namespace } from '../src/resources/core.js'
import type { Key } from '../src/resources/meta.js'
import { CONFIG_NAMESPACE } from '../src/run/config-maps.js'

/** The others are where Tekton's settings are read. */
const FROM_THE_START = ['default', CONFIG_NAMESPACE, 'tekton-pipelines-resolvers']

export interface NamespaceDeps {
  readonly cluster: Cluster
  readonly log: Log
}

/** Resolves once the namespaces are there. Their ServiceAccounts follow, as those of later namespaces do. */
export async function startNamespaces(deps: NamespaceDeps): Promise<{ close(): Promise<void> }> {
  const { cluster, log } = deps
  const stop = new AbortController()
  for (const name of FROM_THE_START) {
    await unlessThere(
      cluster.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, namespace: '' } }),
    )
  }

  async function follow(): Promise<void> {
    for await (const change of cluster.watch('Namespace', {}, stop.signal)) {
      if (change.type === 'listed') for (const namespace of change.items) await complete(namespace)
      if (change.type === 'put') await complete(change.item)
      // Perhaps it was completed as it went.
      if (change.type === 'removed') await cluster.delete('ServiceAccount', accountOf(change.item))
    }
  }

  async function complete(namespace: Namespace): Promise<void> {
    if (namespace.metadata.deletionTimestamp !== undefined) return
    const key = accountOf(namespace)
    if ((await cluster.get('ServiceAccount', key)) !== undefined) return
    await unlessThere(cluster.create('ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: key }))
  }

  const following = follow().catch((error: unknown) => {
    log.error('namespaces get no ServiceAccount any more', { error: describeError(error) })
  })
  return {
    async close() {
      stop.abort()
      await following
    },
  }
}

function accountOf({ metadata }: Namespace): Key {
  return { namespace: metadata.name, name: 'default' }
}

/** Made by somebody else meanwhile, or its namespace is on its way out: as good. */
async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (!isClusterError(error, 'AlreadyExists') && !isClusterError(error, 'Forbidden')) throw error
  }
}

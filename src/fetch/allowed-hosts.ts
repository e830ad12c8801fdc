/** Which hosts and networks this installation allows to be fetched from, beyond the public ones. */
import type { Cluster } from '../cluster/cluster.js'
import { type AllowList, allowList } from './addresses.js'

const PLACE = { namespace: 'tekton-pipelines-resolvers', name: 'tektite-config' }

/**
 * What the installation allows, from the environment and from the ConfigMap. To be read for each fetch: whoever allows a
 * host need not restart anything.
 */
export async function readAllowedHosts(cluster: Pick<Cluster, 'get'>, environment: string): Promise<AllowList> {
  const config = await cluster.get('ConfigMap', PLACE)
  return allowList(`${environment} ${config?.data?.['allowed-hosts'] ?? ''}`)
}

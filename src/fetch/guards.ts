/** The two guards that this engine fetches with. Made for each fetch: whoever allows a host need not restart anything. */
import type { Cluster } from '../cluster/cluster.js'
import { clusterAddresses, publicAddresses } from './addresses.js'
import { readAllowedHosts } from './allowed-hosts.js'
import { createGuard, type Guard, type ResolveName } from './guard.js'

export interface GuardDeps {
  readonly cluster: Pick<Cluster, 'get'>
  /** Of the environment; see `readAllowedHosts`. */
  readonly allowedHosts: string
  /** Tests have Services on loopback. */
  readonly resolveName?: ResolveName
}

/** Public addresses, and what the installation allows. `doing` is for the message: `interceptors are called at`. */
export async function publicGuard({ cluster, allowedHosts, resolveName }: GuardDeps, doing: string): Promise<Guard> {
  return createGuard(publicAddresses(await readAllowedHosts(cluster, allowedHosts), doing), resolveName)
}

/** Services of the cluster. */
export function clusterGuard({ resolveName }: GuardDeps): Guard {
  return createGuard(clusterAddresses, resolveName)
}

/** Tekton's five resolvers together. Loaded when the first request is there: most runs need none of this. */
import type { Cluster } from '../cluster/cluster.js'
import { allowList } from './addresses.js'
import { createBundlesResolver } from './bundles.js'
import { createClusterResolver } from './cluster.js'
import { createGitResolver } from './git.js'
import { createGuard, type Guard } from './guard.js'
import { createHttpResolver } from './http.js'
import { createHubResolver } from './hub.js'
import { createResolution, RESOLVERS_NAMESPACE, type Resolution } from './resolve.js'

/** What the process around it says: see `Config`. */
export interface FetchConfig {
  readonly allowedHosts: string
  readonly artifactHubUrl: string
  readonly tektonHubUrl: string
  /** The `PATH` that git is found on. */
  readonly path: string
  readonly tempDir: string
}

export interface ResolversDeps {
  readonly cluster: Pick<Cluster, 'get'>
  readonly now: () => number
  readonly fetching: FetchConfig
}

export function openResolvers({ cluster, now, fetching }: ResolversDeps): Resolution {
  /** Read for each fetch: whoever allows a host need not restart anything. */
  async function guard(): Promise<Guard> {
    const config = await cluster.get('ConfigMap', { namespace: RESOLVERS_NAMESPACE, name: 'tektite-config' })
    return createGuard(allowList(`${fetching.allowedHosts} ${config?.data?.['allowed-hosts'] ?? ''}`))
  }
  const resolvers = [
    createClusterResolver(cluster),
    createGitResolver({ cluster, guard, path: fetching.path, tempDir: fetching.tempDir }),
    createHttpResolver({ cluster, guard }),
    createHubResolver({ guard, artifactHubUrl: fetching.artifactHubUrl, tektonHubUrl: fetching.tektonHubUrl }),
    createBundlesResolver({ cluster, guard }),
  ]
  return createResolution(resolvers, { cluster, now, random: Math.random })
}

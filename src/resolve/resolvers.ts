/** Tekton's five resolvers together. Loaded when the first request is there: most runs need none of this. */
import { mkdir, rm } from 'node:fs/promises'
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
}

export interface ResolversDeps {
  readonly cluster: Pick<Cluster, 'get'>
  readonly now: () => number
  readonly fetching: FetchConfig
  /** For what is being fetched. Ours alone: what is in it now was left by a process that was killed. */
  readonly scratchDir: string
}

export async function openResolvers({ cluster, now, fetching, scratchDir }: ResolversDeps): Promise<Resolution> {
  await rm(scratchDir, { recursive: true, force: true })
  await mkdir(scratchDir, { recursive: true, mode: 0o700 })
  /** Read for each fetch: whoever allows a host need not restart anything. */
  async function guard(): Promise<Guard> {
    const config = await cluster.get('ConfigMap', { namespace: RESOLVERS_NAMESPACE, name: 'tektite-config' })
    return createGuard(allowList(`${fetching.allowedHosts} ${config?.data?.['allowed-hosts'] ?? ''}`))
  }
  const resolvers = [
    createClusterResolver(cluster),
    createGitResolver({ cluster, guard, path: fetching.path, tempDir: scratchDir }),
    createHttpResolver({ cluster, guard }),
    createHubResolver({ guard, artifactHubUrl: fetching.artifactHubUrl, tektonHubUrl: fetching.tektonHubUrl }),
    createBundlesResolver({ cluster, guard }),
  ]
  return createResolution(resolvers, { cluster, now, random: Math.random })
}

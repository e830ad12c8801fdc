/** Tekton's five resolvers together. Loaded when the first request is there: most runs need none of this. */
import { mkdir, rm } from 'node:fs/promises'
import type { Cluster } from '../cluster/cluster.js'
import { publicGuard } from '../fetch/guards.js'
import { createBundlesResolver } from './bundles.js'
import { createClusterResolver } from './cluster.js'
import { createGitResolver } from './git.js'
import { createHttpResolver } from './http.js'
import { createHubResolver } from './hub.js'
import { createResolution, type Resolution } from './resolve.js'

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
  const guard = () => publicGuard({ cluster, allowedHosts: fetching.allowedHosts }, 'resolvers fetch from')
  const resolvers = [
    createClusterResolver(cluster),
    createGitResolver({ cluster, guard, path: fetching.path, tempDir: scratchDir }),
    createHttpResolver({ cluster, guard }),
    createHubResolver({ guard, artifactHubUrl: fetching.artifactHubUrl, tektonHubUrl: fetching.tektonHubUrl }),
    createBundlesResolver({ cluster, guard }),
  ]
  return createResolution(resolvers, { cluster, now, random: Math.random })
}

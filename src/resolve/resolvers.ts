/** Tekton's five resolvers together. Loaded when the first request is there: most runs need none of this. */
import type { Cluster } from '../cluster/cluster.js'
import { createClusterResolver } from './cluster.js'
import { createResolution, type Resolution } from './resolve.js'

export interface ResolversDeps {
  readonly cluster: Pick<Cluster, 'get'>
  readonly now: () => number
}

export function openResolvers({ cluster, now }: ResolversDeps): Resolution {
  return createResolution([createClusterResolver(cluster)], { cluster, now, random: Math.random })
}

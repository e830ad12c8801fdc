import type { Cluster } from '../cluster/cluster.js'
import { ResolutionError } from './resolver.js'

/** One value of a Secret. @throws ResolutionError in Tekton's words when there is none. */
export async function secretKey(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  name: string,
  key: string,
): Promise<string> {
  const secret = await cluster.get('Secret', { namespace, name })
  if (secret === undefined) {
    throw new ResolutionError(`cannot get API token, secret ${name} not found in namespace ${namespace}`)
  }
  const value = Object.hasOwn(secret.data ?? {}, key) ? secret.data?.[key] : undefined
  if (value === undefined) {
    throw new ResolutionError(`cannot get API token, key ${key} not found in secret ${name} in namespace ${namespace}`)
  }
  return Buffer.from(value, 'base64').toString('utf8')
}

import { type Cluster, isClusterError } from '../cluster/cluster.js'
import { createMasker, type Masker } from '../logs/mask.js'
import { maskPatterns } from '../logs/mask-patterns.js'
import { MASK_SECRETS_ANNOTATION } from '../resources/annotations.js'
import type { Pod } from '../resources/core.js'
import { secretNames } from './pod-secrets.js'

/** Containers of a Pod begin at about the same time. */
const KEPT_MS = 5_000

/**
 * A masker for each stream of a Pod, of what its Secrets hold now. A Secret that is not there holds nothing.
 * @returns a function that rejects while one cannot be read
 */
export function createPodMaskers(cluster: Pick<Cluster, 'get'>): (pod: Pod) => Promise<Masker> {
  const kept = new Map<string, Promise<readonly Uint8Array[]>>()

  async function patternsOf(pod: Pod): Promise<readonly Uint8Array[]> {
    const { namespace } = pod.metadata
    const secrets = await Promise.all(secretNames(pod).map(name => readSecret(cluster, namespace, name)))
    return maskPatterns(secrets.flatMap(data => Object.values(data)).map(text => Buffer.from(text, 'base64')))
  }

  return async pod => {
    const { uid, annotations } = pod.metadata
    if (annotations?.[MASK_SECRETS_ANNOTATION] === 'false') return createMasker([])
    let patterns = kept.get(uid)
    if (patterns === undefined) {
      patterns = patternsOf(pod)
      kept.set(uid, patterns)
      const forget = () => kept.delete(uid)
      patterns.then(() => setTimeout(forget, KEPT_MS).unref(), forget)
    }
    return createMasker(await patterns)
  }
}

async function readSecret(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  try {
    return (await cluster.get('Secret', { namespace, name }))?.data ?? {}
  } catch (error) {
    if (isClusterError(error, 'NotFound')) return {}
    throw new Error(`Secret "${namespace}/${name}" cannot be read, so its values could not be masked`, { cause: error })
  }
}

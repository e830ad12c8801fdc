/**
 * What Pods get the entrypoint from, and what is known of it without asking for every Pod: a ConfigMap of some hundred
 * kilobytes in each namespace, and the cluster's nodes.
 */
import { type Cluster, isClusterError } from '../../cluster/cluster.js'
import { sameJson } from '../../lib/same-json.js'
import type { EntrypointOffer } from '../../pod/entrypoint-place.js'
import type { NodeFacts } from '../../pod/node-choice.js'
import type { EntrypointThere } from '../decision.js'
import { nodeFacts } from './node-facts.js'

export interface EntrypointContent {
  /** Of the ConfigMap; says what is in it, so that another content has another name. */
  readonly name: string
  readonly offer: EntrypointOffer
  /** Base64, by key. */
  readonly binaryData: () => Readonly<Record<string, string>>
}

export interface EntrypointSource extends EntrypointContent {
  /** The namespace's ConfigMap, as it was seen not long ago. */
  find(cluster: Cluster, namespace: string, now: number): Promise<EntrypointThere>
  /** As it is now. */
  read(cluster: Cluster, namespace: string): Promise<EntrypointThere>
  /** The cluster's nodes as they were seen not long ago; undefined when we may not read them. */
  nodes(cluster: Cluster, now: number): Promise<readonly NodeFacts[] | undefined>
}

export interface Remembering {
  /** How long a ConfigMap that was seen is taken to be there. Should it be deleted meanwhile, Pods wait until we look again. */
  readonly configMapMs: number
  /** A Pod names the architecture that it was made for, so that nodes seen late cost a better choice and nothing else. */
  readonly nodesMs: number
}

export const ON_A_CLUSTER: Remembering = { configMapMs: 60_000, nodesMs: 300_000 }
export const NOTHING_REMEMBERED: Remembering = { configMapMs: 0, nodesMs: 0 }

export function createEntrypointSource(content: EntrypointContent, remembering: Remembering): EntrypointSource {
  const { name, offer, binaryData } = content
  const seen = new Map<string, number>()
  let nodes: { readonly found: Promise<readonly NodeFacts[] | undefined>; readonly since: number } | undefined

  async function read(cluster: Cluster, namespace: string): Promise<EntrypointThere> {
    seen.delete(namespace)
    const found = await cluster.get('ConfigMap', { namespace, name })
    // What may still be changed is not ours, whatever it holds now.
    const isOurs = found?.immutable === true && sameJson(found.binaryData, binaryData())
    return {
      name,
      offer,
      binaryData,
      exists: found !== undefined,
      ...(found && !isOurs && { impostor: found.metadata.uid }),
    }
  }

  return {
    ...content,
    read,

    async find(cluster, namespace, now) {
      const at = seen.get(namespace)
      if (at !== undefined && now - at < remembering.configMapMs) return { name, offer, binaryData, exists: true }
      const there = await read(cluster, namespace)
      if (there.exists && there.impostor === undefined && remembering.configMapMs > 0) seen.set(namespace, now)
      return there
    },

    async nodes(cluster, now) {
      if (!offer.hasNodes) return undefined
      if (nodes === undefined || now - nodes.since >= remembering.nodesMs) {
        const before = nodes?.found
        const found = listNodes(cluster)
        nodes = { found, since: now }
        // What fails is asked again for the next Pod.
        found.catch(() => {
          if (nodes?.found === found) nodes = undefined
        })
        // Pods do not wait for newer knowledge.
        if (before !== undefined) return before
      }
      return nodes.found
    },
  }
}

async function listNodes(cluster: Cluster): Promise<readonly NodeFacts[] | undefined> {
  try {
    return (await cluster.list('Node')).map(nodeFacts)
  } catch (error) {
    // Of an installation for some namespaces only.
    if (isClusterError(error, 'Forbidden')) return undefined
    throw error
  }
}

/**
 * Output out of Pods that are there, with the token of whoever asks: where no log store is configured. As their kubelet gives
 * it: not masked, for nobody here may read Secrets; and gone with the Pod.
 */
import type { ApiDeps } from '../src/api/deps.js'
import type { Cluster } from '../src/cluster/cluster.js'
import type { Connection } from '../src/cluster/kubernetes/connection.js'
import type { LogKey } from '../src/logs/log-store.js'
import { answerOf, requestAs } from './pass-on.js'

type LiveLogs = Required<Pick<ApiDeps, 'readLogs' | 'logSize'>>

export function createLiveLogs(connection: Connection, cluster: Pick<Cluster, 'get'>, authorization: string): LiveLogs {
  /** Undefined when there is nothing yet, or nothing any more. */
  async function open(
    key: LogKey,
    follow: boolean,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const { namespace, pod: name, podUid, container, part = 'output' } = key
    // Of when a line came, only what stands in the line itself is known.
    if (part !== 'output') return undefined
    const pod = await cluster.get('Pod', { namespace, name })
    if (pod?.metadata.uid !== podUid) return undefined
    const query = new URLSearchParams({ container, ...(follow && { follow: 'true' }) })
    const url = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?${query}`
    const outgoing = await requestAs(connection, { method: 'GET', url, headers: { authorization } })
    signal.addEventListener('abort', () => outgoing.destroy(), { once: true })
    outgoing.end()
    const answer = await answerOf(outgoing)
    if (answer.statusCode === 200) return answer
    // It has not started, or is gone, or may not be looked at: there is nothing to be shown.
    answer.resume()
    return undefined
  }

  return {
    async readLogs(key, { follow, offset }, signal) {
      const output = await open(key, follow, signal)
      return output && behind(output, offset)
    },
    async logSize(key) {
      let size = 0
      for await (const piece of (await open(key, false, new AbortController().signal)) ?? []) size += piece.length
      return size
    },
  }
}

async function* behind(output: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array> {
  let left = offset
  for await (const piece of output) {
    if (piece.length > left) yield piece.subarray(left)
    left = Math.max(0, left - piece.length)
  }
}

/** The end of a step's log, out of the log store. */
import type { Cluster } from '../cluster/cluster.js'
import type { LogStore } from '../logs/log-store.js'
import type { StepLogTail } from './findings.js'

export function logTail(cluster: Pick<Cluster, 'get'>, logs: Pick<LogStore, 'size' | 'read'>): StepLogTail {
  return async ({ metadata: { namespace }, status }, container, maxBytes) => {
    const name = status?.podName ?? ''
    const pod = await cluster.get('Pod', { namespace, name })
    if (pod === undefined) return ''
    const key = { namespace, pod: name, podUid: pod.metadata.uid, container }
    const offset = Math.max(0, (await logs.size(key)) - maxBytes)
    const output = await logs.read(key, { follow: false, offset }, new AbortController().signal)
    const parts: Uint8Array[] = []
    for await (const part of output ?? []) parts.push(part)
    const text = Buffer.concat(parts).toString('utf8')
    // Begins in the middle of a line, or of a character.
    return offset === 0 ? text : text.slice(text.indexOf('\n') + 1)
  }
}

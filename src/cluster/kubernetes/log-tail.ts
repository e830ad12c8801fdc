/** The end of a container's log, from the kubelet by way of the API server. */
import type { Key } from '../../resources/meta.js'
import type { Calls } from './calls.js'
import { queryText } from './resources.js'

/** A few screens. An API server can count lines from the end, and bytes from the beginning only. */
const LINES = 200
const MAX_LOG_BYTES = 4 * 1024 * 1024

/** '' when there is none any more, its node is away, or we may not read it: what it is for is told without it then. */
export async function readLogTail(calls: Calls, pod: Key, container: string, maxBytes: number): Promise<string> {
  const query = queryText({ container, tailLines: LINES, limitBytes: MAX_LOG_BYTES })
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/log${query}`
  const reply = await calls.send({ verb: 'get', resource: 'pods/log', path, accept: '*/*' }).catch(() => undefined)
  if (reply?.code !== 200) return ''
  const text = reply.body.subarray(-maxBytes).toString('utf8')
  // Begins in the middle of a line, or of a character.
  return reply.body.length <= maxBytes ? text : text.slice(text.indexOf('\n') + 1)
}

/** A container's output as it comes, from the kubelet by way of the API server. */
import type { Key } from '../../resources/meta.js'
import type { Calls } from './calls.js'
import { errorFrom } from './errors.js'
import { queryText } from './resources.js'

export interface LogStreamOptions {
  /** Until the container has ended, or the connection has. */
  readonly follow: boolean
  /** Epoch seconds: lines that came then or later. An API server knows no finer times here. */
  readonly sinceSeconds?: number
}

/**
 * Each line begins with its time. What is no line of the container's is said by the kubelet, and begins with none.
 * @throws ClusterError 'NotFound', 'Invalid' while the container has not started, 'Unavailable'; TransportError
 */
export async function openLogStream(
  calls: Calls,
  pod: Key,
  container: string,
  { follow, sinceSeconds }: LogStreamOptions,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const sinceTime = sinceSeconds === undefined ? undefined : new Date(sinceSeconds * 1000).toISOString()
  const query = queryText({
    container,
    timestamps: true,
    ...(follow && { follow }),
    ...(sinceTime !== undefined && { sinceTime }),
  })
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/log${query}`
  return calls.open({ verb: 'get', resource: 'pods/log', path, accept: '*/*' }, signal, answer =>
    errorFrom(answer, `get ${path}`),
  )
}

/** Keeps `status.address.url` of ClusterInterceptors and Interceptors: where they are called, as Tekton's controller does. */
import { type Change, type Cluster, isClusterError } from '../src/cluster/cluster.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import type { ClusterInterceptor, Interceptor } from '../src/resources/triggers.js'
import { addressOf } from '../src/trigger/interceptors/locate.js'

export interface InterceptorStatusDeps {
  readonly cluster: Pick<Cluster, 'watch' | 'replaceStatus'>
  readonly log: Log
}

export function keepInterceptorStatuses(deps: InterceptorStatusDeps): { close(): Promise<void> } {
  const stop = new AbortController()
  const following = [follow(deps, 'ClusterInterceptor', stop.signal), follow(deps, 'Interceptor', stop.signal)]
  return {
    async close() {
      stop.abort()
      await Promise.all(following)
    },
  }
}

async function follow(
  { cluster, log }: InterceptorStatusDeps,
  kind: 'ClusterInterceptor' | 'Interceptor',
  signal: AbortSignal,
): Promise<void> {
  const changes: AsyncIterable<Change<ClusterInterceptor | Interceptor>> = cluster.watch(kind, {}, signal)
  for await (const change of changes) {
    const items = change.type === 'listed' ? change.items : change.type === 'put' ? [change.item] : []
    for (const item of items) {
      const address = addressOf(item.spec ?? {})
      // One that says nothing, or nonsense, keeps what it has: the trigger that refers to it tells why it fails.
      if (typeof address === 'string' || item.status?.address?.url === address.url) continue
      const status = { ...item.status, address: { url: address.url } }
      await cluster.replaceStatus(kind, { ...item, status } as never).catch((error: unknown) => {
        // Gone, or written by somebody else, of which the watch tells.
        if (isClusterError(error, 'NotFound') || isClusterError(error, 'Conflict')) return
        log.warn('the status of an interceptor could not be written', {
          interceptor: `${kind}/${item.metadata.namespace}/${item.metadata.name}`,
          error: describeError(error),
        })
      })
    }
  }
}

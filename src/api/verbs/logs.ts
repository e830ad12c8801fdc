import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fromTimestamp } from '../../lib/time.js'
import type { Pod } from '../../resources/core.js'
import type { StreamAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { gonePod } from '../logs/gone-pod.js'
import { containerOf, startedContainer } from '../logs/log-container.js'
import { logOptions } from '../logs/log-options.js'
import { type LogSource, logOutput } from '../logs/log-output.js'
import type { ObjectRequest } from '../request.js'
import { badRequest } from '../status.js'
import { existing } from './get.js'

/** Of a container that ended long ago, too, and of a Pod that is gone, as long as its logs are kept. */
export async function logs(deps: ApiDeps, request: ObjectRequest): Promise<StreamAnswer> {
  const { namespace, name, query, signal } = request
  const options = logOptions(query, name, Date.now())
  const found = (await deps.cluster.get('Pod', { namespace, name })) ?? (await gonePod(deps, request))
  const pod = found ?? ((await existing(deps, request)) as Pod)
  const container = containerOf(pod, options.container)
  if (options.previous) {
    // Nothing is ever started again here.
    throw badRequest(
      `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} not found`,
    )
  }
  const { state } = startedContainer(pod, container)
  const key = { namespace, pod: name, podUid: pod.metadata.uid, container }
  const source: LogSource = {
    size: async () => (await deps.logSize?.(key)) ?? 0,
    read: async (offset, { follow, part }) =>
      (await deps.readLogs({ ...key, part }, { follow, offset }, signal)) ?? Readable.from([]),
    startedAt: fromTimestamp(
      state?.running?.startedAt ?? state?.terminated?.startedAt ?? pod.metadata.creationTimestamp ?? '',
    ),
  }
  const output = await logOutput(source, options)
  return async response => {
    response.writeHead(200, { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' })
    // Who follows a step that is silent knows at once that there is one.
    response.flushHeaders()
    try {
      // What the client does not read is not read from the disk either.
      await pipeline(Readable.from(output, { objectMode: false }), response, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

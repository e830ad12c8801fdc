import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import type { LogKey, LogStore } from '../logs/log-store.js'
import type { PodRuntime, PodSandbox } from './runtime.js'

/** Most steps are over before this; their output is then shipped once, without a watch. Also the pause after a fault. */
const FOLLOW_AFTER_MS = 250

/** Ships when which part of the output came: all at once, when the container has ended. Safe to repeat. */
export async function shipTimes(
  runtime: PodRuntime,
  sandbox: PodSandbox,
  output: LogKey,
  store: LogStore,
  signal: AbortSignal,
): Promise<void> {
  const key: LogKey = { ...output, part: 'times' }
  let offset = 0
  for await (const bytes of runtime.logs(sandbox, key.container, { follow: false, part: 'times' }, signal)) {
    await store.append(key, offset, bytes)
    offset += bytes.byteLength
  }
  if (offset > 0) await store.finish(key)
}

export interface Shipment {
  /** The container has ended: ships the rest and marks the log as finished. @throws when the store or the disk refuses. */
  finish(): Promise<void>
  /** Stops in the middle. What is stored stays, and whoever comes next goes on from there. */
  cancel(): Promise<void>
}

/** Ships one container's output into the store while it runs. */
export function shipLog(runtime: PodRuntime, sandbox: PodSandbox, key: LogKey, store: LogStore, log: Log): Shipment {
  const abort = new AbortController()
  let offset: number | undefined
  let following: Promise<void> | undefined

  const ship = async (follow: boolean): Promise<void> => {
    offset ??= await store.size(key)
    const output = runtime.logs(sandbox, key.container, { follow, offset }, abort.signal)
    for await (const bytes of output) {
      await store.append(key, offset, bytes)
      offset += bytes.byteLength
    }
  }

  const follow = (): void => {
    following = ship(true).catch(error => {
      offset = undefined // ask the store how far we got
      log.error('shipping a log failed', {
        pod: `${key.namespace}/${key.pod}`,
        container: key.container,
        error: describeError(error),
      })
      timer = setTimeout(follow, FOLLOW_AFTER_MS)
    })
  }
  let timer = setTimeout(follow, FOLLOW_AFTER_MS)

  return {
    async finish() {
      await following // ends by itself, because the container has
      clearTimeout(timer)
      await ship(false)
      await shipTimes(runtime, sandbox, key, store, abort.signal)
      await store.finish(key)
    },
    async cancel() {
      abort.abort()
      clearTimeout(timer)
      await following
      clearTimeout(timer)
    },
  }
}

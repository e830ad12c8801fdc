/** Output out of the log store, where workers bring it: a second or two after it was said, and masked. */
import type { ApiDeps } from '../src/api/deps.js'
import type { LogKey, MarkedLogStore } from '../src/logs/log-store.js'
import { pause } from '../src/timers.js'

/** After its container has ended. What is not there by then nobody brings. */
const BROUGHT_WITHIN_MS = 30_000
const LOOK_MS = 500

export function createStoredLogs(
  store: MarkedLogStore,
): Required<Pick<ApiDeps, 'readLogs' | 'logSize' | 'storedPods'>> {
  return {
    async readLogs(key, { follow, offset, isOver = false }, signal) {
      if (!isOver || key.part === 'times') return store.read(key, { follow, offset }, signal)
      const limit = AbortSignal.any([signal, AbortSignal.timeout(BROUGHT_WITHIN_MS)])
      for (;;) {
        // It ends when the log is finished, which it is when all was brought.
        const output = await store.read(key, { follow: true, offset }, limit)
        if (output !== undefined || limit.aborted) return output
        await pause(LOOK_MS, limit)
      }
    },

    async logSize(key, { isOver = false } = {}) {
      if (!isOver) return store.size(key)
      return sizeAtEnd(store, key)
    },

    storedPods: store.pods,
  }
}

async function sizeAtEnd(store: MarkedLogStore, key: LogKey): Promise<number> {
  const limit = AbortSignal.timeout(BROUGHT_WITHIN_MS)
  for (;;) {
    const { size, isFinished } = await store.resume(key)
    if (isFinished || limit.aborted) return size
    await pause(LOOK_MS, limit)
  }
}

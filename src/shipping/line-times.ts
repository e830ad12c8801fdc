import type { LogKey, MarkedLogStore } from '../logs/log-store.js'

/** When which part of a container's log came, as `log-times.ts` has it: a line for each time that differs. */
export interface LineTimes {
  /** `offset` of the stored log, `at` in nanoseconds. What comes again is passed over. */
  note(offset: number, at: bigint): void
  /** Stores what there is when it is much. Each time costs a request, and who dies loses little. */
  flushMany(): Promise<void>
  /** Nothing more will come. */
  finish(): Promise<void>
}

const MANY_BYTES = 16 * 1024

export function createLineTimes(store: MarkedLogStore, log: LogKey): LineTimes {
  const key: LogKey = { ...log, part: 'times' }
  let text = ''
  let lastMs = -1
  let lastOffset = -1

  async function flush(): Promise<void> {
    if (text === '') return
    const bytes = Buffer.from(text)
    await store.append(key, await store.size(key), bytes)
    text = text.slice(bytes.length)
  }

  return {
    note(offset, at) {
      if (offset <= lastOffset) return
      lastOffset = offset
      const ms = Number(at / 1_000_000n)
      if (ms === lastMs) return
      lastMs = ms
      text += `${offset} ${ms}\n`
    },
    async flushMany() {
      if (text.length >= MANY_BYTES) await flush()
    },
    async finish() {
      await flush()
      await store.finish(key)
    },
  }
}

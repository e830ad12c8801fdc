/** Writes no faster than the client reads, and holds nothing for it but what is on its way. */
import type { ServerResponse } from 'node:http'

/** A client whose network is still there reads something within a minute. */
export const STALLED_MS = 60_000

export interface Sink {
  /** Resolves when more can be taken: false when the client is gone, or was cut off because it reads nothing. */
  write(bytes: Uint8Array | string): Promise<boolean>
  isCutOff(): boolean
}

/** @param stalledMs how long a client that takes nothing of what was sent is waited for; a slow one is no such client */
export function createSink(response: ServerResponse, stalledMs: number): Sink {
  let isCorked = false
  let isCutOff = false

  function flush(): void {
    if (!isCorked) return
    isCorked = false
    response.uncork()
  }

  function drained(): Promise<boolean> {
    return new Promise(resolve => {
      const cutOff = () => {
        isCutOff = true
        response.destroy()
      }
      const done = () => {
        response.off('drain', done).off('close', done).off('timeout', cutOff)
        response.setTimeout(0)
        resolve(!response.destroyed)
      }
      response.on('drain', done).on('close', done).on('timeout', cutOff)
      // Of the socket, and only while nothing moves on it.
      response.setTimeout(stalledMs)
    })
  }

  return {
    isCutOff: () => isCutOff,
    async write(bytes) {
      if (response.destroyed) return false
      if (!isCorked) {
        // What comes in one turn of the event loop goes out in one packet.
        isCorked = true
        response.cork()
        process.nextTick(flush)
      }
      if (response.write(bytes)) return true
      flush()
      return response.writableNeedDrain ? drained() : true
    },
  }
}

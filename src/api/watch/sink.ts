/** Writes no faster than the client reads, and holds nothing for it but what is on its way. */
import type { ServerResponse } from 'node:http'

export interface Sink {
  /** Resolves when more can be taken: false when the client is gone, or was cut off because it reads nothing. */
  write(bytes: Uint8Array): Promise<boolean>
  isCutOff(): boolean
}

/** @param stalledMs how long a client that has not read what was sent is waited for */
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
      const timer = setTimeout(() => {
        isCutOff = true
        response.destroy()
      }, stalledMs)
      const done = () => {
        clearTimeout(timer)
        response.off('drain', done).off('close', done)
        resolve(!response.destroyed)
      }
      response.on('drain', done).on('close', done)
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

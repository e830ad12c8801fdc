/** A blob store of one process, which can break off after any number of calls: as a process that is killed there. */
import type { Blobs } from '../../src/blobs/blobs.js'

export interface MemoryBlobs extends Blobs {
  readonly objects: Map<string, Uint8Array>
  /** Calls from now on until nothing works any more. */
  breakAfter(calls: number): void
  /** Calls that were made so far. */
  calls(): number
}

export function memoryBlobs(objects = new Map<string, Uint8Array>()): MemoryBlobs {
  let [made, left] = [0, Number.POSITIVE_INFINITY]
  async function called<T>(work: () => T): Promise<T> {
    made += 1
    left -= 1
    if (left < 0) throw new Error('killed')
    return work()
  }
  return {
    place: 'memory',
    objects,
    breakAfter: calls => {
      left = calls
    },
    calls: () => made,
    put: (key, bytes) => called(() => void objects.set(key, Uint8Array.from(bytes))),
    get: (key, { start, end } = { start: 0 }) => called(() => objects.get(key)?.subarray(start, end)),
    remove: key => called(() => void objects.delete(key)),
    list: (prefix, { after = '', limit = 1000 } = {}) =>
      called(() => {
        const keys = [...objects.keys()].filter(key => key.startsWith(prefix) && key > after).sort()
        const entries = keys.slice(0, limit).map(key => ({ key, size: objects.get(key)!.length }))
        return { entries, more: keys.length > limit }
      }),
  }
}

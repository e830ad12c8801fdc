import { type Blobs, checkKey } from '../../src/blobs/blobs.js'

/** Objects of one process, for many quick rounds; each call takes its time, and calls overtake each other. */
export function memoryBlobs(turns: () => number): Blobs {
  const objects = new Map<string, Uint8Array>()
  const wait = async (): Promise<void> => {
    for (let left = turns(); left > 0; left--) await new Promise(resolve => setImmediate(resolve))
  }
  return {
    place: 'memory',
    async put(key, bytes) {
      checkKey(key)
      const copy = Buffer.from(bytes)
      await wait()
      objects.set(key, copy)
      await wait()
    },
    async get(key, { start, end } = { start: 0 }) {
      await wait()
      return objects.get(key)?.subarray(start, end)
    },
    async list(prefix, { after = '', limit = 20 } = {}) {
      await wait()
      const keys = [...objects.keys()].filter(key => key.startsWith(prefix) && key > after).sort()
      const entries = keys.slice(0, limit).map(key => ({ key, size: objects.get(key)!.length }))
      return { entries, more: keys.length > limit }
    },
    async remove(key) {
      await wait()
      objects.delete(key)
    },
  }
}

import type { Blobs } from './blobs.js'

/** A part of a store, as if it were all of it. @param prefix ends in `/` */
export function underPrefix(blobs: Blobs, prefix: string): Blobs {
  return {
    place: `${blobs.place} (${prefix})`,
    put: (key, bytes) => blobs.put(prefix + key, bytes),
    get: (key, range) => blobs.get(prefix + key, range),
    async list(within, { after, ...options } = {}) {
      const { entries, more } = await blobs.list(prefix + within, {
        ...options,
        ...(after !== undefined && { after: prefix + after }),
      })
      return { entries: entries.map(({ key, size }) => ({ key: key.slice(prefix.length), size })), more }
    },
    remove: key => blobs.remove(prefix + key),
  }
}

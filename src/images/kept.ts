/** A bounded number of things, each for its time. What was used longest ago goes first. */
export interface Kept<T> {
  get(key: string): T | undefined
  /** For `ms`; Infinity for as long as there is room. */
  keep(key: string, value: T, ms: number): void
}

export function createKept<T>(most: number, now: () => number): Kept<T> {
  // In order of use.
  const entries = new Map<string, { readonly value: T; readonly until: number }>()
  return {
    get(key) {
      const entry = entries.get(key)
      entries.delete(key)
      if (entry === undefined || entry.until <= now()) return undefined
      entries.set(key, entry)
      return entry.value
    },
    keep(key, value, ms) {
      entries.delete(key)
      entries.set(key, { value, until: now() + ms })
      for (const oldest of entries.keys()) {
        if (entries.size <= most) return
        entries.delete(oldest)
      }
    },
  }
}

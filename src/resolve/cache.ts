/**
 * What was fetched, kept for others who ask the same. One for all resolvers, in this process, least recently used out
 * first. Those who ask while it is being fetched wait for that one fetch.
 */
import type { Found } from './resolver.js'

/** Together, however many entries the installation allows. */
const MAX_BYTES = 64 * 1_048_576

export interface CacheLimits {
  readonly maxEntries: number
  /** Of what may change. What cannot is kept until there is no room for it. */
  readonly ttlMs: number
}

export interface Cached {
  readonly found: Found
  /** Epoch ms. */
  readonly storedAt: number
  readonly operation: 'store' | 'retrieve'
}

export interface ResolutionCache {
  /** What is kept under `key`, or what `fetch` gives. A fetch that fails is not kept. */
  get(key: string, immutable: boolean, limits: CacheLimits, fetch: () => Promise<Found>): Promise<Cached>
  clear(): void
}

interface Entry {
  readonly found: Found
  readonly storedAt: number
  readonly expiresAt: number
}

export function createResolutionCache(now: () => number): ResolutionCache {
  // In order of use: the first is the one used longest ago.
  const entries = new Map<string, Entry>()
  const flights = new Map<string, Promise<Cached>>()
  let bytes = 0
  // What was fetched under the settings before is not kept.
  let generation = 0

  function drop(key: string): void {
    bytes -= entries.get(key)?.found.data.length ?? 0
    entries.delete(key)
  }

  function keep(key: string, entry: Entry, maxEntries: number): void {
    drop(key)
    entries.set(key, entry)
    bytes += entry.found.data.length
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries && bytes <= MAX_BYTES) break
      drop(oldest)
    }
  }

  async function fly(
    key: string,
    immutable: boolean,
    { maxEntries, ttlMs }: CacheLimits,
    fetch: () => Promise<Found>,
  ): Promise<Cached> {
    const begun = generation
    try {
      const found = await fetch()
      const storedAt = now()
      const expiresAt = immutable ? Number.POSITIVE_INFINITY : storedAt + ttlMs
      if (begun === generation) keep(key, { found, storedAt, expiresAt }, maxEntries)
      return { found, storedAt, operation: 'store' }
    } finally {
      flights.delete(key)
    }
  }

  return {
    async get(key, immutable, limits, fetch) {
      const entry = entries.get(key)
      if (entry && entry.expiresAt > now()) {
        entries.delete(key)
        entries.set(key, entry)
        return { found: entry.found, storedAt: entry.storedAt, operation: 'retrieve' }
      }
      const flight = flights.get(key) ?? fly(key, immutable, limits, fetch)
      flights.set(key, flight)
      return flight
    },
    clear() {
      generation += 1
      entries.clear()
      bytes = 0
    },
  }
}

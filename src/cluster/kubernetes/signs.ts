/** Signs of life of an adapter: whether the API server answers, and whether watches hear something. */
import type { SeenCall } from './calls.js'

/** Times as `performance.now` counts. */
export interface WatchSign {
  /** Plural. */
  readonly resource: string
  /** Its first list has been read. */
  readonly isListed: boolean
  /** The last time that anything came: a list, a change, a bookmark. */
  readonly heardAt: number
  /** Since when it does not follow; undefined while it does. */
  readonly interruptedAt: number | undefined
}

export interface ClusterSigns {
  /** When the API server last answered a request of ours with something else than a fault or a refusal to know us. */
  readonly answeredAt: number | undefined
  readonly watches: readonly WatchSign[]
}

/** What one watch tells of itself. */
export interface WatchTeller {
  heard(isList?: boolean): void
  interrupted(): void
  ended(): void
}

export const NOBODY_LISTENS: WatchTeller = { heard() {}, interrupted() {}, ended() {} }

export function createSigns(): {
  now(): ClusterSigns
  called(call: SeenCall): void
  watching(resource: string): WatchTeller
} {
  let answeredAt: number | undefined
  const watches = new Set<WatchSign>()
  return {
    now: () => ({ answeredAt, watches: [...watches] }),
    called({ code }) {
      if (code > 0 && code < 500 && code !== 401) answeredAt = performance.now()
    },
    watching(resource) {
      const began = performance.now()
      const sign = { resource, isListed: false, heardAt: began, interruptedAt: began as number | undefined }
      watches.add(sign)
      return {
        heard(isList = false) {
          sign.heardAt = performance.now()
          sign.interruptedAt = undefined
          sign.isListed ||= isList
        },
        interrupted() {
          sign.interruptedAt ??= performance.now()
        },
        ended: () => void watches.delete(sign),
      }
    },
  }
}

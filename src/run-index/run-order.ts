/** Newest first: by the time of creation, and by uid where that is the same. Pure. */
import type { RunSummary } from '../resources/run-summary.js'

/** Of a run in a list. Runs never change their places, so a page begins behind the last run of the page before. */
export type RunPlace = Pick<RunSummary, 'createdAt' | 'uid'>

/** Negative when `a` is the newer one. */
export function byPlace(a: RunPlace, b: RunPlace): number {
  if (a.createdAt !== b.createdAt) return a.createdAt > b.createdAt ? -1 : 1
  if (a.uid === b.uid) return 0
  return a.uid < b.uid ? -1 : 1
}

/** Where `place` is among sorted items, or would be. */
export function indexOfPlace(items: readonly RunPlace[], place: RunPlace): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (byPlace(items[middle]!, place) < 0) low = middle + 1
    else high = middle
  }
  return low
}

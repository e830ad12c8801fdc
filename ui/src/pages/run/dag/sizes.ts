/** Pixels, at the graph's own size. */
export const NODE = { width: 164, height: 44, gap: 12 }
/** Around what a nested pipeline runs. */
export const GROUP = { head: 34, padding: 12 }
/** Between one rank and the next. */
export const RANK_GAP = 32

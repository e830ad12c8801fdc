/** How long to wait between tries. */
export interface PauseLimits {
  /** Before the second try. */
  readonly firstMs: number
  /** Never longer than this. */
  readonly maxMs: number
}

/**
 * The pause after the `failures`th failure in a row (1, 2, ...), in whole milliseconds: doubles from `firstMs` up to `maxMs`.
 * `random` (0 to 1) takes off up to half, so that many who failed at the same moment do not come back at the same
 * moment; 1 takes off nothing.
 */
export function growingPauseMs(failures: number, limits: PauseLimits, random: number): number {
  // 2^30 firstMs is past any sensible maxMs; without the cap 2^1100 would be Infinity.
  const doublings = Math.min(Math.max(failures - 1, 0), 30)
  const full = Math.min(limits.firstMs * 2 ** doublings, limits.maxMs)
  return Math.round(full * (0.5 + 0.5 * random))
}

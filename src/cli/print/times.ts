/** How long something takes, and how far away it is. */

/** `0.83s`, `12.4s`, `3m05s`. */
export function formatSeconds(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000
  if (seconds < 10) return `${seconds.toFixed(2)}s`
  if (seconds < 60) return `${seconds.toFixed(1)}s`
  return `${Math.floor(seconds / 60)}m${String(Math.floor(seconds % 60)).padStart(2, '0')}s`
}

/** `12s`, `5m`, `3h`, `2d`. `whole` makes a number of units one without a fraction. */
export function distance(ms: number, whole: (units: number) => number = Math.round): string {
  const seconds = Math.max(0, whole(ms / 1_000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${whole(seconds / 60)}m`
  return seconds < 172_800 ? `${whole(seconds / 3_600)}h` : `${whole(seconds / 86_400)}d`
}

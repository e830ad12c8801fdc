/** How long something takes, and how far away it is. */
import { formatDuration } from '../../lib/duration.js'

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

/** What tkn shows where there is nothing. */
export const NOTHING = '---'

const UNITS = [
  ['year', 31_536_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** As tkn has it: `5 minutes ago`, `1 week ago`. */
export function ago(time: string | undefined, now: number): string {
  const at = Date.parse(time ?? '')
  if (Number.isNaN(at)) return NOTHING
  const seconds = Math.max(0, Math.floor((now - at) / 1_000))
  const [unit, size] = UNITS.find(([, each]) => seconds >= each) ?? ['second', 1]
  const count = Math.floor(seconds / size)
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`
}

/** As tkn has it: `1m30s`. */
export function took(start: string | undefined, end: string | undefined): string {
  const ms = Date.parse(end ?? '') - Date.parse(start ?? '')
  return Number.isNaN(ms) ? NOTHING : formatDuration(Math.max(0, ms))
}

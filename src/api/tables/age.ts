/** How long ago, for people: two or three figures, as every column of ages in Kubernetes. Pure. */

const [SECOND, MINUTE, HOUR, DAY, YEAR] = [1_000, 60_000, 3_600_000, 86_400_000, 365 * 86_400_000]

/** `45s`, `3m20s`, `17m`, `5h1m`, `30h`, `3d4h`, `12d`, `2y30d`. Clocks may differ by a second. */
export function humanDuration(ms: number): string {
  if (ms <= -2 * SECOND) return '<invalid>'
  if (ms < 0) return '0s'
  if (ms < 2 * MINUTE) return whole(ms, SECOND, 's')
  if (ms < 10 * MINUTE) return whole(ms, MINUTE, 'm') + rest(ms, MINUTE, SECOND, 's')
  if (ms < 3 * HOUR) return whole(ms, MINUTE, 'm')
  if (ms < 8 * HOUR) return whole(ms, HOUR, 'h') + rest(ms, HOUR, MINUTE, 'm')
  if (ms < 2 * DAY) return whole(ms, HOUR, 'h')
  if (ms < 8 * DAY) return whole(ms, DAY, 'd') + rest(ms, DAY, HOUR, 'h')
  if (ms < 2 * YEAR) return whole(ms, DAY, 'd')
  if (ms < 8 * YEAR) return whole(ms, YEAR, 'y') + rest(ms, YEAR, DAY, 'd')
  return whole(ms, YEAR, 'y')
}

/** Since a timestamp, RFC 3339. */
export function age(timestamp: unknown, now: number): string {
  if (typeof timestamp !== 'string' || timestamp === '') return '<unknown>'
  const then = Date.parse(timestamp)
  return Number.isNaN(then) ? '<invalid>' : humanDuration(now - then)
}

function whole(ms: number, unit: number, letter: string): string {
  return `${Math.floor(ms / unit)}${letter}`
}

function rest(ms: number, larger: number, unit: number, letter: string): string {
  const count = Math.floor((ms % larger) / unit)
  return count === 0 ? '' : `${count}${letter}`
}

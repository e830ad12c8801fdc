/** Timestamps and durations: their texts, their bounds, and what is on the calendar of a time zone. */
import { CelProblem } from './problem.js'
import { Duration, floorDivide, Timestamp } from './values.js'

const SECOND = 1_000_000_000n
const MIN_SECONDS = -62_135_596_800n
const MAX_SECONDS = 253_402_300_799n
const MAX_INT64 = 2n ** 63n

/** @throws CelProblem outside of the years 1 to 9999 */
export function timestamp(nanoseconds: bigint): Timestamp {
  const seconds = floorDivide(nanoseconds, SECOND)
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) throw new CelProblem('timestamp overflow')
  return new Timestamp(nanoseconds)
}

/** @throws CelProblem beyond 292 years */
export function duration(nanoseconds: bigint): Duration {
  if (nanoseconds >= MAX_INT64 || nanoseconds < -MAX_INT64) throw new CelProblem('duration overflow')
  return new Duration(nanoseconds)
}

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(Z|[+-]\d\d:\d\d)$/

/** @throws CelProblem */
export function parseTimestamp(text: string): Timestamp {
  const [, whole = '', fraction = '', zone = ''] = RFC_3339.exec(text.slice(0, 60)) ?? []
  const milliseconds = Date.parse(`${whole}${zone}`)
  // A day that the month does not have would be taken for one of the next.
  const isDay = whole !== '' && new Date(`${whole}Z`).toISOString?.().startsWith(whole.slice(0, 10))
  if (!isDay || Number.isNaN(milliseconds))
    throw new CelProblem(`cannot parse ${JSON.stringify(text.slice(0, 60))} as a timestamp of RFC 3339`)
  return timestamp(BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0') || 0))
}

export function timestampText(value: Timestamp): string {
  const whole = new Date(Number(value.seconds) * 1000).toISOString().slice(0, 19)
  return `${whole}${fractionText(value.nanoseconds - value.seconds * SECOND)}Z`
}

const UNIT_NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
}

/** Go's: `1h45m`, `-1.5s`. @throws CelProblem */
export function parseDuration(text: string): Duration {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text.slice(0, 200)) ?? []
  if (rest === '0') return new Duration(0n)
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) {
    throw new CelProblem(`time: invalid duration ${JSON.stringify(text.slice(0, 60))}`)
  }
  let total = 0n
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = UNIT_NANOSECONDS[unit] ?? 0n
    const kept = fraction.slice(0, 18)
    total += BigInt(whole || 0) * scale + (BigInt(kept || 0) * scale) / 10n ** BigInt(kept.length)
  }
  return duration(sign === '-' ? -total : total)
}

/** In seconds, as cel-go writes it: `6300s`, `0.5s`. */
export function durationText({ nanoseconds }: Duration): string {
  const length = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const whole = length / SECOND
  return `${nanoseconds < 0n ? '-' : ''}${whole}${fractionText(length - whole * SECOND)}s`
}

function fractionText(nanoseconds: bigint): string {
  return nanoseconds === 0n ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`
}

/** The moment's calendar in a zone, as if it were UTC: an IANA name or `+02:00`; '' is UTC. @throws CelProblem */
export function inZone(value: Timestamp, zone: string): Date {
  const milliseconds = value.milliseconds
  if (zone === '' || zone === 'UTC') return new Date(milliseconds)
  const [, sign, hours, minutes] = /^([+-]?)(\d\d?):(\d\d)$/.exec(zone) ?? []
  if (hours !== undefined) {
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
    return new Date(milliseconds + (sign === '-' ? -offset : offset))
  }
  const date = new Date(`${calendarText(milliseconds, zone)}Z`)
  if (Number.isNaN(date.getTime())) throw new CelProblem(`no calendar of time zone ${zone} for that time`)
  return date
}

function calendarText(milliseconds: number, zone: string): string {
  try {
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'medium',
    })
    const fraction = String(((milliseconds % 1000) + 1000) % 1000).padStart(3, '0')
    // Years before 1000 come without their zeros.
    const text = format.format(milliseconds).replace(' ', 'T').padStart('0001-01-01T00:00:00'.length, '0')
    return `${text}.${fraction}`
  } catch {
    throw new CelProblem(`unknown time zone ${zone.slice(0, 60)}`)
  }
}

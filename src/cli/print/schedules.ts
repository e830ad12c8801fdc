/** Schedules for people. Pure: objects of the API in, lines out. */
import { fromTimestamp } from '../../lib/time.js'
import type { Schedule } from '../../resources/schedules.js'
import { cronTexts, DEFAULT_TIME_ZONE } from '../../schedule/read-schedule.js'
import { type TimeZone, timeZoneOf } from '../../schedule/time-zone.js'
import { printable, type Style } from './style.js'

const DAY_MS = 86_400_000
const HEAD = ['SCHEDULE', 'TIMES', 'ZONE', 'LAST', 'NEXT', 'RUNS', 'STATE']

export function scheduleTable(items: readonly Schedule[], now: number, style: Style): string {
  const rows = items.map(schedule => {
    const { metadata, spec, status = {} } = schedule
    const zone = spec.timeZone ?? DEFAULT_TIME_ZONE
    const last = fromTimestamp(status.lastScheduleTime ?? '')
    const next = fromTimestamp(status.nextScheduleTimes?.[0] ?? '')
    const shown = timeZoneOf(zone)
    return [
      `${metadata.namespace}/${metadata.name}`,
      cronTexts(spec).join(' | '),
      zone,
      Number.isNaN(last) ? '-' : `${distance(now - last)} ago`,
      Number.isNaN(next) || shown === undefined ? '-' : `${zonedTime(next, shown)} (in ${distance(next - now)})`,
      `${status.active?.length ?? 0}`,
      stateOf(schedule, now),
    ].map(cell => printable(cell).replaceAll(/[\n\t]/g, ' '))
  })
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ')
  const colour = items.map(({ status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')
    if (ready?.reason === 'Suspended') return style.dim
    return ready?.status === 'False' ? style.red : (text: string) => text
  })
  return `${[style.dim(line(HEAD)), ...rows.map((row, i) => colour[i]?.(line(row)) ?? '')].join('\n')}\n`
}

/** What was missed is news for a day. */
function stateOf({ status, spec }: Schedule, now: number): string {
  const [ready, missed] = ['Ready', 'SlotsMissed'].map(type => status?.conditions?.find(one => one.type === type))
  if (spec.suspend) return 'suspended'
  if (ready === undefined) return 'not seen yet'
  const state = ready.status === 'True' ? 'ready' : `${ready.reason}: ${ready.message}`
  const isNews = fromTimestamp(missed?.lastTransitionTime ?? '') > now - DAY_MS
  return isNews ? `${state}; ${missed?.message}` : state
}

/** One to a line: the time in the zone, the day of the week, how far away. */
export function nextTimes(slots: readonly number[], zone: TimeZone, now: number, style: Style): string {
  return slots
    .map(slot => {
      const wall = new Date(slot + zone.stretchAt(slot).offset)
      const away = slot < now ? `${distance(now - slot)} ago` : `in ${distance(slot - now)}`
      return `${zonedTime(slot, zone)}  ${DAYS[wall.getUTCDay()]}  ${style.dim(away)}\n`
    })
    .join('')
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** RFC 3339: what a clock there shows, and how far that is from UTC. */
function zonedTime(instant: number, zone: TimeZone): string {
  const { offset } = zone.stretchAt(instant)
  const wall = new Date(instant + offset).toISOString().slice(0, 19)
  if (offset === 0) return `${wall}Z`
  const minutes = Math.abs(Math.round(offset / 60_000))
  const pad = (value: number) => `${value}`.padStart(2, '0')
  return `${wall}${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}

/** `12s`, `5m`, `3h`, `2d`. */
function distance(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)}h` : `${Math.round(seconds / 86_400)}d`
}

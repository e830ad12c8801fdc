/** Schedules for people. Pure: objects of the API in, lines out. */
import { fromTimestamp } from '../../lib/time.js'
import type { Schedule } from '../../resources/schedules.js'
import { cronTexts, DEFAULT_TIME_ZONE } from '../../schedule/read-schedule.js'
import { type TimeZone, timeZoneOf } from '../../schedule/time-zone.js'
import type { Style } from './style.js'
import { type Column, table } from './table.js'
import { distance } from './times.js'

const DAY_MS = 86_400_000
const COLUMNS: readonly Column[] = [
  { head: 'SCHEDULE', cut: { order: 5, least: 20 } },
  { head: 'TIMES', cut: { order: 3, least: 11 } },
  { head: 'ZONE', cut: { order: 2, least: 3 } },
  { head: 'LAST' },
  { head: 'NEXT', cut: { order: 4, least: 10 } },
  { head: 'RUNS' },
  { head: 'STATE', cut: { order: 1, least: 9 } },
]

export function scheduleTable(
  items: readonly Schedule[],
  { now, style, width }: { readonly now: number; readonly style: Style; readonly width?: number | undefined },
): string {
  const rows = items.map(schedule => {
    const { metadata, spec, status = {} } = schedule
    const zone = spec.timeZone ?? DEFAULT_TIME_ZONE
    const last = fromTimestamp(status.lastScheduleTime ?? '')
    const next = fromTimestamp(status.nextScheduleTimes?.[0] ?? '')
    const shown = timeZoneOf(zone)
    const cells = [
      `${metadata.namespace}/${metadata.name}`,
      cronTexts(spec).join(' | '),
      zone,
      Number.isNaN(last) ? '-' : `${distance(now - last)} ago`,
      Number.isNaN(next) || shown === undefined ? '-' : `${zonedTime(next, shown)} (in ${distance(next - now)})`,
      `${status.active?.length ?? 0}`,
      stateOf(schedule, now),
    ]
    return { cells, paint: colourOf(schedule, style) }
  })
  return table(COLUMNS, rows, { style, width, gap: '  ' })
}

function colourOf({ status }: Schedule, style: Style): (text: string) => string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  if (ready?.reason === 'Suspended') return style.dim
  return ready?.status === 'False' ? style.red : text => text
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

/**
 * Which wall-clock times a cron text names. No time zone here: a wall time is the epoch ms that a clock in UTC would have
 * when it shows the same, so that adding to it is adding to what the clock shows.
 */
import type { Cron } from './cron-text.js'

const SECOND_MS = 1000
const DAY_MS = 86_400_000
/** The rarest text that fires at all is a fifth weekday in February: once in 28 years, 40 around the year 2100. */
const HORIZON_DAYS = 41 * 366

/** The first one at or after `from`; undefined when there is none in 41 years. */
export function wallTimeFrom(cron: Cron, from: number): number | undefined {
  const start = Math.ceil(from / SECOND_MS) * SECOND_MS
  const today = Math.floor(start / DAY_MS)
  for (let day = today; day < today + HORIZON_DAYS; day++) {
    const look = lookAt(cron, day)
    if (look.is === 'other month') day = look.nextMonth - 1
    if (look.is !== 'match') continue
    const time = timeFrom(cron, day === today ? start - today * DAY_MS : 0)
    if (time !== undefined) return day * DAY_MS + time
  }
  return undefined
}

/** The last one at or before `to`; undefined when there is none in 41 years. */
export function wallTimeUpTo(cron: Cron, to: number): number | undefined {
  const today = Math.floor(to / DAY_MS)
  for (let day = today; day > today - HORIZON_DAYS; day--) {
    const look = lookAt(cron, day)
    if (look.is === 'other month') day = look.firstOfMonth
    if (look.is !== 'match') continue
    const time = timeUpTo(cron, day === today ? to - today * DAY_MS : DAY_MS - 1)
    if (time !== undefined) return day * DAY_MS + time
  }
  return undefined
}

type Look =
  | { readonly is: 'match' }
  | { readonly is: 'other day' }
  | { readonly is: 'other month'; readonly firstOfMonth: number; readonly nextMonth: number }

/** `day` counts from 1970-01-01. */
function lookAt(cron: Cron, day: number): Look {
  const date = new Date(day * DAY_MS)
  const [year, month, dayOfMonth] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const nextMonth = Date.UTC(year, month + 1, 1) / DAY_MS
  const firstOfMonth = day - dayOfMonth + 1
  if (!cron.months.includes(month + 1)) return { is: 'other month', firstOfMonth, nextMonth }
  const isDay = cron.days.includes(dayOfMonth) || (cron.lastDay && day === nextMonth - 1)
  const weekday = date.getUTCDay()
  const isWeekday =
    (cron.weekdays.includes(weekday) && (cron.week === 0 || Math.ceil(dayOfMonth / 7) === cron.week)) ||
    (cron.lastWeekdays.includes(weekday) && day + 7 >= nextMonth)
  const matches = cron.anyDay || cron.anyWeekday ? isDay && isWeekday : isDay || isWeekday
  return { is: matches ? 'match' : 'other day' }
}

/** Both count ms from midnight. */
function timeFrom({ hours, minutes, seconds }: Cron, from: number): number | undefined {
  const [hour, minute, second] = partsOf(from)
  for (const h of hours) {
    if (h < hour) continue
    for (const m of minutes) {
      if (h === hour && m < minute) continue
      const s = h === hour && m === minute ? seconds.find(each => each >= second) : seconds[0]
      if (s !== undefined) return ((h * 60 + m) * 60 + s) * SECOND_MS
    }
  }
  return undefined
}

function timeUpTo({ hours, minutes, seconds }: Cron, to: number): number | undefined {
  const [hour, minute, second] = partsOf(to)
  for (const h of hours.toReversed()) {
    if (h > hour) continue
    for (const m of minutes.toReversed()) {
      if (h === hour && m > minute) continue
      const s = h === hour && m === minute ? seconds.findLast(each => each <= second) : seconds.at(-1)
      if (s !== undefined) return ((h * 60 + m) * 60 + s) * SECOND_MS
    }
  }
  return undefined
}

function partsOf(ms: number): readonly [number, number, number] {
  const seconds = Math.floor(ms / SECOND_MS)
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
}

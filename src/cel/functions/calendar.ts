/** The parts of timestamps and durations: `getHours()`, in UTC or in a time zone. */
import { celMethod, type Overload } from '../function.js'
import { inZone } from '../time.js'

const DAY = 86_400_000

const PARTS: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: date => date.getUTCFullYear(),
  getMonth: date => date.getUTCMonth(),
  getDayOfYear: date => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY),
  getDayOfMonth: date => date.getUTCDate() - 1,
  getDate: date => date.getUTCDate(),
  getDayOfWeek: date => date.getUTCDay(),
  getHours: date => date.getUTCHours(),
  getMinutes: date => date.getUTCMinutes(),
  getSeconds: date => date.getUTCSeconds(),
  getMilliseconds: date => date.getUTCMilliseconds(),
}

const UNITS: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
}

export const CALENDAR: readonly Overload[] = [
  ...Object.entries(PARTS).flatMap(([name, part]) => [
    celMethod(name, ['timestamp'], 'int', ([moment]) => BigInt(part(inZone(moment, '')))),
    celMethod(name, ['timestamp', 'string'], 'int', ([moment, zone], { meter }) => {
      // Reading a zone's rules is slow.
      meter.charge(100)
      return BigInt(part(inZone(moment, zone)))
    }),
  ]),
  ...Object.entries(UNITS).map(([name, unit]) =>
    celMethod(name, ['duration'], 'int', ([{ nanoseconds }]) => nanoseconds / unit),
  ),
]

/** What a Schedule's spec means, or what is wrong with it. */
import type { ScheduleSpec } from '../resources/schedules.js'
import { wallTimeFrom } from './calendar.js'
import { type Cron, NEVER, readCron } from './cron-text.js'
import type { Timing } from './slots.js'
import { timeZoneOf } from './time-zone.js'

export const DEFAULT_TIME_ZONE = 'UTC'

export type TimingReading =
  | { readonly is: 'read'; readonly timing: Timing }
  | { readonly is: 'wrong'; readonly faults: readonly TimingFault[] }

export interface TimingFault {
  /** `spec.schedules[1]` */
  readonly path: string
  readonly value: string
  readonly message: string
  readonly hint: string
}

type Owner = { readonly namespace: string; readonly name?: string }

/** A pattern of days comes back within 40 years; from which day it is looked for makes no difference. */
const SOME_DAY = Date.UTC(2000, 0, 1)

export function cronTexts({ schedule, schedules }: ScheduleSpec): readonly string[] {
  return schedule === undefined ? (schedules ?? []) : [schedule]
}

/** `H` is spread over namespaces and names. */
export function readTiming({ namespace, name = '' }: Owner, spec: ScheduleSpec): TimingReading {
  const faults: TimingFault[] = []
  const crons: Cron[] = []
  for (const [index, text] of cronTexts(spec).entries()) {
    const reading = readFiring(text, `${namespace}/${name}`)
    const path = spec.schedule === undefined ? `spec.schedules[${index}]` : 'spec.schedule'
    if (reading.is === 'read') crons.push(reading.cron)
    else faults.push({ path, value: text, message: reading.message, hint: reading.hint })
  }
  const zoneName = spec.timeZone ?? DEFAULT_TIME_ZONE
  const zone = timeZoneOf(zoneName)
  if (zone === undefined) faults.push({ path: 'spec.timeZone', value: zoneName, ...UNKNOWN_ZONE })
  return faults.length > 0 || zone === undefined ? { is: 'wrong', faults } : { is: 'read', timing: { crons, zone } }
}

const UNKNOWN_ZONE = {
  message: 'no such time zone',
  hint: 'write a name of the IANA list, such as Europe/Berlin, America/New_York or UTC; offsets (+01:00) know no summer time',
}

/** A text that can be read and fires at all. */
export function readFiring(text: string, owner: string): ReturnType<typeof readCron> {
  const reading = readCron(text, owner)
  if (reading.is === 'wrong') return reading
  return wallTimeFrom(reading.cron, SOME_DAY) === undefined ? NEVER : reading
}

/** Cron texts: five or six fields, the names of crontab (`@daily`), and `H`. The only reader of the cron-parser package. */
import { createRequire } from 'node:module'
import { describeError } from '../lib/fault.js'
import { type CronField, spread } from './spread.js'

/** What a text says, as sets of numbers in ascending order. It speaks of wall-clock time and knows no time zone. */
export interface Cron {
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly months: readonly number[]
  readonly days: readonly number[]
  /** `L`: the last day of the month, whichever that is. */
  readonly lastDay: boolean
  /** 0 is Sunday. */
  readonly weekdays: readonly number[]
  /** `5L`: the last Friday of the month. */
  readonly lastWeekdays: readonly number[]
  /** `1#2`: the second Monday; 0 when every week counts. */
  readonly week: number
  /** The field is `*`: it rules nothing out. When both day fields rule something out, one that agrees is enough. */
  readonly anyDay: boolean
  readonly anyWeekday: boolean
  /** The hour field is `*`: the text is about intervals and not about times of day. */
  readonly everyHour: boolean
}

export type CronReading =
  | { readonly is: 'read'; readonly cron: Cron }
  | { readonly is: 'wrong'; readonly message: string; readonly hint: string }

/** Listing every value of every field takes half of this. */
const MAX_TEXT = 1024
const FIELDS: readonly CronField[] = ['second', 'minute', 'hour', 'day of month', 'month', 'day of week']
/** As crontab and CronJob have them: `@daily` is midnight. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])
const FIELDS_HINT =
  'write five fields (minute, hour, day of month, month, day of week), or six with the second first: "0 6,18 * * *"'

/** `owner` is whom `H` spreads: the same text has other times for another owner, and always the same for this one. */
export function readCron(text: string, owner: string): CronReading {
  if (text.length > MAX_TEXT) return wrong(`it is longer than ${MAX_TEXT} characters`, FIELDS_HINT)
  const trimmed = text.trim()
  if (/^(CRON_)?TZ=/.test(trimmed)) return wrong('a cron text names no time zone', 'write spec.timeZone: Europe/Berlin')
  if (trimmed.startsWith('@') && !NAMED.has(trimmed)) return wrong(`${trimmed} is no name`, namedHint(trimmed))
  const fields = (NAMED.get(trimmed) ?? trimmed).split(/\s+/)
  if (trimmed === '' || fields.length < 5 || fields.length > 6) {
    return wrong(`it has ${trimmed === '' ? 0 : fields.length} fields`, FIELDS_HINT)
  }
  const written = fields.length === 5 ? ['0', ...fields] : fields
  const plain: string[] = []
  for (const [index, field] of FIELDS.entries()) {
    const spreading = spread(field, written[index] ?? '', owner)
    if (spreading.is === 'wrong') return spreading
    plain.push(spreading.text)
  }
  try {
    return { is: 'read', cron: parse(plain) }
  } catch (error) {
    return faultOf(plain, describeError(error))
  }
}

function wrong(message: string, hint: string): CronReading {
  return { is: 'wrong', message, hint }
}

function namedHint(name: string): string {
  const names = `the names are ${[...NAMED.keys()].join(', ')}`
  return name.startsWith('@every') ? `write an interval as a step, "*/10 * * * *"; ${names}` : names
}

/** cron-parser does not say which field it is about, so each is read by itself. */
function faultOf(fields: readonly string[], message: string): CronReading {
  for (const [index, field] of FIELDS.entries()) {
    const alone = FIELDS.map((_, other) => (other === index ? (fields[index] ?? '') : '*'))
    try {
      parse(alone)
    } catch (error) {
      return wrong(`${field} "${fields[index]}": ${describeError(error)}`, FIELDS_HINT)
    }
  }
  return /day of month/.test(message) ? NEVER : wrong(message, FIELDS_HINT)
}

export const NEVER: CronReading = {
  is: 'wrong',
  message: 'no day is like that, so it would never fire',
  hint: 'look at the day of month and the month',
}

const require = createRequire(import.meta.url)
let library: typeof import('cron-parser') | undefined

/** Loaded with the first text: few commands read one, and it brings a date library along that we have no use for. */
function parse(fields: readonly string[]): Cron {
  library ??= require('cron-parser') as typeof import('cron-parser')
  const read = library.CronExpressionParser.parse(fields.join(' ')).fields
  const days: readonly (number | string)[] = read.dayOfMonth.values
  const weekdays: readonly (number | string)[] = read.dayOfWeek.values
  return {
    seconds: numbers(read.second.values),
    minutes: numbers(read.minute.values),
    hours: numbers(read.hour.values),
    months: numbers(read.month.values),
    days: numbers(days),
    lastDay: days.includes('L'),
    weekdays: numbers(numbers(weekdays).map(day => day % 7)),
    lastWeekdays: numbers(weekdays.flatMap(day => (typeof day === 'string' ? [Number.parseInt(day, 10) % 7] : []))),
    week: read.dayOfWeek.nthDay,
    anyDay: isAny(fields[3]),
    anyWeekday: isAny(fields[5]),
    everyHour: isAny(fields[2]),
  }
}

function isAny(field: string | undefined): boolean {
  return /^[*?](\/1)?$/.test(field ?? '')
}

function numbers(values: readonly (number | string)[]): readonly number[] {
  const found = values.filter(value => typeof value === 'number')
  return [...new Set(found)].sort((a, b) => a - b)
}

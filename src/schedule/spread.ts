/**
 * `H`, with Jenkins' meaning: some value of the field, chosen by a hash of who owns the schedule, so that a hundred
 * nightly jobs do not start in the same second. `H(0-29)`: one of these; `H/15`: every 15 from some start;
 * `H(0-29)/10`: both.
 */
import { createHash } from 'node:crypto'

export type CronField = 'second' | 'minute' | 'hour' | 'day of month' | 'month' | 'day of week'

/** A day that every month has, and Sunday only once. */
const RANGES: Readonly<Record<CronField, readonly [number, number]>> = {
  second: [0, 59],
  minute: [0, 59],
  hour: [0, 23],
  'day of month': [1, 28],
  month: [1, 12],
  'day of week': [0, 6],
}

type Spreading =
  | { readonly is: 'plain'; readonly text: string }
  | { readonly is: 'wrong'; readonly message: string; readonly hint: string }

/** The field with a number in the place of each `H`. */
export function spread(field: CronField, text: string, owner: string): Spreading {
  const items: string[] = []
  for (const item of text.split(',')) {
    if (!item.startsWith('H')) {
      items.push(item)
      continue
    }
    const values = spreadItem(field, item, owner)
    if (values === undefined) {
      const [first, last] = RANGES[field]
      const hint = `write H, H(${first}-${last}), H/3 or H(${first}-${last})/3: within ${first} to ${last}, the step at least 1`
      return { is: 'wrong', message: `${field} "${item}" is no H`, hint }
    }
    items.push(...values.map(String).filter(value => !items.includes(value)))
  }
  return { is: 'plain', text: items.join(',') }
}

function spreadItem(field: CronField, item: string, owner: string): readonly number[] | undefined {
  const parts = /^H(?:\((\d{1,2})-(\d{1,2})\))?(?:\/(\d{1,2}))?$/.exec(item)
  if (parts === null) return undefined
  const [least, most] = RANGES[field]
  const first = parts[1] === undefined ? least : Number(parts[1])
  const last = parts[2] === undefined ? most : Number(parts[2])
  if (first < least || last > most || first > last) return undefined
  const size = last - first + 1
  const step = parts[3] === undefined ? size : Number(parts[3])
  if (step < 1) return undefined
  const start = first + (numberOf(`${owner} ${field}`) % Math.min(step, size))
  const values: number[] = []
  for (let value = start; value <= last; value += step) values.push(value)
  return values
}

function numberOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0)
}

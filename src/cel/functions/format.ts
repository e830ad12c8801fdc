/** `'%s is %d'.format([a, b])`: cel-go's fourth version of it, which knows no locale. */
import { orderTexts } from '../compare.js'
import type { Meter } from '../meter.js'
import { CelProblem } from '../problem.js'
import { durationText, timestampText } from '../time.js'
import {
  Duration,
  entryOf,
  isList,
  keysOf,
  kindOf,
  type List,
  type MapValue,
  Timestamp,
  TypeName,
  Uint,
  type Value,
} from '../values.js'

const DEFAULT_PRECISION = 6
const MAX_PRECISION = 100

/** @throws CelProblem */
export function format(text: string, values: List, meter: Meter): string {
  meter.chargeText(text.length)
  let used = 0
  return text.replace(/%(?:%|(\.\d*)?(.)?)/gsu, (clause, precision: string | undefined, letter: string | undefined) => {
    if (clause === '%%') return '%'
    const value = values[used]
    if (used >= values.length || value === undefined) throw new CelProblem(`index ${used} out of range`)
    used += 1
    const written = formatted(value, letter, precisionOf(precision), meter)
    meter.chargeText(16 + written.length)
    return written
  })
}

function precisionOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PRECISION
  const precision = Number(text.slice(1))
  if (text === '.' || precision > MAX_PRECISION) {
    const why =
      text === '.' ? 'it has no number' : `precision ${text.slice(1, 20)} exceeds maximum allowed precision 100`
    throw new CelProblem(`could not parse formatting clause: error while parsing precision: ${why}`)
  }
  return precision
}

function formatted(value: Value, letter: string | undefined, precision: number, meter: Meter): string {
  switch (letter) {
    case 's':
      return valueText(value, meter)
    case 'd':
      return decimal(value)
    case 'f':
      return fractional(value, 'fixed-point clause can only be used on ints, uints, and doubles', number =>
        number.toFixed(precision),
      )
    case 'e':
      return fractional(value, 'scientific clause can only be used on ints, uints, and doubles', number =>
        number.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2'),
      )
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0'
      return inBase(value, 2, 'only ints, uints, and bools can be formatted as binary')
    case 'o':
      return inBase(value, 8, 'octal clause can only be used on ints and uints')
    case 'x':
      return hexadecimal(value)
    case 'X':
      return hexadecimal(value).toUpperCase()
    case undefined:
      throw new CelProblem('unexpected end of string')
    default:
      throw new CelProblem(
        `could not parse formatting clause: unrecognized formatting clause ${JSON.stringify(letter)}`,
      )
  }
}

function wrong(what: string, value: Value): CelProblem {
  return new CelProblem(`error during formatting: ${what}, was given ${kindOf(value)}`)
}

function decimal(value: Value): string {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint) return String(value.value)
  if (typeof value === 'number') return plainDouble(value)
  throw wrong('decimal clause can only be used on ints, uints, and doubles', value)
}

function fractional(value: Value, what: string, write: (number: number) => string): string {
  const number = value instanceof Uint ? Number(value.value) : typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number') throw wrong(what, value)
  return Number.isFinite(number) ? write(number) : plainDouble(number)
}

function inBase(value: Value, base: number, what: string): string {
  if (typeof value === 'bigint') return value.toString(base)
  if (value instanceof Uint) return value.value.toString(base)
  throw wrong(what, value)
}

function hexadecimal(value: Value): string {
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value as string).toString('hex')
  return inBase(value, 16, 'only ints, uints, bytes, and strings can be formatted as hex')
}

/** Without an exponent. */
function plainDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  const text = String(value)
  if (!text.includes('e')) return text
  return Math.abs(value) >= 1 ? BigInt(value).toString() : value.toFixed(MAX_PRECISION).replace(/0+$/, '')
}

function valueText(value: Value, meter: Meter): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return plainDouble(value)
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (value instanceof Duration) return durationText(value)
  if (value instanceof Timestamp) return timestampText(value)
  if (value instanceof TypeName) return value.name
  if (isList(value)) return `[${value.map(element => partText(element, meter)).join(', ')}]`
  if (typeof value === 'object' && value !== null) return mapText(value as MapValue, meter)
  return String(value)
}

function mapText(map: MapValue, meter: Meter): string {
  const entries = keysOf(map).map(key => [String(key), partText(entryOf(map, key) as Value, meter)] as const)
  const sorted = entries.sort(([a], [b]) => orderTexts(a, b))
  return `{${sorted.map(([key, text]) => `${key}: ${text}`).join(', ')}}`
}

/** Charged one by one: a list may hold the same list many times over. */
function partText(value: Value, meter: Meter): string {
  const text = valueText(value, meter)
  meter.chargeText(16 + text.length)
  return text
}

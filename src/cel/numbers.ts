/** Integers of 64 bits, and doubles as Go writes and reads them. */
import { shortened } from '../lib/shortened.js'
import { CelProblem } from './problem.js'
import { Uint } from './values.js'

const MAX_INT = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)
const MAX_UINT = 2n ** 64n - 1n
/** From a million on Go writes an exponent. */
const MAX_PLAIN_EXPONENT = 6

/** @throws CelProblem */
export function int(value: bigint): bigint {
  if (value > MAX_INT || value < MIN_INT) throw new CelProblem('integer overflow')
  return value
}

/** @throws CelProblem */
export function uint(value: bigint): Uint {
  if (value > MAX_UINT || value < 0n) throw new CelProblem('unsigned integer overflow')
  return new Uint(value)
}

/** Cuts the fraction off. @throws CelProblem */
export function intFromDouble(value: number): bigint {
  if (!Number.isFinite(value) || value <= -(2 ** 63) || value >= 2 ** 63) throw new CelProblem('integer overflow')
  return BigInt(Math.trunc(value))
}

/** @throws CelProblem */
export function uintFromDouble(value: number): Uint {
  if (!Number.isFinite(value) || value < 0 || value >= 2 ** 64) throw new CelProblem('unsigned integer overflow')
  return new Uint(BigInt(Math.trunc(value)))
}

/** @throws CelProblem */
export function parseInteger(text: string, how: 'ParseInt' | 'ParseUint'): bigint {
  const isInteger = how === 'ParseInt' ? /^[+-]?\d{1,40}$/ : /^\d{1,40}$/
  if (!isInteger.test(text)) throw syntaxError(how, text)
  const value = BigInt(text.replace(/^\+/, ''))
  const fits = how === 'ParseInt' ? value <= MAX_INT && value >= MIN_INT : value <= MAX_UINT
  if (!fits) throw new CelProblem(`strconv.${how}: parsing ${JSON.stringify(text)}: value out of range`)
  return value
}

/** @throws CelProblem */
export function parseDouble(text: string): number {
  if (/^[+-]?(inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  if (text.length > 400 || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw syntaxError('ParseFloat', text)
  return Number(text)
}

/** As Go's `%g`: `1.5`, `100000`, `1e+06`. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  const [digits = '', power = ''] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < MAX_PLAIN_EXPONENT) return Object.is(value, -0) ? '-0' : String(value)
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function syntaxError(how: string, text: string): CelProblem {
  return new CelProblem(`strconv.${how}: parsing ${JSON.stringify(shortened(text, 100))}: invalid syntax`)
}

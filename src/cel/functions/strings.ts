/** cel-go's strings extension. Places in a text count characters (code points), not UTF-16 units. */
import { celFunction, celMethod, type Overload } from '../function.js'
import type { Meter } from '../meter.js'
import { CelProblem } from '../problem.js'
import { format } from './format.js'
import { codePoints } from './texts.js'

const LIST_OF_TEXTS = { list: 'string' } as const

export const STRINGS: readonly Overload[] = [
  celMethod('charAt', ['string', 'int'], 'string', ([text, index], { meter }) => {
    return String.fromCodePoint(...codePointAt(text, placeOf(text, index, meter)))
  }),
  celMethod('indexOf', ['string', 'string'], 'int', ([text, part], { meter }) => indexOf(text, part, 0n, meter)),
  celMethod('indexOf', ['string', 'string', 'int'], 'int', ([text, part, from], { meter }) =>
    indexOf(text, part, from, meter),
  ),
  celMethod('lastIndexOf', ['string', 'string'], 'int', ([text, part], { meter }) =>
    lastIndexOf(text, part, undefined, meter),
  ),
  celMethod('lastIndexOf', ['string', 'string', 'int'], 'int', ([text, part, from], { meter }) =>
    lastIndexOf(text, part, from, meter),
  ),
  celMethod('lowerAscii', ['string'], 'string', ([text], { meter }) => {
    meter.chargeText(text.length)
    return text.replace(/[A-Z]+/g, letters => letters.toLowerCase())
  }),
  celMethod('upperAscii', ['string'], 'string', ([text], { meter }) => {
    meter.chargeText(text.length)
    return text.replace(/[a-z]+/g, letters => letters.toUpperCase())
  }),
  celMethod('trim', ['string'], 'string', ([text], { meter }) => {
    meter.chargeText(text.length)
    return text.replace(/^[\p{White_Space}]+/u, '').replace(/(?<![\p{White_Space}])[\p{White_Space}]+$/u, '')
  }),
  celMethod('reverse', ['string'], 'string', ([text], { meter }) => charactersOf(text, meter).toReversed().join('')),
  celMethod('substring', ['string', 'int'], 'string', ([text, start], { meter }) =>
    text.slice(placeOf(text, start, meter)),
  ),
  celMethod('substring', ['string', 'int', 'int'], 'string', ([text, start, end], { meter }) => {
    if (start > end) throw new CelProblem(`invalid substring range. start: ${start}, end: ${end}`)
    return text.slice(placeOf(text, start, meter), placeOf(text, end, meter))
  }),
  celMethod('replace', ['string', 'string', 'string'], 'string', ([text, old, by], { meter }) =>
    replace(text, old, by, -1n, meter),
  ),
  celMethod('replace', ['string', 'string', 'string', 'int'], 'string', ([text, old, by, limit], { meter }) =>
    replace(text, old, by, limit, meter),
  ),
  celMethod('split', ['string', 'string'], LIST_OF_TEXTS, ([text, separator], { meter }) =>
    split(text, separator, -1n, meter),
  ),
  celMethod('split', ['string', 'string', 'int'], LIST_OF_TEXTS, ([text, separator, limit], { meter }) =>
    split(text, separator, limit, meter),
  ),
  celMethod('join', [LIST_OF_TEXTS], 'string', ([list], { meter }) => join(list, '', meter)),
  celMethod('join', [LIST_OF_TEXTS, 'string'], 'string', ([list, separator], { meter }) =>
    join(list, separator, meter),
  ),
  celMethod('format', ['string', { list: 'dyn' }], 'string', ([text, values], { meter }) =>
    format(text, values, meter),
  ),
  celFunction('strings.quote', ['string'], 'string', ([text], { meter }) => quote(text, meter)),
]

function charactersOf(text: string, meter: Meter): readonly string[] {
  // An array of single characters is many times the size of its text.
  meter.charge(text.length)
  return Array.from(text)
}

/** Where the character of that number begins; the end of the text is a place too. @throws CelProblem */
function placeOf(text: string, index: bigint, meter: Meter): number {
  const place = index < 0n ? undefined : unitAt(text, index, meter)
  // From the end on there are no characters to count.
  if (place === undefined || (place === text.length && BigInt(codePoints(text, meter)) < index)) {
    throw new CelProblem(`index out of range: ${index}`)
  }
  return place
}

/** None at the end. */
function codePointAt(text: string, place: number): readonly number[] {
  const found = text.codePointAt(place)
  return found === undefined ? [] : [found]
}

function indexOf(text: string, part: string, from: bigint, meter: Meter): bigint {
  if (from < 0n) throw new CelProblem(`index out of range: ${from}`)
  const start = unitAt(text, from, meter)
  if (part === '') return BigInt(codePoints(text.slice(0, start), meter))
  meter.chargeSearch(text.length, part.length)
  const found = text.indexOf(part, start)
  return found < 0 ? -1n : BigInt(codePoints(text.slice(0, found), meter))
}

function lastIndexOf(text: string, part: string, from: bigint | undefined, meter: Meter): bigint {
  if (from !== undefined && from < 0n) throw new CelProblem(`index out of range: ${from}`)
  const start = from === undefined ? text.length : unitAt(text, from, meter)
  if (part === '') return BigInt(codePoints(text.slice(0, start), meter))
  if (from !== undefined && start >= text.length) return -1n
  meter.chargeSearch(text.length, part.length)
  const found = text.lastIndexOf(part, start)
  return found < 0 ? -1n : BigInt(codePoints(text.slice(0, found), meter))
}

/** Where the character of that number begins; the end of the text for a number beyond it. */
function unitAt(text: string, character: bigint, meter: Meter): number {
  meter.chargeText(text.length)
  let unit = 0
  for (let left = Number(character); left > 0 && unit < text.length; left -= 1) {
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1
  }
  return unit
}

/** A negative limit is none. An empty `old` is found before every character and at the end. */
function replace(text: string, old: string, by: string, limit: bigint, meter: Meter): string {
  if (limit === 0n) return text
  const parts = old === '' ? ['', ...charactersOf(text, meter), ''] : pieces(text, old, meter)
  const gaps = old === '' && text === '' ? 1 : parts.length - 1
  const replaced = limit < 0n || limit > BigInt(gaps) ? gaps : Number(limit)
  meter.chargeText(text.length + replaced * by.length)
  if (old === '' && text === '') return by
  const rest = parts.slice(replaced).join(old)
  return replaced === 0 ? rest : `${parts.slice(0, replaced).join(by)}${by}${rest}`
}

function split(text: string, separator: string, limit: bigint, meter: Meter): readonly string[] {
  if (limit === 0n) return []
  if (limit === 1n) return [text]
  const parts = separator === '' ? charactersOf(text, meter) : pieces(text, separator, meter)
  if (limit < 0n || BigInt(parts.length) <= limit) return parts
  const kept = Number(limit) - 1
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)]
}

function pieces(text: string, separator: string, meter: Meter): readonly string[] {
  meter.chargeSearch(text.length, separator.length)
  const parts = text.split(separator)
  meter.charge(parts.length)
  return parts
}

function join(list: readonly unknown[], separator: string, meter: Meter): string {
  let length = list.length * separator.length
  for (const element of list) {
    if (typeof element !== 'string') throw new CelProblem('join: invalid input: not a string')
    length += element.length
  }
  meter.charge(list.length)
  meter.chargeText(length)
  return list.join(separator)
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

function quote(text: string, meter: Meter): string {
  meter.chargeText(2 * text.length)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  return `"${text.replace(/["\\\u0007\b\f\n\r\t\v]/g, character => ESCAPES[character] ?? character)}"`
}

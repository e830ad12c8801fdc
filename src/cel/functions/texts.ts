/** What every CEL can do with texts and sizes: `size`, `contains`, `startsWith`, `endsWith`, `matches`. */
import { celFunction, celMethod, type Overload } from '../function.js'
import type { Meter } from '../meter.js'
import { matches } from '../regex.js'
import type { Type } from '../types.js'
import { isList, sizeOf, type Value } from '../values.js'

const SIZED: readonly Type[] = ['string', 'bytes', { list: 'A' }, { key: 'A', value: 'B' }]

const sizes: readonly Overload[] = SIZED.flatMap(type => [
  celFunction('size', [type], 'int', ([value], { meter }) => BigInt(size(value as Value, meter))),
  celMethod('size', [type], 'int', ([value], { meter }) => BigInt(size(value as Value, meter))),
])

function size(value: Value, meter: Meter): number {
  if (typeof value === 'string') return codePoints(value, meter)
  if (isList(value) || value instanceof Uint8Array) return value.length
  return sizeOf(value as never)
}

export function codePoints(text: string, meter: Meter): number {
  meter.chargeText(text.length)
  let surrogatePairs = 0
  for (let index = 0; index < text.length; index += 1) {
    if ((text.codePointAt(index) ?? 0) > 0xffff) {
      surrogatePairs += 1
      index += 1
    }
  }
  return text.length - surrogatePairs
}

export const TEXTS: readonly Overload[] = [
  ...sizes,
  celMethod('contains', ['string', 'string'], 'bool', ([text, part], { meter }) => {
    meter.chargeSearch(text.length, part.length)
    return text.includes(part)
  }),
  celMethod('startsWith', ['string', 'string'], 'bool', ([text, part], { meter }) => {
    meter.chargeText(part.length)
    return text.startsWith(part)
  }),
  celMethod('endsWith', ['string', 'string'], 'bool', ([text, part], { meter }) => {
    meter.chargeText(part.length)
    return text.endsWith(part)
  }),
  celMethod('matches', ['string', 'string'], 'bool', ([text, pattern], { meter }) => matches(text, pattern, meter)),
  celFunction('matches', ['string', 'string'], 'bool', ([text, pattern], { meter }) => matches(text, pattern, meter)),
]

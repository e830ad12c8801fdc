/** What Kubernetes adds to CEL for rules about its objects: lists that are looked at as a whole, and what a text is. */
import { isCidr, isIPv4, isIPv6, isUri } from '../../lib/ip-address.js'
import { equal, order } from '../compare.js'
import { celFunction, celMethod, type Overload } from '../function.js'
import type { Meter } from '../meter.js'
import { int } from '../numbers.js'
import { CelProblem } from '../problem.js'
import { findAll } from '../regex.js'
import { duration } from '../time.js'
import type { List, Value } from '../values.js'

const LIST_A = { list: 'A' } as const

const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/

/** Whether a text is one of them. */
const FORMS: Readonly<Record<string, (text: string) => boolean>> = {
  isIP: text => isIPv4(text) || isIPv6(text),
  isCIDR: isCidr,
  isURL: isUri,
  isQuantity: text => QUANTITY.test(text),
}

export const KUBERNETES: readonly Overload[] = [
  ...Object.entries(FORMS).map(([name, isOne]) =>
    celFunction(name, ['string'], 'bool', ([text], { meter }) => {
      meter.chargeText(text.length)
      return isOne(text)
    }),
  ),
  celMethod('isSorted', [LIST_A], 'bool', ([list], { meter }) => {
    return list.every((value, index) => index === 0 || order(list[index - 1] as Value, value, meter) <= 0)
  }),
  celMethod('min', [LIST_A], 'A', ([list], { meter }) => extreme(list, -1, 'min', meter)),
  celMethod('max', [LIST_A], 'A', ([list], { meter }) => extreme(list, 1, 'max', meter)),
  celMethod('indexOf', [LIST_A, 'A'], 'int', ([list, value], { meter }) => {
    return BigInt(list.findIndex(one => isSame(one, value, meter)))
  }),
  celMethod('lastIndexOf', [LIST_A, 'A'], 'int', ([list, value], { meter }) => {
    return BigInt(list.findLastIndex(one => isSame(one, value, meter)))
  }),
  celMethod('sum', [{ list: 'int' }], 'int', ([list], { meter }) => {
    meter.charge(list.length)
    return list.reduce<bigint>((sum, value) => int(sum + (value as bigint)), 0n)
  }),
  celMethod('sum', [{ list: 'double' }], 'double', ([list], { meter }) => {
    meter.charge(list.length)
    return list.reduce<number>((sum, value) => sum + (value as number), 0)
  }),
  celMethod('sum', [{ list: 'duration' }], 'duration', ([list], { meter }) => {
    meter.charge(list.length)
    return duration(list.reduce<bigint>((sum, value) => sum + (value as { nanoseconds: bigint }).nanoseconds, 0n))
  }),
  celMethod('find', ['string', 'string'], 'string', ([text, pattern], { meter }) => {
    return findAll(text, pattern, 1, meter)[0] ?? ''
  }),
  celMethod('findAll', ['string', 'string'], { list: 'string' }, ([text, pattern], { meter }) => {
    return findAll(text, pattern, text.length + 1, meter)
  }),
  celMethod('findAll', ['string', 'string', 'int'], { list: 'string' }, ([text, pattern, most], { meter }) => {
    return findAll(text, pattern, most < 0n ? text.length + 1 : Number(most), meter)
  }),
]

function extreme(list: List, sign: 1 | -1, name: string, meter: Meter): Value {
  const [first, ...rest] = list
  if (first === undefined) throw new CelProblem(`${name} called on empty list`)
  return rest.reduce((best, value) => (order(value, best, meter) * sign > 0 ? value : best), first)
}

function isSame(one: Value, value: Value, meter: Meter): boolean {
  meter.charge(1)
  return equal(one, value, meter)
}

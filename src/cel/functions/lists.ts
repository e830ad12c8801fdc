/** cel-go's lists and sets extensions. */
import { equal, isComparable, order } from '../compare.js'
import { celFunction, celMethod, type Overload } from '../function.js'
import type { Meter } from '../meter.js'
import { CelProblem } from '../problem.js'
import { isList, kindOf, type List, type Value } from '../values.js'

const LIST_A = { list: 'A' } as const
const MAX_DEPTH = 1000

export const LISTS: readonly Overload[] = [
  celMethod('slice', [LIST_A, 'int', 'int'], LIST_A, ([list, start, end], { meter }) => {
    const called = `cannot slice(${start}, ${end})`
    if (start < 0n || end < 0n) throw new CelProblem(`${called}, negative indexes not supported`)
    if (start > end) throw new CelProblem(`${called}, start index must be less than or equal to end index`)
    if (end > BigInt(list.length)) throw new CelProblem(`${called}, list is length ${list.length}`)
    meter.charge(Number(end - start))
    return list.slice(Number(start), Number(end))
  }),
  celMethod('flatten', [{ list: { list: 'A' } }], LIST_A, ([list], { meter }) => flattened(list, 1, meter)),
  celMethod('flatten', [{ list: 'dyn' }, 'int'], { list: 'dyn' }, ([list, depth], { meter }) => {
    if (depth < 0n) throw new CelProblem('level must be non-negative')
    return flattened(list, depth > BigInt(MAX_DEPTH) ? MAX_DEPTH : Number(depth), meter)
  }),
  celFunction('lists.range', ['int'], { list: 'int' }, ([length], { meter }) => {
    // The list is not begun before it is paid for.
    meter.charge(Number(length))
    return Array.from({ length: Math.max(0, Number(length)) }, (_, index) => BigInt(index))
  }),
  celMethod('distinct', [LIST_A], LIST_A, ([list], { meter }) => distinct(list, meter)),
  celMethod('reverse', [LIST_A], LIST_A, ([list], { meter }) => {
    meter.charge(list.length)
    return list.toReversed()
  }),
  celMethod('sort', [LIST_A], LIST_A, ([list], { meter }) => sorted(list, list, meter)),
  celMethod('@sortByKeys', [LIST_A, { list: 'B' }], LIST_A, ([list, keys], { meter }) => sorted(list, keys, meter)),
]

const BOTH_LISTS = [LIST_A, LIST_A] as const

export const SETS: readonly Overload[] = [
  celFunction('sets.contains', BOTH_LISTS, 'bool', ([list, part], { meter }) => containsAll(list, part, meter)),
  celFunction('sets.equivalent', BOTH_LISTS, 'bool', ([a, b], { meter }) => {
    return containsAll(a, b, meter) && containsAll(b, a, meter)
  }),
  celFunction('sets.intersects', BOTH_LISTS, 'bool', ([a, b], { meter }) => a.some(one => includes(b, one, meter))),
]

function containsAll(list: List, part: List, meter: Meter): boolean {
  return part.every(one => includes(list, one, meter))
}

function includes(list: List, value: Value, meter: Meter): boolean {
  return list.some(element => {
    meter.charge(1)
    return equal(element, value, meter)
  })
}

function flattened(list: List, depth: number, meter: Meter): List {
  const flat: Value[] = []
  const add = (elements: List, levels: number): void => {
    for (const element of elements) {
      meter.charge(1)
      if (isList(element) && levels > 0) add(element, levels - 1)
      else flat.push(element)
    }
  }
  add(list, depth)
  return flat
}

function distinct(list: List, meter: Meter): List {
  const texts = new Set<string>()
  const others: Value[] = []
  return list.filter(value => {
    meter.charge(1)
    if (typeof value === 'string') return texts.size < texts.add(value).size
    if (includes(others, value, meter)) return false
    others.push(value)
    return true
  })
}

/** Elements in the order of their keys; those of equal keys stay as they were. */
function sorted(list: List, keys: List, meter: Meter): List {
  const [first] = keys
  if (first === undefined) return list
  if (!keys.every(isComparable)) throw new CelProblem('list elements must be comparable')
  if (keys.some(key => kindOf(key) !== kindOf(first))) throw new CelProblem('list elements must have the same type')
  const places = keys.map((_, index) => index)
  places.sort((a, b) => {
    meter.charge(1)
    return order(keys[a] as Value, keys[b] as Value, meter)
  })
  return places.map(place => list[place] as Value)
}

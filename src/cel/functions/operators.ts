/** What stands between two values: arithmetic, order, membership. `==`, `&&`, `||`, `?:` and `[]` are the compiler's. */
import { equal, order } from '../compare.js'
import { type Context, celFunction, type Overload } from '../function.js'
import { int, uint } from '../numbers.js'
import { CelProblem } from '../problem.js'
import { duration, timestamp } from '../time.js'
import type { Type } from '../types.js'
import { entryOf, type List, type MapValue, type Value } from '../values.js'

const LIST_A = { list: 'A' } as const
const MAP_AB = { key: 'A', value: 'B' } as const

const addition: readonly Overload[] = [
  celFunction('_+_', ['string', 'string'], 'string', ([a, b], { meter }) => {
    meter.chargeText(a.length + b.length)
    return a + b
  }),
  celFunction('_+_', ['double', 'double'], 'double', ([a, b]) => a + b),
  celFunction('_+_', ['int', 'int'], 'int', ([a, b]) => int(a + b)),
  celFunction('_+_', ['uint', 'uint'], 'uint', ([a, b]) => uint(a.value + b.value)),
  celFunction('_+_', [LIST_A, LIST_A], LIST_A, ([a, b], { meter }) => {
    meter.charge(a.length + b.length)
    return [...a, ...b]
  }),
  celFunction('_+_', ['bytes', 'bytes'], 'bytes', ([a, b], { meter }) => {
    meter.chargeText(a.length + b.length)
    return Buffer.concat([a, b])
  }),
  celFunction('_+_', ['duration', 'duration'], 'duration', ([a, b]) => duration(a.nanoseconds + b.nanoseconds)),
  celFunction('_+_', ['timestamp', 'duration'], 'timestamp', ([a, b]) => timestamp(a.nanoseconds + b.nanoseconds)),
  celFunction('_+_', ['duration', 'timestamp'], 'timestamp', ([a, b]) => timestamp(a.nanoseconds + b.nanoseconds)),
]

const arithmetic: readonly Overload[] = [
  celFunction('_-_', ['double', 'double'], 'double', ([a, b]) => a - b),
  celFunction('_-_', ['int', 'int'], 'int', ([a, b]) => int(a - b)),
  celFunction('_-_', ['uint', 'uint'], 'uint', ([a, b]) => uint(a.value - b.value)),
  celFunction('_-_', ['duration', 'duration'], 'duration', ([a, b]) => duration(a.nanoseconds - b.nanoseconds)),
  celFunction('_-_', ['timestamp', 'duration'], 'timestamp', ([a, b]) => timestamp(a.nanoseconds - b.nanoseconds)),
  celFunction('_-_', ['timestamp', 'timestamp'], 'duration', ([a, b]) => duration(a.nanoseconds - b.nanoseconds)),
  celFunction('_*_', ['double', 'double'], 'double', ([a, b]) => a * b),
  celFunction('_*_', ['int', 'int'], 'int', ([a, b]) => int(a * b)),
  celFunction('_*_', ['uint', 'uint'], 'uint', ([a, b]) => uint(a.value * b.value)),
  celFunction('_/_', ['double', 'double'], 'double', ([a, b]) => a / b),
  celFunction('_/_', ['int', 'int'], 'int', ([a, b]) => int(a / divisor(b, 'division'))),
  celFunction('_/_', ['uint', 'uint'], 'uint', ([a, b]) => uint(a.value / divisor(b.value, 'division'))),
  celFunction('_%_', ['int', 'int'], 'int', ([a, b]) => a % divisor(b, 'modulus')),
  celFunction('_%_', ['uint', 'uint'], 'uint', ([a, b]) => uint(a.value % divisor(b.value, 'modulus'))),
  celFunction('-_', ['double'], 'double', ([a]) => -a),
  celFunction('-_', ['int'], 'int', ([a]) => int(-a)),
  celFunction('!_', ['bool'], 'bool', ([a]) => !a),
]

function divisor(value: bigint, of: 'division' | 'modulus'): bigint {
  if (value === 0n) throw new CelProblem(`${of} by zero`)
  return value
}

/** Statically of one type only, as cel-go compiles by default; what is found at run time may be any two numbers. */
const ORDERED: readonly Type[] = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration']

const comparisons: readonly Overload[] = (['_<_', '_<=_', '_>_', '_>=_'] as const).flatMap(name =>
  ORDERED.map(type =>
    celFunction(name, [type, type], 'bool', ([a, b], { meter }) => holds(name, order(a as Value, b as Value, meter))),
  ),
)

function holds(name: '_<_' | '_<=_' | '_>_' | '_>=_', sign: number): boolean {
  switch (name) {
    case '_<_':
      return sign < 0
    case '_<=_':
      return sign <= 0
    case '_>_':
      return sign > 0
    case '_>=_':
      return sign >= 0
  }
}

const membership: readonly Overload[] = [
  celFunction('@in', ['A', LIST_A], 'bool', ([value, list], { meter }) => includes(list, value, meter)),
  celFunction('@in', ['A', MAP_AB], 'bool', ([key, map]) => entryOf(map as MapValue, key as Value) !== undefined),
]

function includes(list: List, value: Value, meter: Context['meter']): boolean {
  for (const element of list) {
    meter.charge(1)
    if (equal(element, value, meter)) return true
  }
  return false
}

export const OPERATORS: readonly Overload[] = [...addition, ...arithmetic, ...comparisons, ...membership]

/** cel-go's math extension. */
import { order } from '../compare.js'
import { celFunction, type Overload } from '../function.js'
import type { Meter } from '../meter.js'
import { int } from '../numbers.js'
import { CelProblem, noSuchOverload } from '../problem.js'
import { isList, Uint, type Value } from '../values.js'

const NUMBERS = ['double', 'int', 'uint'] as const
const BITS = 64n
const ALL_BITS = 2n ** BITS - 1n

/** `math.greatest(a, b, c)` is compiled as `math.@max([a, b, c])`. */
function extremes(name: 'math.@max' | 'math.@min', sign: 1 | -1): readonly Overload[] {
  const better = (a: Value, b: Value, meter: Meter): Value => (order(b, a, meter) * sign > 0 ? b : a)
  const best = (value: Value, meter: Meter): Value => {
    if (!isList(value)) return value
    const [first, ...others] = value
    if (first === undefined) throw new CelProblem(`${name}(list) argument must not be empty`)
    return others.reduce<Value>(
      (found, other) => {
        meter.charge(1)
        return better(number(found, name), number(other, name), meter)
      },
      number(first, name),
    )
  }
  return NUMBERS.flatMap(one => [
    celFunction(name, [one], one, ([value]) => value as Value),
    celFunction(name, [{ list: one }], one, ([list], { meter }) => best(list as Value, meter)),
    ...NUMBERS.map(other =>
      celFunction(name, [one, other], one === other ? one : 'dyn', ([a, b], { meter }) =>
        better(a as Value, b as Value, meter),
      ),
    ),
  ])
}

function number(value: Value, name: string): Value {
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Uint) return value
  throw noSuchOverload(name)
}

const roundings: readonly Overload[] = [
  celFunction('math.ceil', ['double'], 'double', ([value]) => Math.ceil(value)),
  celFunction('math.floor', ['double'], 'double', ([value]) => Math.floor(value)),
  // Ties go away from zero; JavaScript's go up.
  celFunction('math.round', ['double'], 'double', ([value]) => Math.sign(value) * Math.round(Math.abs(value))),
  celFunction('math.trunc', ['double'], 'double', ([value]) => Math.trunc(value)),
  celFunction('math.isInf', ['double'], 'bool', ([value]) => Math.abs(value) === Infinity),
  celFunction('math.isNaN', ['double'], 'bool', ([value]) => Number.isNaN(value)),
  celFunction('math.isFinite', ['double'], 'bool', ([value]) => Number.isFinite(value)),
  celFunction('math.abs', ['double'], 'double', ([value]) => Math.abs(value)),
  celFunction('math.abs', ['int'], 'int', ([value]) => int(value < 0n ? -value : value)),
  celFunction('math.abs', ['uint'], 'uint', ([value]) => value),
  celFunction('math.sign', ['double'], 'double', ([value]) => Math.sign(value)),
  celFunction('math.sign', ['int'], 'int', ([value]) => (value > 0n ? 1n : value < 0n ? -1n : 0n)),
  celFunction('math.sign', ['uint'], 'uint', ([{ value }]) => new Uint(value > 0n ? 1n : 0n)),
  celFunction('math.sqrt', ['double'], 'double', ([value]) => Math.sqrt(value)),
  celFunction('math.sqrt', ['int'], 'double', ([value]) => Math.sqrt(Number(value))),
  celFunction('math.sqrt', ['uint'], 'double', ([{ value }]) => Math.sqrt(Number(value))),
]

const TWO_BITS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  'math.bitAnd': (a, b) => a & b,
  'math.bitOr': (a, b) => a | b,
  'math.bitXor': (a, b) => a ^ b,
}

const bits: readonly Overload[] = [
  ...Object.entries(TWO_BITS).flatMap(([name, combine]) => [
    celFunction(name, ['int', 'int'], 'int', ([a, b]) => combine(a, b)),
    celFunction(name, ['uint', 'uint'], 'uint', ([a, b]) => new Uint(combine(a.value, b.value))),
  ]),
  celFunction('math.bitNot', ['int'], 'int', ([value]) => ~value),
  celFunction('math.bitNot', ['uint'], 'uint', ([{ value }]) => new Uint(value ^ ALL_BITS)),
  celFunction('math.bitShiftLeft', ['int', 'int'], 'int', ([value, by]) => {
    const places = shift(by, 'math.bitShiftLeft')
    return places >= BITS ? 0n : BigInt.asIntN(64, value << places)
  }),
  celFunction('math.bitShiftLeft', ['uint', 'int'], 'uint', ([{ value }, by]) => {
    const places = shift(by, 'math.bitShiftLeft')
    return new Uint(places >= BITS ? 0n : BigInt.asUintN(64, value << places))
  }),
  // The sign is not kept: what comes in from the left is 0.
  celFunction('math.bitShiftRight', ['int', 'int'], 'int', ([value, by]) => {
    const places = shift(by, 'math.bitShiftRight')
    return places >= BITS ? 0n : BigInt.asIntN(64, BigInt.asUintN(64, value) >> places)
  }),
  celFunction('math.bitShiftRight', ['uint', 'int'], 'uint', ([{ value }, by]) => {
    const places = shift(by, 'math.bitShiftRight')
    return new Uint(places >= BITS ? 0n : value >> places)
  }),
]

function shift(by: bigint, name: string): bigint {
  if (by < 0n) throw new CelProblem(`${name}() negative offset: ${by}`)
  return by
}

export const MATH: readonly Overload[] = [
  ...extremes('math.@max', 1),
  ...extremes('math.@min', -1),
  ...roundings,
  ...bits,
]

/** Constants, lists, maps and the names of types. */
import { CelProblem } from './problem.js'
import { CheckProblem, type Program, sizeOfAll } from './program.js'
import type { Constant, Node } from './syntax.js'
import { joined, type Type } from './types.js'
import { type MapKey, mapKey, TypeName, Uint, type Value } from './values.js'

const TYPE_NAMES: Readonly<Record<string, Type>> = {
  bool: 'bool',
  int: 'int',
  uint: 'uint',
  double: 'double',
  string: 'string',
  bytes: 'bytes',
  null_type: 'null',
  list: { list: 'dyn' },
  map: { key: 'dyn', value: 'dyn' },
  type: { type: 'dyn' },
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.Duration': 'duration',
}

export function constantProgram(node: Node, constant: Constant): Program {
  if (constant.case === 'int64Value' && BigInt.asIntN(64, constant.value) !== constant.value) {
    throw new CheckProblem(node, 'invalid int literal')
  }
  if (constant.case === 'uint64Value' && BigInt.asUintN(64, constant.value) !== constant.value) {
    throw new CheckProblem(node, 'invalid uint literal')
  }
  const [type, constantValue] = constantOf(constant)
  return { type, size: 1, run: () => constantValue, constant: constantValue }
}

function constantOf(constant: Constant): readonly [Type, Value] {
  switch (constant.case) {
    case 'stringValue':
      return ['string', constant.value]
    case 'boolValue':
      return ['bool', constant.value]
    case 'int64Value':
      return ['int', constant.value]
    case 'uint64Value':
      return ['uint', new Uint(constant.value)]
    case 'doubleValue':
      return ['double', constant.value]
    case 'bytesValue':
      return ['bytes', constant.value]
    case 'nullValue':
      return ['null', null]
  }
}

/** The type that is called `name`, as a value; undefined when none is. */
export function typeProgram(name: string): Program | undefined {
  if (!Object.hasOwn(TYPE_NAMES, name)) return undefined
  const value = new TypeName(name)
  return { type: { type: TYPE_NAMES[name] ?? 'dyn' }, size: 1, run: () => value, constant: value }
}

export function listProgram(elements: readonly Program[]): Program {
  const type: Type = { list: joined(elements.map(element => element.type)) }
  const constants = elements.flatMap(({ constant }) => (constant === undefined ? [] : [constant]))
  const size = sizeOfAll(elements)
  if (constants.length === elements.length) return { type, size: 1, run: () => constants, constant: constants }
  return {
    type,
    size,
    run: frame => {
      frame.meter.charge(elements.length)
      return elements.map(({ run }) => run(frame))
    },
  }
}

export function mapProgram(keys: readonly Program[], values: readonly Program[]): Program {
  return {
    ...(keys.length === 0 ? { constant: new Map() } : {}),
    type: { key: joined(keys.map(({ type }) => type)), value: joined(values.map(({ type }) => type)) },
    size: sizeOfAll([...keys, ...values]),
    run: frame => {
      frame.meter.charge(keys.length)
      const map = new Map<MapKey, Value>()
      for (const [index, { run }] of keys.entries()) {
        const key = mapKey(run(frame))
        if (key === undefined) throw new CelProblem('unsupported key type')
        map.set(key, values[index]?.run(frame) as Value)
      }
      return map
    },
  }
}

/**
 * An expression's tree to a function: checked once against what is declared, as cel-go does, then run as often as wanted.
 * Our own and not the library's, so that there is one place where everything that takes time is paid for (meter.ts), and
 * so that an event's JSON is used as it is (values.ts).
 */
import { equal } from './compare.js'
import { accepts, type Context, type Overload } from './function.js'
import { loopOf } from './macros.js'
import { CelProblem, noSuchOverload } from './problem.js'
import type { Call, Comprehension, Constant, Entry, Node, Select } from './syntax.js'
import { type Bindings, fits, joined, substituted, type Type, typeText } from './types.js'
import { entryOf, isList, isMap, keysOf, kindOf, type MapKey, mapKey, TypeName, Uint, type Value } from './values.js'

export interface Declarations {
  readonly variables: Readonly<Record<string, Type>>
  readonly functions: ReadonlyMap<string, readonly Overload[]>
}

/** One evaluation: what the variables are, and the variables of the loops that are under way. */
export interface Frame extends Context {
  readonly variables: Readonly<Record<string, Value>>
  readonly loops: Value[]
}

export interface Program {
  readonly type: Type
  /** @throws CelProblem, LimitExceeded */
  readonly run: (frame: Frame) => Value
  /** How many nodes it has: what a turn of a loop costs. */
  readonly size: number
  /** When it is always the same. */
  readonly constant?: Value
}

/** A mistake that shows without an event. */
export class CheckProblem extends Error {
  readonly node: Node
  constructor(node: Node, message: string) {
    super(message)
    this.node = node
  }
}

/** An error that `&&` or `||` looks past costs more than a value. */
const CAUGHT_COST = 20

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

const MACROS = ['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter', 'sortBy']

/** @throws CheckProblem */
export function compile(root: Node, declarations: Declarations): Program {
  return new Compiler(declarations, []).compile(root)
}

interface LoopVariable {
  readonly name: string
  readonly type: Type
}

class Compiler {
  readonly #declarations: Declarations
  /** The variables of the loops around, outermost first. */
  readonly #loops: readonly LoopVariable[]

  constructor(declarations: Declarations, loops: readonly LoopVariable[]) {
    this.#declarations = declarations
    this.#loops = loops
  }

  compile(node: Node): Program {
    const { exprKind } = node
    switch (exprKind.case) {
      case 'constExpr':
        return constantProgram(node, exprKind.value.constantKind)
      case 'identExpr':
        return this.#identifier(node, exprKind.value.name)
      case 'selectExpr':
        return this.#select(node, exprKind.value)
      case 'callExpr':
        return this.#call(node, exprKind.value)
      case 'listExpr':
        return listProgram(exprKind.value.elements.map(element => this.compile(element)))
      case 'structExpr':
        if (exprKind.value.messageName !== '') throw undeclared(node, exprKind.value.messageName)
        return this.#map(node, exprKind.value.entries)
      case 'comprehensionExpr':
        return this.#loop(node, exprKind.value)
      default:
        throw new CheckProblem(node, 'an empty expression')
    }
  }

  #identifier(node: Node, name: string): Program {
    const place = this.#loops.findLastIndex(loop => loop.name === name)
    if (place >= 0) {
      return { type: this.#loops[place]?.type ?? 'dyn', size: 1, run: frame => frame.loops[place] as Value }
    }
    if (Object.hasOwn(this.#declarations.variables, name)) {
      const type = this.#declarations.variables[name] ?? 'dyn'
      return { type, size: 1, run: frame => frame.variables[name] as Value }
    }
    if (Object.hasOwn(TYPE_NAMES, name)) return typeProgram(name)
    throw undeclared(node, name)
  }

  #select(node: Node, { operand, field, testOnly }: Select): Program {
    const name = qualifiedName(node)
    if (name !== undefined && !testOnly && Object.hasOwn(TYPE_NAMES, name)) return typeProgram(name)
    const object = this.compile(operand)
    const { type } = object
    if (type !== 'dyn' && (typeof type === 'string' || !('key' in type))) {
      throw new CheckProblem(node, `type '${typeText(type)}' does not support field selection`)
    }
    const size = object.size + 1
    if (testOnly) return { type: 'bool', size, run: frame => has(object.run(frame), field) }
    return {
      type: type === 'dyn' ? 'dyn' : type.value,
      size,
      run: frame => memberOf(object.run(frame), field),
    }
  }

  #map(node: Node, entries: readonly Entry[]): Program {
    const keys = entries.map(({ keyKind }) => {
      if (keyKind.case !== 'mapKey') throw new CheckProblem(node, 'a map has keys, not fields')
      return this.compile(keyKind.value)
    })
    const values = entries.map(({ value }) => this.compile(value))
    return {
      ...(entries.length === 0 ? { constant: new Map() } : {}),
      type: { key: joined(keys.map(({ type }) => type)), value: joined(values.map(({ type }) => type)) },
      size: sizeOfAll([...keys, ...values]),
      run: frame => {
        frame.meter.charge(entries.length)
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

  #call(node: Node, call: Call): Program {
    const space = call.target === undefined ? undefined : qualifiedName(call.target)
    const name = space === undefined ? undefined : `${space}.${call.function}`
    if (name === 'math.greatest' || name === 'math.least') return this.#extreme(node, name, call.args)
    if (name !== undefined && this.#declarations.functions.has(name)) {
      return this.#function(node, name, false, call.args)
    }
    if (call.function === 'sortBy' && call.target !== undefined) return this.#sortBy(node, call.target, call.args)
    const args = call.target === undefined ? call.args : [call.target, ...call.args]
    switch (call.function) {
      case '_&&_':
        return this.#logic(node, args, false)
      case '_||_':
        return this.#logic(node, args, true)
      case '_?_:_':
        return this.#conditional(node, args)
      case '_==_':
      case '_!=_':
        return this.#equality(node, args, call.function)
      case '_[_]':
        return this.#index(node, args)
      case 'has':
        if (call.target === undefined) throw new CheckProblem(node, 'invalid argument to has() macro')
        break
      default:
    }
    return this.#function(node, call.function, call.target !== undefined, args)
  }

  #function(node: Node, name: string, isMethod: boolean, nodes: readonly Node[]): Program {
    const args = nodes.map(arg => this.compile(arg))
    const declared = this.#declarations.functions.get(name)
    if (declared === undefined) {
      if (MACROS.includes(name)) throw new CheckProblem(node, `argument must be a simple name in ${name}()`)
      throw undeclared(node, name)
    }
    return callProgram(node, name, isMethod, declared, args)
  }

  #extreme(node: Node, name: 'math.greatest' | 'math.least', nodes: readonly Node[]): Program {
    const internal = name === 'math.greatest' ? 'math.@max' : 'math.@min'
    const declared = this.#declarations.functions.get(internal)
    if (declared === undefined) throw undeclared(node, name)
    if (nodes.length === 0) throw new CheckProblem(node, `${name}() requires at least one argument`)
    const args = nodes.map(arg => this.compile(arg))
    return callProgram(node, internal, false, declared, args.length <= 2 ? args : [listProgram(args)])
  }

  #sortBy(node: Node, target: Node, args: readonly Node[]): Program {
    const declared = this.#declarations.functions.get('@sortByKeys')
    if (declared === undefined) throw undeclared(node, 'sortBy')
    const [variable, key] = args
    if (variable?.exprKind.case !== 'identExpr' || key === undefined || args.length !== 2) {
      throw new CheckProblem(node, 'argument must be a simple name in sortBy()')
    }
    const list = this.compile(target)
    const keys = this.#mapped(node, list, variable.exprKind.value.name, undefined, key)
    return callProgram(node, '@sortByKeys', true, declared, [list, keys])
  }

  /** `decisive` is the value that ends it: what fails beside it does not matter. */
  #logic(node: Node, nodes: readonly Node[], decisive: boolean): Program {
    const parts = nodes.map(part => this.compile(part))
    if (!parts.every(({ type }) => fits('bool', type))) throw noMatch(node, decisive ? '_||_' : '_&&_', false, parts)
    const runs = parts.map(({ run }) => run)
    const run = (frame: Frame): Value => {
      let problem: CelProblem | undefined
      for (const part of runs) {
        const value = attempt(part, frame)
        if (value === decisive) return decisive
        if (value instanceof CelProblem) problem ??= value
        else if (value !== !decisive) problem ??= noSuchOverload()
      }
      if (problem !== undefined) throw problem
      return !decisive
    }
    return { type: 'bool', size: sizeOfAll(parts), run }
  }

  #conditional(node: Node, nodes: readonly Node[]): Program {
    const parts = nodes.map(part => this.compile(part))
    const [condition, yes, no] = parts as [Program, Program, Program]
    const isMixed = !fits(yes.type, no.type) && !fits(no.type, yes.type)
    if (!fits('bool', condition.type) || isMixed) throw noMatch(node, '_?_:_', false, parts)
    return {
      type: joined([yes.type, no.type]),
      size: sizeOfAll(parts),
      run: frame => {
        const holds = condition.run(frame)
        if (typeof holds !== 'boolean') throw noSuchOverload()
        return holds ? yes.run(frame) : no.run(frame)
      },
    }
  }

  #equality(node: Node, nodes: readonly Node[], name: '_==_' | '_!=_'): Program {
    const parts = nodes.map(part => this.compile(part))
    const [left, right] = parts as [Program, Program]
    if (!fits(left.type, right.type) && !fits(right.type, left.type)) throw noMatch(node, name, false, parts)
    const wanted = name === '_==_'
    return {
      type: 'bool',
      size: sizeOfAll(parts),
      run: frame => equal(left.run(frame), right.run(frame), frame.meter) === wanted,
    }
  }

  #index(node: Node, nodes: readonly Node[]): Program {
    const parts = nodes.map(part => this.compile(part))
    const [object, index] = parts as [Program, Program]
    const { type } = object
    const isList = fits({ list: 'dyn' }, type) && fits('int', index.type)
    const isMap = fits({ key: index.type, value: 'dyn' }, type)
    if (!isList && !isMap) throw noMatch(node, '_[_]', false, parts)
    const inner = typeof type === 'string' ? 'dyn' : 'list' in type ? type.list : 'key' in type ? type.value : 'dyn'
    return { type: inner, size: sizeOfAll(parts), run: frame => memberOf(object.run(frame), index.run(frame)) }
  }

  #loop(node: Node, comprehension: Comprehension): Program {
    const loop = loopOf(comprehension)
    const range = this.compile(comprehension.iterRange)
    const { iterVar } = comprehension
    if (loop.is === 'map') return this.#mapped(node, range, iterVar, loop.condition, loop.element)
    const inner = this.#inside(node, range, iterVar)
    const condition = inner.compile(loop.condition)
    if (!fits('bool', condition.type)) {
      throw noMatch(node, loop.is === 'exists_one' ? '_?_:_' : loop.is === 'all' ? '_&&_' : '_||_', false, [condition])
    }
    const place = this.#loops.length
    const body = { range: range.run, place, condition: condition.run, cost: 1 + condition.size }
    const run = loop.is === 'exists_one' ? existsOne(body) : quantified(body, loop.is === 'exists')
    return { type: 'bool', size: range.size + condition.size, run }
  }

  #mapped(node: Node, range: Program, name: string, where: Node | undefined, what: Node): Program {
    const inner = this.#inside(node, range, name)
    const condition = where === undefined ? undefined : inner.compile(where)
    if (condition !== undefined && !fits('bool', condition.type)) throw noMatch(node, '_?_:_', false, [condition])
    const element = inner.compile(what)
    const place = this.#loops.length
    const cost = 1 + element.size + (condition?.size ?? 0)
    const run = (frame: Frame): Value => {
      const result: Value[] = []
      for (const item of itemsOf(range.run(frame), frame)) {
        frame.meter.charge(cost)
        frame.loops[place] = item
        if (condition !== undefined && !isTrue(condition.run(frame))) continue
        result.push(element.run(frame))
      }
      return result
    }
    return { type: { list: element.type }, size: range.size + cost, run }
  }

  #inside(node: Node, { type }: Program, name: string): Compiler {
    if (type !== 'dyn' && (typeof type === 'string' || 'type' in type)) {
      const message = `expression of type '${typeText(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`
      throw new CheckProblem(node, message)
    }
    const element = type === 'dyn' ? 'dyn' : 'list' in type ? type.list : type.key
    return new Compiler(this.#declarations, [...this.#loops, { name, type: element }])
  }
}

function constantProgram(node: Node, constant: Constant): Program {
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

function typeProgram(name: string): Program {
  const value = new TypeName(name)
  return { type: { type: TYPE_NAMES[name] ?? 'dyn' }, size: 1, run: () => value, constant: value }
}

function listProgram(elements: readonly Program[]): Program {
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

function callProgram(
  node: Node,
  name: string,
  isMethod: boolean,
  declared: readonly Overload[],
  args: readonly Program[],
): Program {
  const suitable = declared.flatMap(overload => {
    if (overload.isMethod !== isMethod || overload.parameters.length !== args.length) return []
    const bindings: Bindings = new Map()
    const matches = overload.parameters.every((parameter, index) =>
      fits(parameter, args[index]?.type ?? 'dyn', bindings),
    )
    return matches ? [{ overload, result: substituted(overload.result, bindings) }] : []
  })
  if (suitable.length === 0) throw noMatch(node, name, isMethod, args)
  const overloads = isOrder(name) ? suitable.slice(0, 1) : suitable
  const candidates = overloads.map(({ overload }) => overload)
  const runs = args.map(({ run }) => run)
  return {
    type: joined(suitable.map(({ result }) => result)),
    size: sizeOfAll(args),
    run: frame => {
      const values = runs.map(run => run(frame))
      // Those that compare look at what they get: `body.n < 5` is of two types, whatever was declared.
      const found = isOrder(name) ? candidates[0] : candidates.find(overload => accepts(overload.parameters, values))
      if (found === undefined) throw notFound(name, declared, values)
      return found.run(frame, values)
    },
  }
}

function isOrder(name: string): boolean {
  return name === '_<_' || name === '_<=_' || name === '_>_' || name === '_>=_'
}

/** cel-go names the operator only where the left side knows no such operator at all. */
function notFound(name: string, declared: readonly Overload[], values: readonly Value[]): CelProblem {
  const isOperator = /^(_|-_|!_|@in)/.test(name)
  if (!isOperator) return noSuchOverload(`${name}(${values.map(kindOf).join(', ')})`)
  const knowsLeft = declared.some(({ parameters }) => {
    return accepts(parameters.slice(0, 1), values.slice(0, 1))
  })
  return noSuchOverload(knowsLeft ? undefined : name)
}

interface LoopBody {
  readonly range: Program['run']
  readonly place: number
  readonly condition: Program['run']
  readonly cost: number
}

/** `exists` ends at the first true, `all` at the first false; errors matter only when it does not end before. */
function quantified({ range, place, condition, cost }: LoopBody, decisive: boolean): Program['run'] {
  return frame => {
    let problem: CelProblem | undefined
    for (const item of itemsOf(range(frame), frame)) {
      frame.meter.charge(cost)
      frame.loops[place] = item
      const value = attempt(condition, frame)
      if (value === decisive) return decisive
      if (value instanceof CelProblem) problem ??= value
      else if (value !== !decisive) problem ??= noSuchOverload()
    }
    if (problem !== undefined) throw problem
    return !decisive
  }
}

function existsOne({ range, place, condition, cost }: LoopBody): Program['run'] {
  return frame => {
    let found = 0
    for (const item of itemsOf(range(frame), frame)) {
      frame.meter.charge(cost)
      frame.loops[place] = item
      if (isTrue(condition(frame))) found += 1
    }
    return found === 1
  }
}

function itemsOf(range: Value, { meter }: Frame): readonly Value[] {
  if (isList(range)) return range
  if (!isMap(range)) throw new CelProblem(`unsupported comprehension range type: ${kindOf(range)}`)
  const keys = keysOf(range)
  meter.charge(keys.length)
  return keys
}

function isTrue(value: Value): boolean {
  if (typeof value !== 'boolean') throw noSuchOverload()
  return value
}

function attempt(run: Program['run'], frame: Frame): Value | CelProblem {
  try {
    return run(frame)
  } catch (error) {
    if (!(error instanceof CelProblem)) throw error
    frame.meter.charge(CAUGHT_COST)
    return error
  }
}

function memberOf(object: Value, key: Value): Value {
  if (isList(object)) {
    const place = placeIn(key)
    const element = object[place]
    if (element === undefined) throw new CelProblem(`index out of bounds: ${place}`)
    return element
  }
  const member = isMap(object) ? entryOf(object, key) : undefined
  if (member === undefined) throw new CelProblem(`no such key: ${keyText(key)}`)
  return member
}

function has(object: Value, field: string): boolean {
  if (isList(object)) return placeIn(field) < object.length
  return isMap(object) && entryOf(object, field) !== undefined
}

function placeIn(key: Value): number {
  const place = mapKey(key)
  if (typeof key === 'number' && place === undefined) throw new CelProblem(`unsupported index value ${key} in list`)
  if (typeof place !== 'bigint') throw new CelProblem(`unsupported index type '${kindOf(key)}' in list`)
  return Number(place)
}

function keyText(key: Value): string {
  const text = String(mapKey(key) ?? kindOf(key))
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function qualifiedName({ exprKind }: Node): string | undefined {
  if (exprKind.case === 'identExpr') return exprKind.value.name
  if (exprKind.case !== 'selectExpr' || exprKind.value.testOnly) return undefined
  const space = qualifiedName(exprKind.value.operand)
  return space === undefined ? undefined : `${space}.${exprKind.value.field}`
}

function sizeOfAll(parts: readonly Program[]): number {
  return parts.reduce((sum, { size }) => sum + size, 1)
}

function undeclared(node: Node, name: string): CheckProblem {
  return new CheckProblem(node, `undeclared reference to '${name}' (in container '')`)
}

function noMatch(node: Node, name: string, isMethod: boolean, args: readonly Program[]): CheckProblem {
  const types = args.map(({ type }) => typeText(type))
  const signature = isMethod ? `${types[0]}.(${types.slice(1).join(', ')})` : `(${types.join(', ')})`
  return new CheckProblem(node, `found no matching overload for '${name}' applied to '${signature}'`)
}

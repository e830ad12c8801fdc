/**
 * An expression's tree to a function: checked once against what is declared, as cel-go does, then run as often as wanted.
 * Our own and not the library's, so that there is one place where everything that takes time is paid for (meter.ts), and
 * so that an event's JSON is used as it is (values.ts). Here names find what they mean; what each part does is in the
 * files beside.
 */
import { callProgram } from './calls.js'
import { constantProgram, listProgram, mapProgram, typeProgram } from './literals.js'
import { elementType, listingProgram, testProgram } from './loops.js'
import { loopOf } from './macros.js'
import { hasMember, memberOf } from './members.js'
import { CheckProblem, type Declarations, noMatch, type Program, undeclared } from './program.js'
import { conditionalProgram, equalityProgram, indexProgram, logicProgram } from './special-operators.js'
import type { Call, Comprehension, Entry, Node, Select } from './syntax.js'
import { fits, type Type, typeText } from './types.js'
import type { Value } from './values.js'

const MACROS = ['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter', 'sortBy']

/** What cel-go calls in an error's text what a loop tests with. */
const OPERATOR_OF = { all: '_&&_', exists: '_||_', exists_one: '_?_:_' } as const

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
        return listProgram(this.#all(exprKind.value.elements))
      case 'structExpr':
        if (exprKind.value.messageName !== '') throw undeclared(node, exprKind.value.messageName)
        return this.#map(node, exprKind.value.entries)
      case 'comprehensionExpr':
        return this.#loop(node, exprKind.value)
      default:
        throw new CheckProblem(node, 'an empty expression')
    }
  }

  #all(nodes: readonly Node[]): readonly Program[] {
    return nodes.map(node => this.compile(node))
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
    const type = typeProgram(name)
    if (type === undefined) throw undeclared(node, name)
    return type
  }

  #select(node: Node, { operand, field, testOnly }: Select): Program {
    const name = qualifiedName(node)
    const typeNamed = name === undefined || testOnly ? undefined : typeProgram(name)
    if (typeNamed !== undefined) return typeNamed
    const object = this.compile(operand)
    const { type } = object
    const fieldType = typeOfMember(type, field)
    if (fieldType === 'none') throw new CheckProblem(node, `undefined field '${field}'`)
    if (fieldType === undefined) {
      throw new CheckProblem(node, `type '${typeText(type)}' does not support field selection`)
    }
    const size = object.size + 1
    if (testOnly) return { type: 'bool', size, run: frame => hasMember(object.run(frame), field) }
    return {
      type: fieldType,
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
    return mapProgram(keys, values)
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
        return logicProgram(node, this.#all(args), false)
      case '_||_':
        return logicProgram(node, this.#all(args), true)
      case '_?_:_':
        return conditionalProgram(node, this.#all(args))
      case '_==_':
      case '_!=_':
        return equalityProgram(node, this.#all(args), call.function)
      case '_[_]':
        return indexProgram(node, this.#all(args))
      case 'has':
        if (call.target === undefined) throw new CheckProblem(node, 'invalid argument to has() macro')
        break
      default:
    }
    return this.#function(node, call.function, call.target !== undefined, args)
  }

  #function(node: Node, name: string, isMethod: boolean, nodes: readonly Node[]): Program {
    const args = this.#all(nodes)
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
    const args = this.#all(nodes)
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

  #loop(node: Node, comprehension: Comprehension): Program {
    const loop = loopOf(comprehension)
    const range = this.compile(comprehension.iterRange)
    const { iterVar } = comprehension
    if (loop.is === 'map') return this.#mapped(node, range, iterVar, loop.condition, loop.element)
    const condition = this.#inside(node, range, iterVar).#condition(node, loop.condition, OPERATOR_OF[loop.is])
    return testProgram(loop.is, { range, place: this.#loops.length }, condition)
  }

  #mapped(node: Node, range: Program, name: string, where: Node | undefined, what: Node): Program {
    const inner = this.#inside(node, range, name)
    const condition = where === undefined ? undefined : inner.#condition(node, where, '_?_:_')
    return listingProgram({ range, place: this.#loops.length }, condition, inner.compile(what))
  }

  #condition(loop: Node, node: Node, operator: string): Program {
    const condition = this.compile(node)
    if (!fits('bool', condition.type)) throw noMatch(loop, operator, false, [condition])
    return condition
  }

  #inside(node: Node, range: Program, name: string): Compiler {
    return new Compiler(this.#declarations, [...this.#loops, { name, type: elementType(node, range) }])
  }
}

/** `none` when it has no such field; undefined when it has no fields at all. */
function typeOfMember(type: Type, field: string): Type | 'none' | undefined {
  if (type === 'dyn') return 'dyn'
  if (typeof type === 'string') return undefined
  if ('fields' in type) return Object.hasOwn(type.fields, field) ? type.fields[field] : 'none'
  return 'key' in type ? type.value : undefined
}

function qualifiedName({ exprKind }: Node): string | undefined {
  if (exprKind.case === 'identExpr') return exprKind.value.name
  if (exprKind.case !== 'selectExpr' || exprKind.value.testOnly) return undefined
  const space = qualifiedName(exprKind.value.operand)
  return space === undefined ? undefined : `${space}.${exprKind.value.field}`
}

/** The operators that are no functions: which of their sides is looked at depends, or their type does. */
import { equal } from './compare.js'
import { attempt, isTrue, problemIn } from './conditions.js'
import { memberOf } from './members.js'
import type { CelProblem } from './problem.js'
import { type Frame, noMatch, type Program, sizeOfAll } from './program.js'
import type { Node } from './syntax.js'
import { fits, joined } from './types.js'
import type { Value } from './values.js'

/** `decisive` is the value that ends it: what fails beside it does not matter. */
export function logicProgram(node: Node, parts: readonly Program[], decisive: boolean): Program {
  if (!parts.every(({ type }) => fits('bool', type))) throw noMatch(node, decisive ? '_||_' : '_&&_', false, parts)
  const runs = parts.map(({ run }) => run)
  const run = (frame: Frame): Value => {
    let problem: CelProblem | undefined
    for (const part of runs) {
      const value = attempt(part, frame)
      if (value === decisive) return decisive
      problem ??= problemIn(value, decisive)
    }
    if (problem !== undefined) throw problem
    return !decisive
  }
  return { type: 'bool', size: sizeOfAll(parts), run }
}

export function conditionalProgram(node: Node, parts: readonly Program[]): Program {
  const [condition, yes, no] = parts as [Program, Program, Program]
  const isMixed = !fits(yes.type, no.type) && !fits(no.type, yes.type)
  if (!fits('bool', condition.type) || isMixed) throw noMatch(node, '_?_:_', false, parts)
  return {
    type: joined([yes.type, no.type]),
    size: sizeOfAll(parts),
    run: frame => (isTrue(condition.run(frame)) ? yes.run(frame) : no.run(frame)),
  }
}

export function equalityProgram(node: Node, parts: readonly Program[], name: '_==_' | '_!=_'): Program {
  const [left, right] = parts as [Program, Program]
  if (!fits(left.type, right.type) && !fits(right.type, left.type)) throw noMatch(node, name, false, parts)
  const wanted = name === '_==_'
  return {
    type: 'bool',
    size: sizeOfAll(parts),
    run: frame => equal(left.run(frame), right.run(frame), frame.meter) === wanted,
  }
}

export function indexProgram(node: Node, parts: readonly Program[]): Program {
  const [object, index] = parts as [Program, Program]
  const { type } = object
  const isList = fits({ list: 'dyn' }, type) && fits('int', index.type)
  const isMap = fits({ key: index.type, value: 'dyn' }, type)
  if (!isList && !isMap) throw noMatch(node, '_[_]', false, parts)
  const inner = typeof type === 'string' ? 'dyn' : 'list' in type ? type.list : 'key' in type ? type.value : 'dyn'
  return { type: inner, size: sizeOfAll(parts), run: frame => memberOf(object.run(frame), index.run(frame)) }
}

/** Loops over a list or a map's keys: `all`, `exists`, `exists_one`, and what makes a list (`map`, `filter`). */
import { attempt, isTrue, problemIn } from './conditions.js'
import { CelProblem } from './problem.js'
import { CheckProblem, type Frame, type Program } from './program.js'
import type { Node } from './syntax.js'
import { type Type, typeText } from './types.js'
import { isList, isMap, keysOf, kindOf, type Value } from './values.js'

/** What a loop goes over, and where in `Frame.loops` its variable is. */
export interface LoopOver {
  readonly range: Program
  readonly place: number
}

/** The type of the loop's variable. @throws CheckProblem when that is nothing to go over */
export function elementType(node: Node, { type }: Program): Type {
  if (type !== 'dyn' && (typeof type === 'string' || 'type' in type || 'fields' in type)) {
    const message = `expression of type '${typeText(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`
    throw new CheckProblem(node, message)
  }
  return type === 'dyn' ? 'dyn' : 'list' in type ? type.list : type.key
}

export function testProgram(is: 'all' | 'exists' | 'exists_one', over: LoopOver, condition: Program): Program {
  const { range, place } = over
  const body = { range: range.run, place, condition: condition.run, cost: 1 + condition.size }
  const run = is === 'exists_one' ? existsOne(body) : quantified(body, is === 'exists')
  return { type: 'bool', size: range.size + condition.size, run }
}

export function listingProgram(over: LoopOver, condition: Program | undefined, element: Program): Program {
  const { range, place } = over
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
      problem ??= problemIn(value, decisive)
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

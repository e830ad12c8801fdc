/** What an expression's tree is made into: a function with its type and size, or a mistake that shows without an event. */
import type { Context, Overload } from './function.js'
import type { Node } from './syntax.js'
import { type Type, typeText } from './types.js'
import type { Value } from './values.js'

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

export function sizeOfAll(parts: readonly Program[]): number {
  return parts.reduce((sum, { size }) => sum + size, 1)
}

export function undeclared(node: Node, name: string): CheckProblem {
  return new CheckProblem(node, `undeclared reference to '${name}' (in container '')`)
}

export function noMatch(node: Node, name: string, isMethod: boolean, args: readonly Program[]): CheckProblem {
  const types = args.map(({ type }) => typeText(type))
  const signature = isMethod ? `${types[0]}.(${types.slice(1).join(', ')})` : `(${types.join(', ')})`
  return new CheckProblem(node, `found no matching overload for '${name}' applied to '${signature}'`)
}

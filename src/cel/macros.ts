/** The loop that a macro was written as: the parser turns all five into comprehensions of five shapes. */
import type { Comprehension, Node } from './syntax.js'

export type Loop =
  | { readonly is: 'all' | 'exists' | 'exists_one'; readonly condition: Node }
  /** `filter` has a condition and yields its element, `map` may have one. */
  | { readonly is: 'map'; readonly condition: Node | undefined; readonly element: Node }

export function loopOf({ accuInit, loopStep }: Comprehension): Loop {
  const step = argumentsOf(loopStep)
  const initial = accuInit.exprKind
  if (initial.case === 'listExpr') {
    const [condition, appended] = step.length === 3 ? [step[0], argumentsOf(step[1])] : [undefined, step]
    const list = appended[1]?.exprKind
    const element = list?.case === 'listExpr' ? list.value.elements[0] : undefined
    if (element !== undefined) return { is: 'map', condition, element }
  } else if (initial.case === 'constExpr') {
    const { constantKind } = initial.value
    const condition = constantKind.case === 'boolValue' ? step[1] : step[0]
    if (condition !== undefined) return { is: macroOf(constantKind.value), condition }
  }
  throw new Error('a comprehension that no macro makes')
}

function macroOf(initial: unknown): 'all' | 'exists' | 'exists_one' {
  if (initial === true) return 'all'
  return initial === false ? 'exists' : 'exists_one'
}

function argumentsOf(node: Node | undefined): readonly (Node | undefined)[] {
  return node?.exprKind.case === 'callExpr' ? node.exprKind.value.args : []
}

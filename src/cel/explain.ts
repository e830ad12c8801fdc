/** Why an expression is not true: the first of the terms that `&&` joins which is not, and what it looked at. */
import { shortened } from '../lib/shortened.js'
import { compile } from './compile.js'
import { doubleText } from './numbers.js'
import type { Parsed } from './parse.js'
import { CelProblem } from './problem.js'
import type { Declarations, Frame, Program } from './program.js'
import type { Node } from './syntax.js'
import { isList, kindOf, type MapValue, sizeOf, Uint, type Value } from './values.js'

/** An expression's terms, ready to be asked. */
export type Terms = readonly Term[]

interface Term {
  readonly text: string
  readonly program: Program
  /** What it is called on and with, where that depends on the event. */
  readonly operands: readonly { readonly text: string; readonly program: Program; readonly isConfidential: boolean }[]
}

const MAX_SHOWN = 100
const MAX_ELEMENTS = 10
/** What senders prove themselves by does not go where a verdict goes. */
const CONFIDENTIAL = /secret|token|signature|password|passwd|authorization|cookie|credential|private|api_?key/i

export function termsOf(parsed: Parsed, declarations: Declarations): Terms {
  return joinedByAnd(parsed.root).map(node => {
    const text = parsed.textOf(node)
    return {
      text,
      program: compile(node, declarations),
      operands: operandsOf(node).flatMap(operand => {
        const program = compile(operand, declarations)
        if (program.constant !== undefined) return []
        const operandText = parsed.textOf(operand)
        return [{ text: operandText, program, isConfidential: CONFIDENTIAL.test(`${text} ${operandText}`) }]
      }),
    }
  })
}

/** Undefined when every term is true, or none can be told. @throws LimitExceeded */
export function explain(terms: Terms, frame: Frame): string | undefined {
  for (const { text, program, operands } of terms) {
    const result = shownValue(program, frame)
    if (result === 'true') continue
    if (result === undefined) return undefined
    const seen = operands
      .filter(operand => operand.text !== text)
      .flatMap(operand => {
        const value = operand.isConfidential ? undefined : shownValue(operand.program, frame)
        return value === undefined ? [] : [`${shortened(operand.text, MAX_SHOWN)} is ${value}`]
      })
    const term = terms.length > 1 || result !== 'false' ? [`${shortened(text, MAX_SHOWN)} is ${result}`] : []
    const parts = [...term, ...seen]
    return parts.length === 0 ? undefined : parts.join(', ')
  }
  return undefined
}

function joinedByAnd(node: Node): readonly Node[] {
  const { exprKind } = node
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_&&_') return [node]
  return exprKind.value.args.flatMap(joinedByAnd)
}

function operandsOf(node: Node): readonly Node[] {
  const { exprKind } = node
  if (exprKind.case === 'comprehensionExpr') return [exprKind.value.iterRange]
  if (exprKind.case !== 'callExpr') return []
  const { target, args, function: called } = exprKind.value
  // What stands beside `||` and in `?:` is looked at or not: showing all of it would say nothing.
  if (called === '_||_' || called === '_?_:_') return []
  const [first] = args
  if (called === '!_' && first !== undefined) return operandsOf(first)
  // Of `header.match(name, value)` that one header, not all of them.
  if (called === 'match' && target !== undefined && first !== undefined) {
    return [
      { ...node, exprKind: { case: 'callExpr', value: { ...exprKind.value, function: 'canonical', args: [first] } } },
    ]
  }
  return target === undefined ? args : [target, ...args]
}

/** What it is, in a few words; undefined when it cannot be told. */
function shownValue({ run }: Program, frame: Frame): string | undefined {
  try {
    return shown(run(frame))
  } catch (error) {
    if (error instanceof CelProblem) return undefined
    throw error
  }
}

/** Never more of the payload than a few words: a verdict is kept for every trigger of every delivery. */
function shown(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(shortened(value, MAX_SHOWN))
  if (isList(value)) {
    const isShort = value.length <= MAX_ELEMENTS && value.every(element => typeof element !== 'object')
    return isShort ? shortened(`[${value.map(shown).join(', ')}]`, MAX_SHOWN) : `a list of ${value.length}`
  }
  if (typeof value === 'number') return doubleText(value)
  if (value instanceof Uint) return `${value.value}u`
  if (value === null || typeof value !== 'object') return String(value)
  const kind = kindOf(value)
  return kind === 'map' ? `a map of ${sizeOf(value as MapValue)}` : `a ${kind}`
}

/** CEL expressions, read and checked once, evaluated over JSON values. Messages are worded as cel-go's, as Triggers shows them. */

import { groupBy } from '../lib/group-by.js'
import { compile } from './compile.js'
import { explain, type Terms, termsOf } from './explain.js'
import type { Overload } from './function.js'
import { CALENDAR } from './functions/calendar.js'
import { CONVERSIONS } from './functions/conversions.js'
import { OPERATORS } from './functions/operators.js'
import { TEXTS } from './functions/texts.js'
import { type JsonFromCel, jsonFromCel } from './json.js'
import { type Clock, Meter } from './meter.js'
import { type Parsed, parseExpression, problemAt, quoted } from './parse.js'
import { CelProblem, LimitExceeded } from './problem.js'
import { CheckProblem, type Declarations, type Frame, type Program } from './program.js'
import { childrenOf, type Node } from './syntax.js'
import type { Type } from './types.js'
import type { Value } from './values.js'

export type Evaluation = JsonFromCel | { readonly is: 'error'; readonly message: string }

/** What an expression is evaluated over. */
export interface Given {
  /** JSON, by the names of the variables. It is not changed. */
  readonly values: Readonly<Record<string, unknown>>
  /** Without one only the cost is limited. */
  readonly clock?: Clock
  /** What several evaluations may cost together; each its own unless given. */
  readonly meter?: Meter
  readonly equalsSecret?: Frame['equalsSecret']
}

export type Holding =
  | { readonly is: 'yes' }
  | { readonly is: 'no'; readonly why: string | undefined }
  | { readonly is: 'error'; readonly message: string }

export type Outcome =
  | { readonly is: 'value'; readonly value: Value }
  /** `message` as cel-go has it, without the expression. */
  | { readonly is: 'error' | 'exhausted'; readonly message: string }

/** The variables and functions that expressions may use, besides those that every CEL has. */
export interface Environment {
  readonly evaluate: (text: string, given: Given) => Evaluation
  /** Whether it is true; if not, `why` is as `explain` says, unless it is not to be explained: that costs more than to evaluate. */
  readonly holds: (text: string, given: Given, explained?: boolean) => Holding
  /** Why it is not true, for who wrote it: which term of it, and what was looked at. Undefined when nothing can be said. */
  readonly explain: (text: string, given: Given) => string | undefined
  /** What is wrong with the expression whatever the event; undefined when nothing is. */
  readonly check: (text: string) => string | undefined
  /** As `evaluate`, for who words errors and uses values in another way. */
  readonly run: (text: string, given: Given) => Outcome
  /** Of what it gives; undefined when something is wrong with it. */
  readonly resultType: (text: string) => Type | undefined
}

const STANDARD: readonly Overload[] = [...OPERATORS, ...CONVERSIONS, ...TEXTS, ...CALENDAR]

type Checked =
  | { readonly is: 'program'; readonly program: Program; readonly terms: () => Terms }
  | { readonly is: 'error'; readonly message: string }

export function createEnvironment(
  variables: Readonly<Record<string, Type>>,
  functions: readonly Overload[],
): Environment {
  const declarations = { variables, functions: groupBy([...STANDARD, ...functions], ({ name }) => name) }
  const checked = new WeakMap<Parsed, Checked>()
  const read = (text: string): Checked => {
    const parsed = parseExpression(text)
    if (parsed.is === 'error') return parsed
    const known = checked.get(parsed)
    if (known !== undefined) return known
    const result = checkedBy(parsed, declarations)
    checked.set(parsed, result)
    return result
  }
  return {
    evaluate: (text, given) => {
      const expression = read(text)
      return expression.is === 'error' ? expression : run(text, expression.program, given)
    },
    holds: (text, given, explained = true) => {
      const expression = read(text)
      return expression.is === 'error' ? expression : holds(text, expression, given, explained)
    },
    explain: (text, given) => {
      const expression = read(text)
      if (expression.is === 'error') return undefined
      return within(
        given,
        frame => explain(expression.terms(), frame),
        () => undefined,
      )
    },
    check: text => {
      const expression = read(text)
      return expression.is === 'error' ? expression.message : undefined
    },
    run: (text, given) => {
      const expression = read(text)
      if (expression.is === 'error') return expression
      return within<Outcome>(
        given,
        frame => ({ is: 'value', value: expression.program.run(frame) }),
        (message, is) => ({ is, message }),
      )
    },
    resultType: text => {
      const expression = read(text)
      return expression.is === 'error' ? undefined : expression.program.type
    },
  }
}

function checkedBy(parsed: Parsed, declarations: Declarations): Checked {
  try {
    let terms: Terms | undefined
    return {
      is: 'program',
      program: compile(parsed.root, declarations),
      terms: () => {
        terms ??= termsOf(parsed, declarations)
        return terms
      },
    }
  } catch (error) {
    if (!(error instanceof CheckProblem)) throw error
    const why = problemAt(parsed.text, parsed.offsetOf(error.node), error.message)
    return { is: 'error', message: `expression ${quoted(parsed.text)} check failed: ${why}` }
  }
}

function run(text: string, program: Program, given: Given): Evaluation {
  return within<Evaluation>(
    given,
    frame => jsonFromCel(program.run(frame), frame.meter),
    message => ({ is: 'error', message: failedText(text, message) }),
  )
}

function holds(
  text: string,
  { program, terms }: Checked & { readonly is: 'program' },
  given: Given,
  explained: boolean,
): Holding {
  return within<Holding>(
    given,
    frame => {
      const value = program.run(frame)
      if (value === true) return { is: 'yes' }
      // What is too large for an overlay is no answer here either.
      if (value !== false) jsonFromCel(value, frame.meter)
      return { is: 'no', why: explained ? explainedWithin(terms(), frame) : undefined }
    },
    message => ({ is: 'error', message: failedText(text, message) }),
  )
}

/** With what the evaluation left of its budget: an answer that cannot be explained is an answer all the same. */
function explainedWithin(terms: Terms, frame: Frame): string | undefined {
  try {
    return explain(terms, frame)
  } catch (error) {
    if (error instanceof LimitExceeded || error instanceof RangeError) return undefined
    throw error
  }
}

function failedText(text: string, message: string): string {
  return `expression ${quoted(text)} failed to evaluate: ${message}`
}

function within<T>(
  { values, clock, meter, equalsSecret }: Given,
  work: (frame: Frame) => T,
  failed: (message: string, is: 'error' | 'exhausted') => T,
): T {
  const frame: Frame = {
    meter: meter ?? new Meter(clock),
    equalsSecret: equalsSecret ?? noSecrets,
    variables: values as Readonly<Record<string, Value>>,
    loops: [],
  }
  // A missing key is an everyday answer, and a stack trace ten times its cost. Synchronous, so nobody else sees the change.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work(frame)
  } catch (error) {
    if (error instanceof CelProblem) return failed(error.message, 'error')
    if (error instanceof LimitExceeded) return failed(error.message, 'exhausted')
    // The engine's own limits (a stack, a text, an array that is too long) are the expression's fault, and only its.
    if (error instanceof RangeError) return failed(`actual cost limit exceeded: ${error.message}`, 'exhausted')
    throw error
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function noSecrets(_text: string, key: string, name: string): boolean {
  throw new CelProblem(`failed to find secret ${name} key ${key} in compareSecret: there are no secrets here`)
}

/** Whether a name stands anywhere in an expression as that of a variable. */
export function mentions(expression: string, variable: string): boolean {
  const read = parseExpression(expression)
  return read.is === 'parsed' && isMentioned(read.root, variable)
}

function isMentioned(node: Node, variable: string): boolean {
  const { exprKind } = node
  if (exprKind.case === 'identExpr' && exprKind.value.name === variable) return true
  return childrenOf(node).some(child => isMentioned(child, variable))
}

/** The constant texts that calls of `name` in an expression are given, call by call; others are left out. */
export function constantArguments(expression: string, name: string): readonly (readonly string[])[] {
  const read = parseExpression(expression)
  return read.is === 'parsed' ? callsOf(read.root, name) : []
}

function callsOf(node: Node, name: string): readonly (readonly string[])[] {
  const inner = childrenOf(node).flatMap(child => callsOf(child, name))
  const { exprKind } = node
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== name) return inner
  return [exprKind.value.args.flatMap(constantText), ...inner]
}

function constantText({ exprKind }: Node): readonly string[] {
  if (exprKind.case !== 'constExpr' || exprKind.value.constantKind.case !== 'stringValue') return []
  return [exprKind.value.constantKind.value]
}

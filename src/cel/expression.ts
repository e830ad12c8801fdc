/** CEL expressions, read once and evaluated over JSON values. Messages are worded as cel-go's, as Triggers shows them. */
import type { CelFunc, CelInput, parse, plan } from '@bufbuild/cel'
import { type Budget, celFromJson, type JsonFromCel, jsonFromCel } from './json.js'
import { celLibrary } from './library.js'

export type Evaluation = JsonFromCel | { readonly is: 'error'; readonly message: string }

/** About 60 ms of work on a slow core: more is not a filter but an attack on the dispatcher. */
const MAX_VISITS = 50_000
/** Manifests' expressions are few and come back with every event; reading one costs five times an evaluation. */
const MAX_REMEMBERED = 500

type Parsed = ReturnType<typeof parse>
export type ParsedExpression =
  | { readonly is: 'parsed'; readonly parsed: Parsed; readonly text: string }
  | { readonly is: 'error'; readonly message: string }

const remembered = new Map<string, ParsedExpression>()

export function parseExpression(text: string): ParsedExpression {
  const known = remembered.get(text)
  if (known !== undefined) return known
  const result = readExpression(text)
  const oldest = remembered.keys().next()
  if (remembered.size >= MAX_REMEMBERED && !oldest.done) remembered.delete(oldest.value)
  remembered.set(text, result)
  return result
}

function readExpression(text: string): ParsedExpression {
  try {
    return { is: 'parsed', parsed: celLibrary().parse(text), text }
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^<input>:/, '') : String(error)
    return { is: 'error', message: `failed to parse expression "${text}": ${why}` }
  }
}

/** The variables and functions that expressions may use. Making one costs as much as an evaluation: make few. */
export interface Environment {
  /** Values are converted once, for any number of expressions over them. */
  scope(values: Readonly<Record<string, unknown>>): Scope
}

export interface Scope {
  readonly evaluate: (expression: string) => Evaluation
}

type Plan = ReturnType<typeof plan>

/** All variables are dynamic; a function that an expression calls and that is not given is an error of its check. */
export function createEnvironment(variables: readonly string[], functions: readonly CelFunc[]): Environment {
  const { CelScalar, celEnv, isCelError, plan } = celLibrary()
  const types = Object.fromEntries(variables.map(name => [name, CelScalar.DYN]))
  const env = celEnv({ variables: types, funcs: [...functions] })
  const plans = new WeakMap<ParsedExpression, Plan>()
  const planOf = (expression: ParsedExpression & { readonly is: 'parsed' }): Plan => {
    const known = plans.get(expression)
    if (known !== undefined) return known
    const made = plan(env, expression.parsed) as Plan
    plans.set(expression, made)
    return made
  }
  return {
    scope(values) {
      const budget: Budget = { left: 0 }
      const converted: Record<string, CelInput> = Object.fromEntries(
        variables.map(name => [name, celFromJson(values[name] ?? null, budget)]),
      )
      return {
        evaluate: text => {
          const expression = parseExpression(text)
          if (expression.is === 'error') return expression
          budget.left = MAX_VISITS
          try {
            const result = planOf(expression)(converted)
            if (isCelError(result)) return problem(text, result.message)
            // The result may be a list of the payload's: it has been paid for by its author.
            budget.left = Number.POSITIVE_INFINITY
            return jsonFromCel(result)
          } catch (error) {
            return problem(text, error instanceof Error ? error.message : String(error))
          }
        },
      }
    },
  }
}

/** For values that no other evaluation shares. */
export function createScope(values: Readonly<Record<string, unknown>>, functions: readonly CelFunc[]): Scope {
  return createEnvironment(Object.keys(values), functions).scope(values)
}

function problem(text: string, message: string): Evaluation {
  if (/^unbound function|^unresolved attribute/.test(message)) {
    return { is: 'error', message: `expression "${text}" check failed: ${message}` }
  }
  const worded = message
    .replace(/^field not found: /, 'no such key: ')
    .replace(/^found no matching overload for/, 'no such overload:')
  return { is: 'error', message: `expression "${text}" failed to evaluate: ${worded}` }
}

/** The constant texts that calls of `name` in an expression are given, call by call; others are left out. */
export function constantArguments(expression: string, name: string): readonly (readonly string[])[] {
  const read = parseExpression(expression)
  const calls: (readonly string[])[] = []
  if (read.is === 'parsed') visit(read.parsed.expr, name, calls)
  return calls
}

/** The tree is plain messages; every call is an object with a `function`, wherever it stands. */
function visit(node: unknown, name: string, calls: (readonly string[])[]): void {
  if (typeof node !== 'object' || node === null) return
  const { function: called, args } = node as { readonly function?: unknown; readonly args?: readonly unknown[] }
  if (called === name && args !== undefined) calls.push(args.flatMap(constantText))
  for (const inner of Object.values(node)) visit(inner, name, calls)
}

function constantText(argument: unknown): readonly string[] {
  const { exprKind } = argument as { exprKind?: { value?: { constantKind?: { case?: string; value?: unknown } } } }
  const constant = exprKind?.value?.constantKind
  return constant?.case === 'stringValue' && typeof constant.value === 'string' ? [constant.value] : []
}

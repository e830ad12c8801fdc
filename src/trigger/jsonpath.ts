/** Walks a path of Kubernetes' JSONPath through a JSON value. What is not there is an error, as Triggers wants it. */

import { isRecord } from '../resources/shape.js'
import { jsonText, plainText } from './json-text.js'
import { type Comparison, JsonPathError, type Operand, parseJsonPath, type Step } from './jsonpath-parse.js'

export type PathText =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'error'; readonly message: string }

/** One hit as plain text, several (or none, of a wildcard) as a JSON array. */
export function pathText(root: unknown, path: string): PathText {
  try {
    const found = walk([root], parseJsonPath(path))
    return { is: 'text', text: found.length === 1 ? plainText(found[0]) : jsonText(found) }
  } catch (error) {
    if (error instanceof JsonPathError) return { is: 'error', message: error.message }
    throw error
  }
}

function walk(values: readonly unknown[], steps: readonly Step[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>(take, values)
}

function take(values: readonly unknown[], step: Step): readonly unknown[] {
  switch (step.is) {
    case 'field': {
      const found = values.flatMap(value => fieldOf(value, step.name))
      // Of nothing nothing is missing: a filter or wildcard that finds nothing is an empty list, whatever follows.
      if (found.length === 0 && values.length > 0) throw new JsonPathError(`${step.name} is not found`)
      return found
    }
    case 'wildcard':
      return values.flatMap(childrenOf)
    case 'recursive':
      return values.flatMap(containersIn)
    case 'index':
      return lists(values).map(list => elementAt(list, step.at))
    case 'slice':
      return lists(values).flatMap(list => sliceOf(list, step))
    case 'union':
      return step.branches.flatMap(branch => walk(values, branch))
    case 'filter':
      return lists(values, 'and cannot be filtered').flatMap(list =>
        list.filter(element => matches(element, step.left, step.compare)),
      )
    default:
      throw new Error(`unknown step ${JSON.stringify(step satisfies never)}`)
  }
}

/** A key `__proto__` or `constructor` is data like any other: only own members count. */
function fieldOf(value: unknown, name: string): readonly unknown[] {
  if (!isRecord(value) || !Object.hasOwn(value, name)) return []
  return [value[name]]
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (!isRecord(value)) return []
  return Object.keys(value)
    .sort()
    .map(key => value[key])
}

/** The value and everything in it that has something in it. */
function containersIn(value: unknown): readonly unknown[] {
  const children = childrenOf(value)
  return children.length === 0 ? [] : [value, ...children.flatMap(containersIn)]
}

/** Nulls are passed over; anything else that is no list is an error. */
function lists(values: readonly unknown[], tail = ''): readonly (readonly unknown[])[] {
  return values
    .filter(value => value !== null)
    .map(value => {
      if (Array.isArray(value)) return value
      throw new JsonPathError(`${goType(value)} is not array or slice${tail === '' ? '' : ` ${tail}`}`)
    })
}

function goType(value: unknown): string {
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'boolean') return 'bool'
  return isRecord(value) ? 'map[string]interface {}' : typeof value
}

function elementAt(list: readonly unknown[], written: number): unknown {
  const at = written < 0 ? written + list.length : written
  if (at < 0 || at >= list.length) throw outOfBounds(at, list.length)
  return list[at]
}

function sliceOf(list: readonly unknown[], written: Extract<Step, { is: 'slice' }>): readonly unknown[] {
  const fromEnd = (index: number) => (index < 0 ? index + list.length : index)
  const start = fromEnd(written.start ?? 0)
  const end = fromEnd(written.end ?? list.length)
  const step = written.step ?? 1
  if (start === end) return []
  if (start < 0 || start >= list.length) throw outOfBounds(start, list.length)
  if (end < 0 || end > list.length) throw outOfBounds(end - 1, list.length)
  if (start > end) throw new JsonPathError(`starting index ${start} is greater than ending index ${end}`)
  if (step <= 0) throw new JsonPathError('step must be > 0')
  return list.slice(start, end).filter((_, index) => index % step === 0)
}

function outOfBounds(index: number, length: number): JsonPathError {
  return new JsonPathError(`array index out of bounds: index ${index}, length ${length}`)
}

function matches(element: unknown, left: Operand, compare: Comparison | undefined): boolean {
  if (compare === undefined) return exists(element, left)
  const [a, b] = [operandValues(element, left), operandValues(element, compare.right)]
  if (a.length > 1 || b.length > 1) throw new JsonPathError('can only compare one element at a time')
  if (a.length === 0 || b.length === 0) return false
  return holds(a[0], compare.operator, b[0])
}

function exists(element: unknown, operand: Operand): boolean {
  try {
    return operandValues(element, operand).length > 0
  } catch (error) {
    if (error instanceof JsonPathError) return false
    throw error
  }
}

function operandValues(element: unknown, operand: Operand): readonly unknown[] {
  return operand.is === 'literal' ? [operand.value] : walk([element], operand.steps)
}

/** Unlike client-go, where a JSON number never equals a written integer, numbers compare as numbers. */
function holds(a: unknown, operator: Comparison['operator'], b: unknown): boolean {
  const comparable = typeof a === typeof b && (typeof a === 'string' || typeof a === 'number')
  if (operator === '==' || operator === '!=') {
    if (!comparable && typeof a !== 'boolean') throw new JsonPathError('incompatible types for comparison')
    return (a === b) === (operator === '==')
  }
  if (!comparable) throw new JsonPathError('incompatible types for comparison')
  const [left, right] = [a as string | number, b as string | number]
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    default:
      throw new Error(`unknown operator ${JSON.stringify(operator satisfies never)}`)
  }
}

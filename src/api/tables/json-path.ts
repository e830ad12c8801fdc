/**
 * JSONPath, as far as columns of CustomResourceDefinitions use it: `.spec.a`, `['a.b']`, `\.` in a name, `[0]`, `[-1]`,
 * `[*]` and `[?(@.type=="Ready")]`. Pure.
 */
import { asRecord, isRecord } from '../../resources/shape.js'

/** What a path leads to, first one first. */
export type JsonPath = (value: unknown) => readonly unknown[]

/** Ours: longer than any column has. */
const MAX_CHARS = 10_000

type Step = (value: unknown) => readonly unknown[]

/** Undefined when it is no such path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (text.length > MAX_CHARS) return undefined
  const steps: Step[] = []
  let rest = text
    .trim()
    .replace(/^\{(.*)\}$/s, '$1')
    .replace(/^[$@]/, '')
  while (rest !== '') {
    const part = PART.exec(rest)
    const step = part?.groups && stepOf(part.groups)
    if (!step) return undefined
    steps.push(step)
    rest = rest.slice(part[0].length)
  }
  return value => steps.reduce<readonly unknown[]>((found, step) => found.flatMap(step), [value])
}

const NAME = String.raw`(?:\\.|[^.[\]\\\s])+`
const PART = new RegExp(
  `^(?:${[
    String.raw`\.(?<name>${NAME})`,
    String.raw`\.?\[\s*(?<index>-?\d{1,9})\s*\]`,
    String.raw`\.?\[\s*(?<all>\*)\s*\]`,
    String.raw`\.?\[\s*(?:'(?<single>[^']*)'|"(?<double>[^"]*)")\s*\]`,
    String.raw`\.?\[\s*\?\s*\((?<condition>[^()]*)\)\s*\]`,
  ].join('|')})`,
)

function stepOf({
  name,
  index,
  all,
  single,
  double,
  condition,
}: Readonly<Record<string, string | undefined>>): Step | undefined {
  if (all !== undefined) return itemsOf
  if (name === '*') return itemsOf
  if (index !== undefined) return value => (Array.isArray(value) ? present(value.at(Number(index))) : [])
  if (condition !== undefined) return filterOf(condition)
  const key = name?.replace(/\\(.)/g, '$1') ?? single ?? double ?? ''
  return value => (Object.hasOwn(asRecord(value), key) ? present(asRecord(value)[key]) : [])
}

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return isRecord(value) ? Object.values(value) : []
}

function present(value: unknown): readonly unknown[] {
  return value === undefined || value === null ? [] : [value]
}

/** `@.type=="Ready"`, or a path alone for those that have it. */
function filterOf(condition: string): Step | undefined {
  // Trimmed first: a pattern with blanks at its end takes the square of a text full of them.
  const match = /^(?<left>@[^=!<>\s]*)\s*(?:(?<sign>==|!=|<=|>=|<|>)\s*(?<right>\S.*))?$/s.exec(condition.trim())
  const { left = '', sign, right = '' } = match?.groups ?? {}
  const path = match === null ? undefined : parseJsonPath(left)
  if (path === undefined) return undefined
  if (sign === undefined) return value => itemsOf(value).filter(item => path(item).length > 0)
  const wanted = literalOf(right)
  return value => itemsOf(value).filter(item => path(item).some(found => compares(found, sign, wanted)))
}

function literalOf(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/s.exec(text)
  if (quoted) return quoted[2]
  if (text === 'true' || text === 'false') return text === 'true'
  const number = Number(text)
  return Number.isNaN(number) ? text : number
}

function compares(found: unknown, sign: string, wanted: unknown): boolean {
  if (sign === '==') return found === wanted
  if (sign === '!=') return found !== wanted
  if (typeof found !== typeof wanted) return false
  const [left, right] = [found as number | string, wanted as number | string]
  if (sign === '<') return left < right
  if (sign === '<=') return left <= right
  return sign === '>' ? left > right : left >= right
}

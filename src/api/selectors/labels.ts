/**
 * Label selectors, in the whole grammar of Kubernetes and with its words for what is wrong:
 *
 *     selector    = [ requirement { "," requirement } ]
 *     requirement = key | "!" key | key ("=" | "==" | "!=" | "<" | ">") value | key ("in" | "notin") "(" values ")"
 *
 * Blanks part words and mean nothing else; nothing is quoted, since no label needs it. A value may be empty.
 */
import { labelKeyProblem, labelValueProblem } from '../../resources/metadata.js'
import { badRequest } from '../status.js'

export interface LabelRequirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'above' | 'below'
  readonly values: readonly string[]
}

/** All of them must hold; none at all selects everything. */
export type LabelSelector = readonly LabelRequirement[]

/** @throws ApiError 400 */
export function parseLabelSelector(text: string): LabelSelector {
  const words = text.match(/==|!=|[=!(),<>]|[^=!(),<>\s]+/g) ?? []
  const requirements: LabelRequirement[] = []
  let place = 0
  const peek = () => words[place] ?? ''
  const take = () => words[place++] ?? ''
  while (place < words.length) {
    if (!isName(peek()) && peek() !== '!') {
      throw badRequest(`found '${peek()}', expected: !, identifier, or 'end of string'`)
    }
    requirements.push(parseRequirement(peek, take))
    if (place === words.length) break
    const comma = take()
    if (comma !== ',') throw badRequest(`found '${comma}', expected: ',' or 'end of string'`)
    if (!isName(peek()) && peek() !== '!') throw badRequest(`found '${peek()}', expected: identifier after ','`)
  }
  return requirements
}

export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>> = {}): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key]! : undefined
    switch (operator) {
      case 'exists':
        return value !== undefined
      case 'absent':
        return value === undefined
      case 'in':
        return value !== undefined && values.includes(value)
      case 'notin':
        return value === undefined || !values.includes(value)
      case 'above':
        return isInteger(value) && BigInt(value) > BigInt(values[0]!)
      case 'below':
        return isInteger(value) && BigInt(value) < BigInt(values[0]!)
      default:
        throw new Error(`unknown operator ${JSON.stringify(operator satisfies never)}`)
    }
  })
}

/** Labels that whatever is selected has; a store can look for them without knowing the grammar. */
export function requiredLabels(selector: LabelSelector): Readonly<Record<string, string>> {
  return Object.fromEntries(selector.filter(isEquality).map(({ key, values }) => [key, values[0]!]))
}

export function isEquality({ operator, values }: LabelRequirement): boolean {
  return operator === 'in' && values.length === 1
}

type Words = () => string

function parseRequirement(peek: Words, take: Words): LabelRequirement {
  const isNegated = peek() === '!'
  if (isNegated) take()
  const key = take()
  if (!isName(key)) throw unparsable(`found '${key}', expected: identifier`)
  check(key, '<nil>', labelKeyProblem(key))
  if (peek() === '' || peek() === ',') return { key, operator: isNegated ? 'absent' : 'exists', values: [] }
  const sign = take()
  const operator = OPERATORS.get(sign)
  if (operator === undefined) {
    throw unparsable(`found '${sign}', expected: in, notin, =, ==, !=, gt, lt`)
  }
  const values = sign === 'in' || sign === 'notin' ? parseValues(peek, take) : [parseValue(peek, take)]
  for (const [index, value] of values.entries()) {
    if (operator === 'above' || operator === 'below') {
      check(
        value,
        `values[${index}]`,
        isInteger(value) ? undefined : "for 'Gt', 'Lt' operators, the value must be an integer",
      )
    }
    check(value, `values[${index}][${key}]`, labelValueProblem(value))
  }
  return { key, operator, values }
}

const OPERATORS = new Map<string, LabelRequirement['operator']>([
  ['=', 'in'],
  ['==', 'in'],
  ['in', 'in'],
  ['!=', 'notin'],
  ['notin', 'notin'],
  ['>', 'above'],
  ['<', 'below'],
])

function parseValue(peek: Words, take: Words): string {
  if (peek() === '' || peek() === ',') return ''
  const value = take()
  if (!isName(value)) throw unparsable(`found '${value}', expected: identifier`)
  return value
}

/** `(a,b)`; between two commas, and before or behind one, is the empty value. */
function parseValues(peek: Words, take: Words): readonly string[] {
  const open = take()
  if (open !== '(') throw unparsable(`found '${open}' expected: '('`)
  if (!isName(peek()) && peek() !== ',' && peek() !== ')') {
    throw unparsable(`found '${peek()}', expected: ',', ')' or identifier`)
  }
  const values = new Set<string>()
  for (;;) {
    values.add(isName(peek()) ? take() : '')
    const end = take()
    if (end === ')') return [...values].sort()
    if (end !== ',') throw unparsable(`found '${end}', expected: ',' or ')'`)
  }
}

function isName(word: string): boolean {
  return word !== '' && !/^[=!(),<>]/.test(word)
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^[+-]?\d{1,19}$/.test(text)
}

function check(given: string, at: string, problem: string | undefined): void {
  if (problem !== undefined) throw unparsable(`${at}: Invalid value: ${JSON.stringify(given)}: ${problem}`)
}

function unparsable(message: string) {
  return badRequest(`unable to parse requirement: ${message}`)
}

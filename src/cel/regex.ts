/**
 * RE2's regular expressions: Go's syntax, and never worse than (length of the text) × (size of the pattern). The only file
 * that knows the re2js package; it is loaded with the first pattern, for few expressions have one.
 */
import { createRequire } from 'node:module'
import type { Matcher, RE2JS } from 're2js'
import type { Meter } from './meter.js'
import { CelProblem } from './problem.js'

const require = createRequire(import.meta.url)

/** Steps of the slowest way to match, one per character of the text and instruction of the pattern, in one unit. */
const STEPS_PER_UNIT = 2
/** Units per instruction. */
const COMPILE_COST = 3
const MAX_PATTERN = 1000
const MAX_REPEAT = 1000
const MAX_REMEMBERED = 200

const remembered = new Map<string, RE2JS>()

/**
 * Whether the pattern is found anywhere in the text.
 * @throws CelProblem for what is no pattern, or has more characters than `maxPattern`
 */
export function matches(text: string, pattern: string, meter: Meter, maxPattern: number = MAX_PATTERN): boolean {
  return matcherOf(text, compiled(pattern, meter, '', maxPattern), meter).find()
}

/** The first `most` parts of the text that match. @throws CelProblem for what is no pattern */
export function findAll(text: string, pattern: string, most: number, meter: Meter): readonly string[] {
  const matcher = matcherOf(text, compiled(pattern, meter, ''), meter)
  const found: string[] = []
  let from = 0
  while (found.length < most && from <= text.length && matcher.find(from)) {
    // A pattern may look at the whole rest of the text for every match.
    meter.charge(1 + ((text.length - from) * matcher.programSize()) / STEPS_PER_UNIT)
    meter.checkTime()
    const [start, stop] = [matcher.start(), matcher.end()]
    found.push(text.slice(start, stop))
    from = stop > start ? stop : stop + ((text.codePointAt(stop) ?? 0) > 0xffff ? 2 : 1)
  }
  return found
}

/** What is wrong with a pattern; undefined when nothing is. @throws LimitExceeded */
export function patternProblem(pattern: string, meter: Meter, maxPattern: number): string | undefined {
  try {
    compiled(pattern, meter, '', maxPattern)
    return undefined
  } catch (error) {
    if (error instanceof CelProblem) return error.message
    throw error
  }
}

/**
 * Go's `ReplaceAllString`: in `replacement`, `$1`, `${1}` and `${name}` are what the groups matched, `$$` is a dollar.
 * @throws CelProblem for what is no pattern
 */
export function replaceAll(text: string, pattern: string, replacement: string, meter: Meter): string {
  const expression = compiled(pattern, meter, 'failed to parse regular expression for translation: ')
  const matcher = matcherOf(text, expression, meter)
  const pieces = readReplacement(replacement)
  const names = expression.namedGroups()
  let result = ''
  let end = 0
  let from = 0
  while (from <= text.length && matcher.find(from)) {
    meter.charge(1 + pieces.length)
    // A pattern may look at the whole rest of the text for every match: only the clock can tell.
    meter.checkTime()
    const [start, stop] = [matcher.start(), matcher.end()]
    result += text.slice(end, start)
    // As in Go, what is empty and right behind another match is no match.
    if (stop > end || start === 0) result += expanded(pieces, matcher, names)
    meter.chargeText(result.length - end)
    end = stop
    from = stop > from ? stop : from + ((text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1)
  }
  return result + text.slice(end)
}

function matcherOf(text: string, expression: RE2JS, meter: Meter): Matcher {
  const matcher = expression.matcher(text)
  meter.charge((text.length * matcher.programSize()) / STEPS_PER_UNIT)
  return matcher
}

function compiled(pattern: string, meter: Meter, prefix: string, maxPattern: number = MAX_PATTERN): RE2JS {
  if (pattern.length > maxPattern) {
    throw new CelProblem(`${prefix}error parsing regexp: expression has more than ${maxPattern} characters`)
  }
  const known = remembered.get(pattern)
  if (known !== undefined) return known
  // A repetition is written out by the compiler: `a{1000}` is as long as a thousand `a`.
  const counts = [...pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g)].map(([, least, most]) => Number(most || least))
  const factor = Math.min(
    counts.reduce((product, count) => product * Math.max(1, count), 1),
    MAX_REPEAT,
  )
  meter.charge(COMPILE_COST * pattern.length * factor)
  const { RE2JS } = require('re2js') as typeof import('re2js')
  let expression: RE2JS
  try {
    expression = RE2JS.compile(pattern)
  } catch (error) {
    throw new CelProblem(`${prefix}${error instanceof Error ? error.message : String(error)}`)
  }
  const oldest = remembered.keys().next()
  if (remembered.size >= MAX_REMEMBERED && !oldest.done) remembered.delete(oldest.value)
  remembered.set(pattern, expression)
  return expression
}

type Piece = { readonly text: string } | { readonly group: string }

function readReplacement(replacement: string): readonly Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const found of replacement.matchAll(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu)) {
    if (found.index > end) pieces.push({ text: replacement.slice(end, found.index) })
    const group = found[1] ?? found[2]
    pieces.push(group === undefined ? { text: '$' } : { group })
    end = found.index + found[0].length
  }
  if (end < replacement.length) pieces.push({ text: replacement.slice(end) })
  return pieces
}

/** A group that does not exist, or did not match, is empty. */
function expanded(pieces: readonly Piece[], matcher: Matcher, names: Readonly<Record<string, number>>): string {
  return pieces
    .map(piece => {
      if ('text' in piece) return piece.text
      const number = /^\d{1,5}$/.test(piece.group)
        ? Number(piece.group)
        : Object.hasOwn(names, piece.group)
          ? names[piece.group]
          : undefined
      if (number === undefined || number > matcher.groupCount()) return ''
      return matcher.group(number) ?? ''
    })
    .join('')
}

/**
 * `$(…)` replacement. One textual pass: what was put in is never scanned again, what is unknown stays as it stands
 * (so `$(date)` in a script works). Pure text to text; which fields accept what is the caller's knowledge.
 */
import type { ParamValue } from '../resources/tekton.js'

/** What each expression (the text between `$(` and `)`) stands for. */
export interface Replacements {
  readonly strings: ReadonlyMap<string, string>
  /** Both `params.a[*]` and `params.a`. */
  readonly arrays: ReadonlyMap<string, readonly string[]>
  /** `params.o[*]` and `params.o`: only as a whole param value. */
  readonly objects: ReadonlyMap<string, Readonly<Record<string, string>>>
}

export const NOTHING: Replacements = { strings: new Map(), arrays: new Map(), objects: new Map() }

/** Later ones win where both know an expression. */
export function mergeReplacements(...all: readonly Replacements[]): Replacements {
  return {
    strings: new Map(all.flatMap(one => [...one.strings])),
    arrays: new Map(all.flatMap(one => [...one.arrays])),
    objects: new Map(all.flatMap(one => [...one.objects])),
  }
}

export function stringReplacements(entries: Readonly<Record<string, string>>): Replacements {
  return { ...NOTHING, strings: new Map(Object.entries(entries)) }
}

/** `$$(` is how a payload's `$(` arrives from a trigger: text that must never become a variable. */
const EXPRESSION = /(?<!\$)\$\(([^$()]*)\)/g
const WHOLE = /^\$\(([^$()]*)\)$/

export function replaceString(text: string, known: Replacements): string {
  if (!text.includes('$(')) return text
  return text.replace(EXPRESSION, (whole, expression: string) => known.strings.get(expression) ?? whole)
}

/** As an element of `command`, `args`, `when.values` or an array value: an array stands for all its elements. */
export function replaceList(list: readonly string[], known: Replacements): readonly string[] {
  return list.flatMap(element => wholeArray(element, known) ?? [replaceString(element, known)])
}

/** A value that is exactly one array or object expression takes that type; anything else stays what it was. */
export function replaceValue(value: ParamValue, known: Replacements): ParamValue {
  if (typeof value === 'string') {
    return wholeArray(value, known) ?? wholeObject(value, known) ?? replaceString(value, known)
  }
  if (isList(value)) return replaceList(value, known)
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, replaceString(text, known)]))
}

/** The expressions that stand in a text, in order, without `$(` and `)`. */
export function expressionsIn(text: string): readonly string[] {
  return [...text.matchAll(EXPRESSION)].map(match => match[1] ?? '')
}

export function expressionsInValue(value: ParamValue): readonly string[] {
  if (typeof value === 'string') return expressionsIn(value)
  return (isList(value) ? value : Object.values(value)).flatMap(expressionsIn)
}

export function isList(value: ParamValue): value is readonly string[] {
  return Array.isArray(value)
}

function wholeArray(text: string, known: Replacements): readonly string[] | undefined {
  const expression = WHOLE.exec(text)?.[1]
  return expression === undefined ? undefined : known.arrays.get(expression)
}

function wholeObject(text: string, known: Replacements): Readonly<Record<string, string>> | undefined {
  const expression = WHOLE.exec(text)?.[1]
  return expression === undefined ? undefined : known.objects.get(expression)
}

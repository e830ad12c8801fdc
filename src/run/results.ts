/** Results of finished tasks: what a reference finds, and what a whole pipeline has to show in the end. */
import type { Param, ParamValue, PipelineResult } from '../resources/tekton.js'
import { type ResultReference, referencesInValue } from './result-references.js'
import { isList, type Replacements, replaceValue } from './substitute.js'

/** A task whose results may be asked for. */
export interface Producer {
  /** It ended, one way or another; a task that failed still publishes what it wrote. */
  readonly ended: boolean
  readonly succeeded: boolean
  readonly results: ReadonlyMap<string, ParamValue>
}

export type Found =
  | { readonly is: 'found'; readonly value: ParamValue }
  /** The task or the result is not there. */
  | { readonly is: 'missing' }
  /** The result is there and has no such key, or is no list. As in Tekton the reference then stays as it stands. */
  | { readonly is: 'unfit' }
  | { readonly is: 'outOfBounds'; readonly message: string }

export function findResult(reference: ResultReference, producer: Producer | undefined): Found {
  const stored = producer?.results.get(reference.result)
  if (stored === undefined) return { is: 'missing' }
  const { part } = reference
  switch (part.is) {
    case 'plain':
      return { is: 'found', value: stored }
    case 'whole': {
      const value = structured(stored)
      return typeof value === 'string' ? { is: 'unfit' } : { is: 'found', value }
    }
    case 'element': {
      const value = structured(stored)
      if (!isList(value)) return { is: 'unfit' }
      const element = value[part.index]
      if (element !== undefined) return { is: 'found', value: element }
      const message = `array Result Index ${part.index} for Task ${reference.task} Result ${reference.result} is out of bound of size ${value.length}`
      return { is: 'outOfBounds', message }
    }
    case 'member': {
      const member = memberOf(structured(stored), part.key)
      return member === undefined ? { is: 'unfit' } : { is: 'found', value: member }
    }
    default:
      throw new Error(`unknown part ${JSON.stringify(part satisfies never)}`)
  }
}

/** Custom tasks can only give texts; one that is a JSON list or map of texts is taken for that when so asked for. */
function structured(value: ParamValue): ParamValue {
  if (typeof value !== 'string') return value
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch {
    return value // A text that is no JSON is a text.
  }
  if (typeof parsed !== 'object' || parsed === null) return value
  const texts: unknown[] = Object.values(parsed)
  return texts.every(text => typeof text === 'string') ? (parsed as ParamValue) : value
}

/** Of the references that were found. */
export function resultReplacements(found: ReadonlyMap<string, ParamValue>): Replacements {
  const strings = new Map<string, string>()
  const arrays = new Map<string, readonly string[]>()
  const objects = new Map<string, Readonly<Record<string, string>>>()
  for (const [expression, value] of found) {
    if (typeof value === 'string') strings.set(expression, value)
    else if (isList(value)) arrays.set(expression, value)
    else objects.set(expression, value)
  }
  return { strings, arrays, objects }
}

export interface PipelineResults {
  readonly results: readonly Param[]
  /** Names of results that cannot be shown and should be, once for each reference that is to blame. */
  readonly invalid: readonly string[]
}

/**
 * As pkg/reconciler/pipelinerun/resources/apply.go. Left out silently: a result that refers to a task that was skipped or
 * failed without emitting it. Invalid: one whose task succeeded without it, or that has no such element or key.
 */
export function pipelineResults(
  declared: readonly PipelineResult[],
  producer: (reference: ResultReference) => Producer | undefined,
): PipelineResults {
  const results: Param[] = []
  const invalid: string[] = []
  for (const { name, value } of declared) {
    const found = new Map<string, ParamValue>()
    const references = referencesInValue(value)
    for (const reference of references) {
      const from = producer(reference)
      const stored = from?.results.get(reference.result)
      const part = stored === undefined ? undefined : partShown(reference, stored)
      if (part !== undefined) found.set(reference.expression, part)
      else if (stored !== undefined || from === undefined || from.succeeded) invalid.push(name)
    }
    if (found.size === references.length) results.push({ name, value: replaceValue(value, resultReplacements(found)) })
  }
  return { results, invalid }
}

/** A text is itself whatever part of it is asked for; of a list without an index the first element is shown. */
function partShown({ part }: ResultReference, stored: ParamValue): ParamValue | undefined {
  if (part.is === 'member') return memberOf(stored, part.key)
  if (isList(stored)) return part.is === 'whole' ? stored : stored[part.is === 'element' ? part.index : 0]
  return stored
}

function memberOf(value: ParamValue, key: string): string | undefined {
  return typeof value === 'string' || isList(value) || !Object.hasOwn(value, key) ? undefined : value[key]
}

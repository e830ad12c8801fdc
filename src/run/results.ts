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
  /** The task, the result or the key is not there. */
  | { readonly is: 'missing' }
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
      return typeof value === 'string' ? { is: 'missing' } : { is: 'found', value }
    }
    case 'element': {
      const value = structured(stored)
      if (!isList(value)) return { is: 'missing' }
      const element = value[part.index]
      if (element !== undefined) return { is: 'found', value: element }
      const message = `array Result Index ${part.index} for Task ${reference.task} Result ${reference.result} is out of bound of size ${value.length}`
      return { is: 'outOfBounds', message }
    }
    case 'member': {
      const value = structured(stored)
      const member =
        typeof value === 'string' || isList(value) || !Object.hasOwn(value, part.key) ? undefined : value[part.key]
      return member === undefined ? { is: 'missing' } : { is: 'found', value: member }
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
  /** Names of results that refer to something that a task which succeeded does not have. */
  readonly invalid: readonly string[]
}

/** Left out silently: a result that refers to a task that was skipped or failed without emitting it. */
export function pipelineResults(
  declared: readonly PipelineResult[],
  producer: (reference: ResultReference) => Producer | undefined,
): PipelineResults {
  const results: Param[] = []
  const invalid: string[] = []
  for (const { name, value } of declared) {
    const found = new Map<string, ParamValue>()
    const lacking: ResultReference[] = []
    for (const reference of referencesInValue(value)) {
      const outcome = findResult(reference, producer(reference))
      if (outcome.is === 'found') found.set(reference.expression, outcome.value)
      else lacking.push(reference)
    }
    if (lacking.length === 0) results.push({ name, value: replaceValue(value, resultReplacements(found)) })
    else if (lacking.some(reference => producer(reference)?.succeeded)) invalid.push(name)
  }
  return { results, invalid }
}

/** Results as they come out of a Pod: texts that have to become the type that was declared. */
import type { ParamType, ParamValue, ResultSpec, ResultValue } from '../resources/tekton.js'
import { typeOfValue } from '../run/params.js'
import { ENTRY_TYPE, type TerminationEntry } from './termination-message.js'

export interface TaskResults {
  readonly results: readonly ResultValue[]
  /** What the task promised and did not keep, in Tekton's words; undefined when nothing. */
  readonly problem: string | undefined
}

/** Results of one step, in the order of its message. Undeclared ones are what they look like. */
export function stepResultsOf(
  entries: readonly TerminationEntry[],
  declared: readonly ResultSpec[] | undefined,
): readonly Required<ResultValue>[] {
  return entries
    .filter(entry => entry.type === ENTRY_TYPE.stepResult)
    .map(({ key, value }) =>
      resultValue(
        key,
        value,
        declared?.find(spec => spec.name === key),
      ),
    )
}

/** What one step left, with its name and the results it declares. */
export interface FinishedStep {
  readonly name: string
  readonly declared: readonly ResultSpec[] | undefined
  readonly entries: readonly TerminationEntry[]
}

/**
 * Results of the task: what its steps left, step by step; a later step's word replaces an earlier one's in its place.
 * A result with a `value` is what the step it names reported, in the type that the step declares.
 */
export function taskResultsOf(declared: readonly ResultSpec[], steps: readonly FinishedStep[]): TaskResults {
  const values = new Map<ResultSpec, ResultValue>()
  for (const step of steps) {
    const reported = stepResultsOf(step.entries, step.declared)
    for (const { key, value, type } of step.entries) {
      const spec = type === ENTRY_TYPE.taskResult ? declared.find(one => one.name === key) : undefined
      if (spec) values.set(spec, resultValue(key, value, spec))
    }
    for (const { name, type, value } of reported) {
      for (const spec of declared.filter(one => refersTo(one, step.name, name))) {
        values.set(spec, { name: spec.name, type, value })
      }
    }
  }
  const typed = [...values].map(([spec, value]) => ({ spec, value }))
  const mistyped = typed.filter(({ spec, value }) => value.type !== typeOf(spec))
  const fitting = typed.filter(one => !mistyped.includes(one))
  return { results: fitting.map(({ value }) => value), problem: mistypes(mistyped) ?? missingKeys(fitting) }
}

interface Typed {
  readonly spec: ResultSpec
  readonly value: ResultValue
}

function refersTo({ value }: ResultSpec, step: string, result: string): boolean {
  return step !== '' && value === `$(steps.${step}.results.${result})`
}

function typeOf(spec: ResultSpec | undefined): ParamType {
  return spec?.type ?? (spec?.properties ? 'object' : 'string')
}

/** A declared string is taken as it is, even if it is JSON. Its type is what it turned out to be. */
function resultValue(name: string, text: string, spec: ResultSpec | undefined): Required<ResultValue> {
  const value = spec !== undefined && typeOf(spec) === 'string' ? text : decode(text)
  return { name, type: typeOfValue(value), value }
}

/** As Go reads it: no space before the bracket, and `null` is the empty text. */
function decode(text: string): ParamValue {
  if (!/^[[{]/.test(text)) return text
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // No JSON at all: a text, which is then of the wrong type.
    return text
  }
  const isText = (value: unknown) => typeof value === 'string' || value === null
  const asText = (value: unknown) => (value === null ? '' : (value as string))
  const inner: readonly unknown[] = Object.values(parsed as object)
  if (!inner.every(isText)) return text
  if (Array.isArray(parsed)) return inner.map(asText)
  return Object.fromEntries(Object.entries(parsed as object).map(([key, value]) => [key, asText(value)]))
}

function mistypes(results: readonly Typed[]): string | undefined {
  if (results.length === 0) return undefined
  const each = results.map(
    ({ spec, value }) =>
      ` "${spec.name}": task result is expected to be "${typeOf(spec)}" type but was initialized to a different type "${value.type}"`,
  )
  return `Provided results don't match declared results; may be invalid JSON or missing result declaration: ${each.sort().join(',')}`
}

function missingKeys(results: readonly Typed[]): string | undefined {
  const missing = results.flatMap(({ spec, value }) => {
    const has = typeof value.value === 'object' ? Object.keys(value.value) : []
    const keys = typeOf(spec) === 'object' ? Object.keys(spec.properties ?? {}).filter(key => !has.includes(key)) : []
    return keys.length > 0 ? [`${spec.name}:[${keys.join(' ')}]`] : []
  })
  if (missing.length === 0) return undefined
  return `missing keys for these results which are required in TaskResult's properties map[${missing.sort().join(' ')}]`
}

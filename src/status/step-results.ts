/** Results as they come out of a Pod: texts that have to become the type that was declared. */
import type { ParamType, ParamValue, ResultSpec, ResultValue } from '../resources/tekton.js'
import { typeOfValue } from '../run/params.js'
import { ENTRY_TYPE, type TerminationEntry } from './termination-message.js'

export interface TaskResults {
  readonly results: readonly ResultValue[]
  /** What the task promised and did not keep, in Tekton's words; undefined when nothing. */
  readonly problem: string | undefined
}

/** Results of one step, in the order of its message. Undeclared ones are texts. */
export function stepResultsOf(
  entries: readonly TerminationEntry[],
  declared: readonly ResultSpec[] | undefined,
): readonly ResultValue[] {
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

/**
 * Results of the task: what its steps left, step by step; a later step's word replaces an earlier one's in its place.
 * A result with a `value` is what the step it names reported.
 */
export function taskResultsOf(
  declared: readonly ResultSpec[],
  steps: readonly { readonly name: string; readonly entries: readonly TerminationEntry[] }[],
): TaskResults {
  const texts = new Map<string, string>()
  for (const { entries } of steps) {
    for (const { key, value, type } of entries) if (type === ENTRY_TYPE.taskResult) texts.set(key, value)
  }
  for (const { name, value } of declared) {
    const text = typeof value === 'string' ? referredText(value, steps) : undefined
    if (text !== undefined) texts.set(name, text)
  }
  const values = [...texts].flatMap(([name, text]) => {
    const spec = declared.find(one => one.name === name)
    return spec ? [{ spec, value: resultValue(name, text, spec) }] : []
  })
  const mistyped = values.filter(({ spec, value }) => value.type !== typeOf(spec))
  const fitting = values.filter(one => !mistyped.includes(one))
  return { results: fitting.map(({ value }) => value), problem: mistypes(mistyped) ?? missingKeys(fitting) }
}

interface Typed {
  readonly spec: ResultSpec
  readonly value: ResultValue
}

function referredText(
  reference: string,
  steps: readonly { readonly name: string; readonly entries: readonly TerminationEntry[] }[],
): string | undefined {
  const [, step, result] = /^\$\(steps\.([^.]+)\.results\.([^)]+)\)$/.exec(reference) ?? []
  const entries = steps.find(({ name }) => name === step)?.entries ?? []
  return entries.find(({ key, type }) => type === ENTRY_TYPE.stepResult && key === result)?.value
}

function typeOf(spec: ResultSpec | undefined): ParamType {
  return spec?.type ?? (spec?.properties ? 'object' : 'string')
}

/** A declared string is taken as it is, even if it is JSON. Its type is what it turned out to be. */
function resultValue(name: string, text: string, spec: ResultSpec | undefined): ResultValue {
  const value = typeOf(spec) === 'string' ? text : decode(text)
  return { name, type: typeOfValue(value), value }
}

function decode(text: string): ParamValue {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // No JSON at all: a text, which is then of the wrong type.
    return text
  }
  const texts = (values: readonly unknown[]) => values.every(value => typeof value === 'string')
  if (Array.isArray(parsed)) return texts(parsed) ? (parsed as readonly string[]) : text
  if (typeof parsed !== 'object' || parsed === null || !texts(Object.values(parsed))) return text
  return parsed as Readonly<Record<string, string>>
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

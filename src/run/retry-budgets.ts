/** How often a failed attempt is tried again, by whose fault it was. `spec.retries` stands beside it, for any fault. */
import { invalidValue, listed, type Problem, problem } from '../resources/problem.js'
import { FAILURE_CLASSES, type FailureClass } from '../status/failure-class.js'

/** A class that is left out has its default. */
export type RetryBudgets = Readonly<Partial<Record<FailureClass, number>>>

const PREFIX = 'tektite.dev/retries-'
/** Every attempt is told in the status: so many fit. */
const MAX_RETRIES = 100

/** On a run, or on what it takes its annotations from: the Task, the Pipeline, the PipelineRun. */
export function retryAnnotation(failureClass: FailureClass): string {
  return PREFIX + failureClass
}

/** What the annotations say, over what the installation does. What cannot be read says nothing. */
export function retryBudgets(
  annotations: Readonly<Record<string, string>> | undefined,
  installed: RetryBudgets,
): RetryBudgets {
  const written = FAILURE_CLASSES.flatMap(failureClass => {
    const count = retryCount(annotations?.[retryAnnotation(failureClass)])
    return count === undefined ? [] : [[failureClass, count] as const]
  })
  return { ...installed, ...Object.fromEntries(written) }
}

export function retryCount(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^\d{1,3}$/.test(text)) return undefined
  return Number(text) <= MAX_RETRIES ? Number(text) : undefined
}

export const RETRY_COUNT_RULE = `write how often such a failure is tried again, a whole number from 0 to ${MAX_RETRIES}`

/** What is wrong with the values. */
export function retryBudgetProblems(
  annotations: Readonly<Record<string, string>> | undefined,
  path = 'metadata.annotations',
): readonly Problem[] {
  return FAILURE_CLASSES.map(retryAnnotation).flatMap(name => {
    const text = annotations?.[name]
    if (text === undefined || retryCount(text) !== undefined) return []
    return [invalidValue(JSON.stringify(text), `${path}[${name}]`, RETRY_COUNT_RULE)]
  })
}

/** What is written for a budget that there is not. */
export function retryBudgetWarnings(annotations: Readonly<Record<string, string>> | undefined): readonly Problem[] {
  const known = FAILURE_CLASSES.map(retryAnnotation)
  return Object.keys(annotations ?? {})
    .filter(name => name.startsWith(PREFIX) && !known.includes(name))
    .map(name =>
      problem(`annotation ${name} means nothing here`, 'metadata.annotations', { hint: `there are ${listed(known)}` }),
    )
}

/** What admission says to a Schedule: the rules of a Trigger for what they share, those of a CronJob for the rest. */
import type { NewMeta } from '../resources/meta.js'
import { exactlyOne, invalidValue, missing, type Problem } from '../resources/problem.js'
import { CONCURRENCY_POLICIES, type ConcurrencyPolicy, type ScheduleSpec } from '../resources/schedules.js'
import { defaultTriggerSpec } from '../trigger/defaults.js'
import { validateTrigger } from '../trigger/validate.js'
import { cronTexts, DEFAULT_TIME_ZONE, readTiming } from './read-schedule.js'

/** It becomes the value of a label. */
const MAX_NAME = 63
/** Nobody reads more; each is searched at every look. */
const MAX_TEXTS = 100

/** As CronJob's, spelled out in what is stored. */
export function defaultScheduleSpec(spec: ScheduleSpec): ScheduleSpec {
  return {
    timeZone: DEFAULT_TIME_ZONE,
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulRunsHistoryLimit: 3,
    failedRunsHistoryLimit: 1,
    ...defaultTriggerSpec(spec),
  }
}

export function validateSchedule(metadata: NewMeta, spec: ScheduleSpec): readonly Problem[] {
  const { template, bindings = [] } = spec
  return [
    ...nameProblems(metadata.name ?? ''),
    ...textProblems(metadata, spec),
    ...validateTrigger({ template, bindings }, 'spec'),
    ...paramProblems(spec),
    ...policyProblems(spec),
  ]
}

function nameProblems(name: string): readonly Problem[] {
  if (name.length <= MAX_NAME) return []
  return [invalidValue(`name '${name}' must be no more than ${MAX_NAME} characters long`, 'metadata.name')]
}

function textProblems({ namespace, name = '' }: NewMeta, spec: ScheduleSpec): readonly Problem[] {
  const { schedule, schedules } = spec
  const both = ['spec.schedule', 'spec.schedules']
  if (schedule !== undefined && schedules !== undefined) return [exactlyOne('both', both, 'keep one of the two')]
  const texts = cronTexts(spec)
  if (texts.length === 0) {
    return [{ ...exactlyOne('neither', both, 'say when: schedule: "0 6,18 * * *"'), at: 'spec' }]
  }
  if (texts.length > MAX_TEXTS) {
    return [invalidValue(`${texts.length} texts`, 'spec.schedules', undefined, `${MAX_TEXTS} are the most`)]
  }
  const reading = readTiming({ namespace, name }, spec)
  if (reading.is === 'read') return []
  return reading.faults.map(({ path, value, message, hint }) =>
    invalidValue(`${JSON.stringify(value.slice(0, MAX_SHOWN))}: ${message}`, path, undefined, hint),
  )
}

const MAX_SHOWN = 200

/** A name means one value: from a param, or from a binding. */
function paramProblems({ params = [], bindings = [] }: ScheduleSpec): readonly Problem[] {
  const bound = bindings.map(binding => binding.name)
  return params.flatMap(({ name }, i) => {
    const path = `spec.params[${i}].name`
    if (name === '') return [missing(path)]
    if (params.findIndex(other => other.name === name) < i) return [exactlyOne('both', path)]
    const binding = bound.indexOf(name)
    return binding < 0 ? [] : [exactlyOne('both', [path, `spec.bindings[${binding}].name`])]
  })
}

function policyProblems(spec: ScheduleSpec): readonly Problem[] {
  const problems: Problem[] = []
  const policy = spec.concurrencyPolicy
  if (policy !== undefined && !CONCURRENCY_POLICIES.includes(policy as ConcurrencyPolicy)) {
    const hint = `write one of ${CONCURRENCY_POLICIES.join(', ')}`
    problems.push(invalidValue(JSON.stringify(policy), 'spec.concurrencyPolicy', undefined, hint))
  }
  const least = { startingDeadlineSeconds: 1, successfulRunsHistoryLimit: 0, failedRunsHistoryLimit: 0 } as const
  for (const [field, minimum] of Object.entries(least)) {
    const value = spec[field as keyof typeof least]
    if (value === undefined || value >= minimum) continue
    problems.push(invalidValue(`${value}`, `spec.${field}`, undefined, `it must be at least ${minimum}`))
  }
  return problems
}

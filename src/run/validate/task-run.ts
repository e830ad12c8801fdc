/** A TaskRun's spec. */
import { parseDuration } from '../../lib/duration.js'
import { exactlyOne, invalidValue, missing, type Problem, problem } from '../../resources/problem.js'
import type { PodTemplate, StepSpecOverride, TaskRunSpec } from '../../resources/tekton.js'
import { fieldGate, inlineGate, type Rules } from './gates.js'
import { specOfParam } from './inline-params.js'
import { validateObjectProperties, validateRunParams } from './params.js'
import { validateReference } from './references.js'
import { repeats } from './repeats.js'
import { validateParamUsage, validateTaskSpec } from './task.js'
import { knownParams } from './variables.js'
import { validateBindings } from './workspaces.js'

export function validateTaskRunSpec(spec: TaskRunSpec, path: string, rules: Rules): readonly Problem[] {
  return [
    ...whatToRun(spec, path, rules),
    ...validateRunParams(spec.params ?? [], path),
    ...validateBindings(spec.workspaces ?? [], path, 'TaskRun'),
    ...statusProblems(spec, path),
    ...amountProblems(spec, path),
    ...(spec.debug ? fieldGate(rules, 'debug', 'alpha', `${path}.debug`) : []),
    ...debugProblems(spec, path),
    ...validateResources(spec, path, rules),
    ...validatePodTemplate(spec.podTemplate, path, rules.settings.forbiddenEnv),
  ]
}

function whatToRun(spec: TaskRunSpec, path: string, rules: Rules): readonly Problem[] {
  const { taskRef, taskSpec } = spec
  const both = [`${path}.taskRef`, `${path}.taskSpec`]
  if (taskRef && taskSpec) return [exactlyOne('both', both, 'keep one of the two')]
  if (taskRef) return validateReference(taskRef, `${path}.taskRef`, rules)
  if (!taskSpec) {
    return [
      { ...exactlyOne('neither', both, 'say what to run: taskRef: {name: ...} or taskSpec: {steps: [...]}'), at: path },
    ]
  }
  return [
    ...inlineGate(rules, 'taskrun', `${path}.taskSpec`),
    ...validateTaskSpec(taskSpec, `${path}.taskSpec`, rules),
    // Params of the run are those of its inline Task too. Tekton leaves `taskSpec` out of the path.
    ...validateParamUsage(
      taskSpec.steps,
      knownParams([...(taskSpec.params ?? []), ...(spec.params ?? []).map(specOfParam)]),
      path,
      `${path}.taskSpec`,
    ),
    ...validateObjectProperties(taskSpec.params ?? [], path).map(one => ({ ...one, at: `${path}.taskSpec.params` })),
  ]
}

function statusProblems({ status, statusMessage }: TaskRunSpec, path: string): readonly Problem[] {
  const problems: Problem[] = []
  if (status && status !== 'TaskRunCancelled' && status !== 'TaskRunPending') {
    problems.push(invalidValue(`${status} should be TaskRunCancelled or TaskRunPending`, `${path}.status`))
  }
  if (!status && statusMessage) {
    const message = `statusMessage should not be set if status is not set, but it is currently set to ${statusMessage}`
    problems.push(invalidValue(message, `${path}.statusMessage`))
  }
  return problems
}

function amountProblems({ timeout, retries = 0 }: TaskRunSpec, path: string): readonly Problem[] {
  const ms = timeout === undefined ? 0 : parseDuration(timeout)
  return [
    ...(ms !== undefined && ms < 0
      ? [invalidValue(`${timeout} should be >= 0`, `${path}.timeout`, undefined, '0s means no timeout')]
      : []),
    ...(retries < 0 ? [invalidValue(`${retries} should be >= 0`, `${path}.retries`)] : []),
  ]
}

function debugProblems({ debug }: TaskRunSpec, path: string): readonly Problem[] {
  const breakpoints = debug?.breakpoints
  if (!breakpoints) return []
  const place = `${path}.debug.breakpoints`
  const { onFailure = '', beforeSteps = [] } = breakpoints
  const failure =
    onFailure === ''
      ? [
          invalidValue(
            'onFailure breakpoint is empty, it is only allowed to be set as enabled',
            `${place}.onFailure`,
            undefined,
            'Tekton wants onFailure: enabled also where only beforeSteps is used',
          ),
        ]
      : onFailure === 'enabled'
        ? []
        : [
            invalidValue(
              `${onFailure} is not a valid onFailure breakpoint value, onFailure breakpoint is only allowed to be set as enabled`,
              `${place}.onFailure`,
            ),
          ]
  const again = repeats(beforeSteps)
  const repeated = beforeSteps.flatMap((step, i) =>
    again[i]
      ? [
          problem(
            `before step must be unique, the same step: ${step} is defined multiple times at`,
            `${place}.beforeSteps[${i}]`,
          ),
        ]
      : [],
  )
  return [...failure, ...repeated]
}

/** What a TaskRun, or an entry of taskRunSpecs, says over its Task's resources. */
export function validateResources(
  { stepSpecs, sidecarSpecs, computeResources }: Pick<TaskRunSpec, 'stepSpecs' | 'sidecarSpecs' | 'computeResources'>,
  path: string,
  rules: Rules,
): readonly Problem[] {
  return [
    ...(stepSpecs ? fieldGate(rules, 'stepSpecs', 'beta', `${path}.stepSpecs`) : []),
    ...overrideProblems(stepSpecs, `${path}.stepSpecs`),
    ...(sidecarSpecs ? fieldGate(rules, 'sidecarSpecs', 'beta', `${path}.sidecarSpecs`) : []),
    ...overrideProblems(sidecarSpecs, `${path}.sidecarSpecs`),
    ...(computeResources ? fieldGate(rules, 'computeResources', 'beta', `${path}.computeResources`) : []),
    ...(computeResources && stepSpecs?.some(one => one.computeResources !== undefined)
      ? [exactlyOne('both', [`${path}.computeResources`, `${path}.stepSpecs.resources`])]
      : []),
  ]
}

function overrideProblems(overrides: readonly StepSpecOverride[] = [], path: string): readonly Problem[] {
  const repeated = repeats(overrides.map(override => override.name))
  return overrides.flatMap((override, i) => {
    if (!override.name) return [missing(`${path}[${i}].name`)]
    return repeated[i] ? [exactlyOne('both', `${path}[${i}].name`)] : []
  })
}

export function validatePodTemplate(
  template: PodTemplate | undefined,
  path: string,
  forbidden: readonly string[],
): readonly Problem[] {
  return (template?.env ?? [])
    .filter(env => forbidden.includes(env.name))
    .map(env => ({
      ...invalidValue(`PodTemplate cannot update a forbidden env: ${env.name}`, `${path}.PodTemplate.Env`),
      at: `${path}.podTemplate.env`,
    }))
}

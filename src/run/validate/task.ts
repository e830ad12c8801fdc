/** A Task's spec, wherever it stands: stored, inline in a TaskRun, inline in a pipeline task, or fetched by a reference. */
import { missing, type Problem, problem } from '../../resources/problem.js'
import type { EmbeddedTask, ParamSpec, Step, StepActionSpec, TaskSpec } from '../../resources/tekton.js'
import { fieldGate, type Rules } from './gates.js'
import { validateObjectProperties, validateParamSpecs } from './params.js'
import { goQuote } from './quote.js'
import { repeats } from './repeats.js'
import { validateResults } from './results.js'
import { validateSidecars, validateSteps } from './steps.js'
import {
  arrayUseProblems,
  type KnownParams,
  knownParams,
  namesOf,
  objectUseProblems,
  stepTexts,
  unknownParamProblems,
  unknownVariableProblems,
} from './variables.js'
import { validateTaskWorkspaces } from './workspaces.js'

/** Everything but whether params are declared: inline specs may use those of the run around them. */
export function validateTaskSpec(task: EmbeddedTask, path: string, rules: Rules): readonly Problem[] {
  const spec: TaskSpec = { ...task, steps: task.steps ?? [] }
  return [
    ...(spec.steps.length === 0 ? [missing(`${path}.steps`, 'a Task has at least one step')] : []),
    ...volumeProblems(spec, path),
    ...validateTaskWorkspaces(spec, path),
    ...validateSteps(spec, path, rules),
    ...validateSidecars(spec.sidecars ?? [], path, rules),
    ...validateParamSpecs(spec.params ?? [], path, rules),
    ...arrayUse(spec.steps, spec.params ?? [], path),
    ...contextProblems(spec.steps, path),
    ...validateResults(spec.results ?? [], `${path}.results`, 'task'),
  ]
}

/** A stored Task: what it uses must be its own. */
export function validateTask(spec: TaskSpec, path: string, rules: Rules): readonly Problem[] {
  const params = spec.params ?? []
  return [
    ...validateTaskSpec(spec, path, rules),
    ...validateParamUsage(spec.steps, knownParams(params), path),
    ...validateObjectProperties(params, path),
  ]
}

/** That the steps use declared params only, and objects by key. `place` is the real one where Tekton prints another. */
export function validateParamUsage(
  steps: readonly Step[],
  known: KnownParams,
  path: string,
  place = path,
): readonly Problem[] {
  const texts = steps.flatMap((step, i) => stepTexts(step, `${path}.steps[${i}]`, `${place}.steps[${i}]`))
  return [
    ...texts.flatMap(text => unknownParamProblems(text, known)),
    ...texts.flatMap(text => objectUseProblems(text, known)),
  ]
}

function arrayUse(steps: readonly Step[], params: readonly ParamSpec[], path: string): readonly Problem[] {
  const known = knownParams(params)
  return steps
    .flatMap((step, i) => stepTexts(step, `${path}.steps[${i}]`))
    .flatMap(text => arrayUseProblems(text, known))
}

const TASK_RUN = namesOf(['name', 'namespace', 'uid'])
const TASK = namesOf(['name', 'retry-count'])

function contextProblems(steps: readonly Step[], path: string): readonly Problem[] {
  return steps
    .flatMap((step, i) => stepTexts(step, `${path}.steps[${i}]`))
    .flatMap(text => [
      ...unknownVariableProblems(text, 'context.taskRun', TASK_RUN),
      ...unknownVariableProblems(text, 'context.task', TASK),
    ])
}

function volumeProblems({ volumes = [] }: TaskSpec, path: string): readonly Problem[] {
  const repeated = repeats(volumes.map(volume => volume.name))
  return volumes.flatMap((volume, i) =>
    repeated[i]
      ? [problem(`multiple volumes with same name ${goQuote(volume.name)}`, `${path}.volumes[${i}].name`)]
      : [],
  )
}

/** A StepAction: one step that knows nothing but its own params. */
export function validateStepAction(spec: StepActionSpec, path: string, rules: Rules): readonly Problem[] {
  const known = knownParams(spec.params ?? [])
  const problems: Problem[] = []
  if (!spec.image) problems.push({ ...missing(`${path}.Image`), at: path })
  if (spec.script && (spec.command?.length ?? 0) > 0) {
    problems.push(problem('script cannot be used with command', `${path}.script`))
  }
  if (/\$\(params[.[]/.test(spec.script ?? '')) {
    const hint = 'pass the param in env and use the variable in the script'
    problems.push(problem('param substitution in scripts is not allowed.', `${path}.script`, { hint }))
  }
  for (const [i, mount] of (spec.volumeMounts ?? []).entries()) {
    if (/^\$\(params(\.[_a-zA-Z0-9.-]+|\[["'][^"']+["']\])\)$/.test(mount.name)) continue
    problems.push(
      problem(`invalid value: ${mount.name}`, `${path}.volumeMounts[${i}].name`, {
        details: 'expect the Name to be a single param reference',
      }),
    )
  }
  const { script, params: _, ...step } = spec
  const texts = stepTexts(step, path)
  const results = namesOf((spec.results ?? []).map(result => result.name))
  return [
    ...problems,
    ...validateParamSpecs(spec.params ?? [], path, rules),
    ...(spec.script?.trim().startsWith('#!win')
      ? fieldGate(rules, 'windows script support', 'alpha', `${path}.script`)
      : []),
    ...validateObjectProperties(spec.params ?? [], path),
    ...texts.flatMap(text => [
      ...unknownParamProblems(text, known),
      ...arrayUseProblems(text, known),
      ...objectUseProblems(text, known),
    ]),
    ...(script === undefined ? [] : ['step.results', 'results']).flatMap(prefix =>
      unknownVariableProblems(
        { text: script ?? '', path: `${path}.script`, at: `${path}.script`, spreads: false },
        prefix,
        results,
      ),
    ),
    ...validateResults(spec.results ?? [], `${path}.results`, 'step'),
  ]
}

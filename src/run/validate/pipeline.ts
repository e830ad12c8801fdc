/** A Pipeline's spec, wherever it stands: stored, inline in a run or in another pipeline, or fetched by a reference. */
import { exactlyOne, invalidValue, listed, type Problem, problem } from '../../resources/problem.js'
import type { ParamSpec, PipelineSpec, PipelineTask } from '../../resources/tekton.js'
import { buildGraph } from '../graph.js'
import type { Rules } from './gates.js'
import { embeddedParams } from './inline-params.js'
import { validateObjectProperties, validateParamSpecs } from './params.js'
import { validateReferences } from './pipeline-references.js'
import { validatePipelineResults } from './pipeline-results.js'
import { validatePipelineTask } from './pipeline-task.js'
import { repeats } from './repeats.js'
import { validateParamUsage } from './task.js'
import {
  arrayUseProblems,
  type KnownParams,
  knownParams,
  objectUseProblems,
  type PlacedText,
  paramValueProblems,
  unknownParamProblems,
  withOuterParams,
} from './variables.js'
import { validatePipelineWorkspaces, validateTaskBindings } from './workspaces.js'

/** Everything but whether params and workspaces are declared: inline specs may use those of the run around them. */
export function validatePipelineSpec(spec: PipelineSpec, path: string, rules: Rules): readonly Problem[] {
  const { tasks = [], finally: last = [], params = [], workspaces = [], results = [] } = spec
  const nested = (inner: PipelineSpec, place: string, given: readonly ParamSpec[]) => [
    ...validatePipelineSpec(inner, place, rules),
    ...validateInlinePipelineParams(inner, given, place),
  ]
  return [
    ...emptyProblems(spec, path),
    ...eachTask(spec, path, (task, place) => validatePipelineTask(task, place, rules, nested)),
    ...duplicateTasks([...tasks, ...last], tasks.length, path),
    ...graphProblems(tasks, path),
    ...validateParamSpecs(params, path, rules),
    ...validateReferences(spec, path),
    ...validatePipelineWorkspaces(workspaces, path),
    ...validatePipelineResults(results, spec, path),
  ]
}

/** A stored Pipeline: what it uses must be its own. */
export function validatePipeline(spec: PipelineSpec, path: string, rules: Rules): readonly Problem[] {
  const { params = [], workspaces = [] } = spec
  const declared = new Set(workspaces.map(workspace => workspace.name))
  const known = knownParams(params)
  return [
    ...validatePipelineSpec(spec, path, rules),
    ...validatePipelineParamUsage(spec, known, path),
    ...validateObjectProperties(params, path),
    ...eachTask(spec, path, (task, place) => validateTaskBindings(task, declared, place)),
    // Tekton leaves `taskSpec` out of these paths.
    ...eachTask(spec, path, (task, place) =>
      task.taskSpec?.steps
        ? validateParamUsage(
            task.taskSpec.steps,
            withOuterParams(knownParams(embeddedParams(task)), known),
            place,
            `${place}.taskSpec`,
          )
        : [],
    ),
  ]
}

/**
 * An inline Pipeline, in a run or in another pipeline: what it is given and what its tasks declare counts beside what it
 * declares itself. `shown` and `index` are for the paths that Tekton prints.
 */
export function validateInlinePipelineParams(
  spec: PipelineSpec,
  given: readonly ParamSpec[],
  path: string,
  shown = path,
  index?: (list: 'tasks' | 'finally', i: number) => string,
): readonly Problem[] {
  const { tasks = [], finally: last = [], params = [] } = spec
  const outer = knownParams([...params, ...given])
  const everything = withOuterParams(outer, knownParams([...tasks, ...last].flatMap(task => embeddedParams(task))))
  return [
    ...validatePipelineParamUsage(spec, everything, shown, path, index),
    ...eachTask(spec, path, (task, place) =>
      task.taskSpec?.steps
        ? validateParamUsage(
            task.taskSpec.steps,
            withOuterParams(knownParams(embeddedParams(task)), outer),
            index ? shown : place,
            `${place}.taskSpec`,
          )
        : [],
    ),
    ...validateObjectProperties(params, shown),
  ]
}

/** That tasks use declared params only, arrays and objects as such. `place` is the real path where Tekton prints another. */
export function validatePipelineParamUsage(
  spec: PipelineSpec,
  known: KnownParams,
  path: string,
  place = path,
  index: (list: 'tasks' | 'finally', i: number) => string = (list, i) => `.${list}[${i}]`,
): readonly Problem[] {
  const all = [
    ...(spec.tasks ?? []).map((task, i) => [task, `${path}${index('tasks', i)}`, `${place}.tasks[${i}]`] as const),
    ...(spec.finally ?? []).map(
      (task, i) => [task, `${path}${index('finally', i)}`, `${place}.finally[${i}]`] as const,
    ),
  ]
  return all.flatMap(([task, shown, real]) => [
    ...(task.params ?? []).flatMap((param, i) =>
      paramValueProblems(param.value, `${shown}.params[${param.name}]`, `${real}.params[${i}]`, known),
    ),
    ...(task.matrix?.params ?? []).flatMap((param, i) =>
      paramValueProblems(param.value, `${shown}.matrix.params[${param.name}]`, `${real}.matrix.params[${i}]`, known),
    ),
    ...(task.matrix?.include ?? []).flatMap((entry, i) =>
      (entry.params ?? []).flatMap((param, j) =>
        paramValueProblems(
          param.value,
          `${shown}.matrix.include.params[${j}]`,
          `${real}.matrix.include[${i}].params[${j}]`,
          known,
        ),
      ),
    ),
    ...whenTexts(task, shown, real).flatMap(text => [
      ...unknownParamProblems(text, known),
      ...arrayUseProblems(text, known),
      ...objectUseProblems(text, known),
    ]),
  ])
}

function whenTexts(task: PipelineTask, path: string, place: string): readonly PlacedText[] {
  return (task.when ?? []).flatMap((expression, i) => [
    // An array as input becomes its JSON text, so it is no misuse.
    { text: expression.input ?? '', path: `${path}.when[${i}].input`, at: `${place}.when[${i}].input`, spreads: true },
    ...(expression.values ?? []).map((text, j) => ({
      text,
      path: `${path}.when[${i}].values`,
      at: `${place}.when[${i}].values[${j}]`,
      spreads: true,
    })),
  ])
}

function eachTask(
  { tasks = [], finally: last = [] }: PipelineSpec,
  path: string,
  check: (task: PipelineTask, path: string) => readonly Problem[],
): readonly Problem[] {
  return [
    ...tasks.flatMap((task, i) => check(task, `${path}.tasks[${i}]`)),
    ...last.flatMap((task, i) => check(task, `${path}.finally[${i}]`)),
  ]
}

function emptyProblems(spec: PipelineSpec, path: string): readonly Problem[] {
  const { tasks = [], finally: last = [] } = spec
  if (Object.values(spec).every(value => value === undefined || (Array.isArray(value) && value.length === 0))) {
    const fields = ['description', 'params', 'resources', 'tasks', 'workspaces'].map(field => `${path}.${field}`)
    return [problem('expected at least one, got none', fields, { at: path, hint: 'a Pipeline has tasks' })]
  }
  if (tasks.length > 0 || last.length === 0) return []
  const message = `spec.tasks is empty but spec.finally has ${last.length} tasks`
  return [invalidValue(message, `${path}.finally`, undefined, 'finally runs after tasks; move them to tasks')]
}

function duplicateTasks(all: readonly PipelineTask[], inTasks: number, path: string): readonly Problem[] {
  const repeated = repeats(all.map(task => task.name))
  return all.flatMap((task, i) => {
    if (!repeated[i]) return []
    const place = i < inTasks ? `${path}.tasks[${i}]` : `${path}.finally[${i - inTasks}]`
    return [exactlyOne('both', `${place}.name`, `another task is called "${task.name}"; finally tasks count too`)]
  })
}

function graphProblems(tasks: readonly PipelineTask[], path: string): readonly Problem[] {
  const built = buildGraph(tasks)
  if (built.is === 'graph') return []
  const hint = built.message.startsWith('cycle')
    ? 'remove one of runAfter or a result reference of the tasks named'
    : built.message.startsWith("couldn't")
      ? `tasks here: ${listed(tasks.map(task => task.name))}`
      : undefined
  return [invalidValue(built.message, `${path}.tasks`, undefined, hint)]
}

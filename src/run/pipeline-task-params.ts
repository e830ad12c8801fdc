/** What pipeline tasks hand to their Tasks, against what those declare. Checked before the first child, enums before each. */
import type { Param, ParamSpec, PipelineRun, PipelineSpec, PipelineTask } from '../resources/tekton.js'
import { PIPELINE_RUN_REASONS as REASONS, USER_ERROR } from '../status/reasons.js'
import { checkParams, paramsMessage, typeOfParam } from './params.js'
import { isCustomTask } from './result-references.js'

interface Declares {
  readonly params?: readonly ParamSpec[]
}

interface Mistake {
  readonly reason: string
  readonly message: string
}

/** `specOf` is undefined for what is no Task. A value with a reference in it may still become the right type. */
export function taskParamProblem(
  run: PipelineRun,
  tasks: readonly PipelineTask[],
  specOf: (task: PipelineTask) => Declares | undefined,
): Mistake | undefined {
  for (const task of tasks) {
    if (isCustomTask(task)) continue
    const { params: specs = [] } = specOf(task) ?? {}
    const matrix = [...(task.matrix?.params ?? []), ...(task.matrix?.include ?? []).flatMap(one => one.params ?? [])]
    const problem = wrongParams(specs, task.params ?? [], matrix)
    if (problem === undefined) continue
    // An inline Task has no name, and Tekton leaves the gap.
    const message = `invalid input params for task ${task.taskRef?.name ?? ''}: ${problem}`
    return mistake(
      REASONS.PipelineValidationFailed,
      `Validation failed for pipelinerun ${run.metadata.name} with error ${message}`,
    )
  }
  return undefined
}

function wrongParams(
  specs: readonly ParamSpec[],
  given: readonly Param[],
  matrix: readonly Param[],
): string | undefined {
  const fromMatrix = new Set(matrix.map(param => param.name))
  const found = checkParams(specs, given)
  const missing = found.missing.filter(name => !fromMatrix.has(name))
  // One value of a matrix param at a time reaches the Task, and that is a text.
  const lists = specs.filter(spec => fromMatrix.has(spec.name) && typeOfParam(spec) !== 'string').map(spec => spec.name)
  return paramsMessage({ ...found, missing, mistyped: [...found.mistyped, ...lists] })
}

const ONE_PARAM = /\$\(params(?:\.([^()[\]$]+)|\["([^"]+)"\]|\['([^']+)'\])(?:\[[0-9*]+\])?\)/g

/**
 * A pipeline param that a task hands on unchanged may allow no more than the Task does. `written` is the pipeline before
 * params were put in. As Tekton's ValidateParamEnumSubset, which looks no further than the first param that has no enum.
 */
export function enumSubsetProblem(
  written: PipelineSpec,
  specOf: (task: PipelineTask) => Declares | undefined,
): Mistake | undefined {
  const outer = new Map((written.params ?? []).map(spec => [spec.name, spec]))
  for (const task of [...(written.tasks ?? []), ...(written.finally ?? [])]) {
    const inner = new Map((specOf(task)?.params ?? []).map(spec => [spec.name, spec]))
    for (const { name, value } of task.params ?? []) {
      const references = typeof value === 'string' ? [...value.matchAll(ONE_PARAM)] : []
      const [only, ...others] = references
      if (only === undefined || others.length > 0) continue
      const spec = outer.get(only[1] ?? only[2] ?? only[3] ?? '')
      const allowed = inner.get(name)?.enum ?? []
      if (spec === undefined || typeOfParam(spec) !== 'string' || allowed.length === 0) break
      const wanted = spec.enum ?? []
      const which = task.taskRef?.name ?? ''
      const list = (values: readonly string[]) => `[${values.join(' ')}]`
      const wrong =
        wanted.length === 0
          ? `pipeline param "${spec.name}" has no enum, but referenced in "${which}" task has enums: ${list(allowed)}`
          : wanted.every(one => allowed.includes(one))
            ? undefined
            : `pipeline param "${spec.name}" enum: ${list(wanted)} is not a subset of the referenced in "${which}" task param enum: ${list(allowed)}`
      if (wrong)
        return mistake(REASONS.PipelineValidationFailed, `Validation failed for pipelinerun with error ${wrong}`)
    }
  }
  return undefined
}

/** Before a child is made: its values, results and all, against the enums of its Task. */
export function enumValueProblem(
  task: PipelineTask,
  combinations: readonly (readonly Param[])[],
  specs: readonly ParamSpec[],
): Mistake | undefined {
  for (const params of combinations.length > 0 ? combinations : [[]]) {
    const [outside] = checkParams(specs, [...params, ...(task.params ?? [])]).notInEnum
    if (outside === undefined) continue
    const wrong = `param \`${outside.name}\` value: ${outside.value} is not in the enum list`
    return mistake(REASONS.InvalidParamValue, `Invalid param value from PipelineTask "${task.name}": ${wrong}`)
  }
  return undefined
}

function mistake(reason: string, message: string): Mistake {
  return { reason, message: USER_ERROR + message }
}

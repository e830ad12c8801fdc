/**
 * Runs and Tasks that no webhook has looked at, because there is none or it was away: filled in as it would have filled
 * them in, and held to what it would have held them to. Said once, when they begin; Tekton's controller leaves much of it
 * to its webhook, and then runs what nobody meant. Pure.
 */
import { defaultedSpec, specProblems } from '../admission/rules.js'
import { checkWhen } from '../cel/when.js'
import { type Problem, problemsText } from '../resources/problem.js'
import type { Json } from '../resources/shape.js'
import type { Pipeline, PipelineRun, StepAction, Task, TaskRun } from '../resources/tekton.js'
import { defaultPipelineRunSpec, defaultTaskRunSpec } from '../run/defaults.js'
import type { Settings } from '../run/settings.js'
import { USER_ERROR } from '../status/reasons.js'

/** What its author wrote stays what is stored. */
export function filledIn<R extends PipelineRun | TaskRun>(run: R, settings: Settings): R {
  const spec =
    run.kind === 'TaskRun' ? defaultTaskRunSpec(run.spec, settings) : defaultPipelineRunSpec(run.spec, settings)
  return { ...run, spec }
}

/** What is wrong with a run that has not begun, as the message of its condition. One of a pipeline is of our own making. */
export function invalidity(run: PipelineRun | TaskRun, settings: Settings): string | undefined {
  const { kind, metadata, spec, status } = run
  if (status?.startTime !== undefined || metadata.ownerReferences?.some(isPipelineRun)) return undefined
  const body: Json = { spec }
  const problems = specProblems(kind, metadata, body, { settings, celCheck: checkWhen }).filter(
    problem => !isOfInlinePipeline(problem),
  )
  if (problems.length === 0) return undefined
  return `${USER_ERROR}${kind} ${metadata.namespace}/${metadata.name} is invalid: ${problemsText(problems)}`
}

function isPipelineRun({ kind, controller }: { readonly kind: string; readonly controller?: boolean }): boolean {
  return controller === true && kind === 'PipelineRun'
}

/** That is said in Tekton's words, when the pipeline is put together: `resolve-pipeline.ts`. */
function isOfInlinePipeline({ paths }: Problem): boolean {
  return paths.length > 0 && paths.every(path => path.startsWith('spec.pipelineSpec.'))
}

/** Many runs use one Task, and a store in this process hands out the same object until somebody writes it. */
const sound = new WeakMap<object, Settings>()

/** What is wrong with a Task or StepAction that is kept in the cluster. */
export function invalidDefinition(
  kind: 'Task' | 'StepAction' | 'Pipeline',
  { metadata, spec }: Task | StepAction | Pipeline,
  settings: Settings,
): string | undefined {
  if (sound.get(spec) === settings) return undefined
  const filled = defaultedSpec(kind, metadata, { spec }, settings)
  const problems = specProblems(kind, filled.metadata, filled.body, { settings, celCheck: checkWhen })
  if (problems.length > 0) {
    return `${USER_ERROR}${kind} ${metadata.namespace}/${metadata.name} is invalid: ${problemsText(problems)}`
  }
  sound.set(spec, settings)
  return undefined
}

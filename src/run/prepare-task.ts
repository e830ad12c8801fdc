/**
 * From a TaskRun and the task it refers to, to the task that runs: checked, StepActions merged in, every variable
 * replaced but two. `$(steps.…)` is known only in the Pod, and `$(context.task.retry-count)` only per attempt.
 */
import type { StepActionSpec, TaskRun, TaskSpec, WorkspaceDeclaration } from '../resources/tekton.js'
import { USER_ERROR } from '../status/reasons.js'
import { defaultTaskSpec } from './defaults.js'
import { checkParams, paramsMessage } from './params.js'
import { hold, release } from './payload-text.js'
import { requestsOverLimits } from './requests.js'
import type { Settings } from './settings.js'
import { applyStepAction } from './step-actions.js'
import { mergeReplacements, type Replacements, replaceString } from './substitute.js'
import { substituteBinding, substituteSidecar, substituteStep, substituteTaskSpec } from './substitute-task.js'
import {
  contextReplacements,
  indicesOutOfRange,
  pathReplacements,
  stepContainerName,
  stepReplacements,
  taskParams,
} from './task-variables.js'
import {
  type BoundWorkspaces,
  bindWorkspaces,
  usageReplacements,
  withPropagated,
  workspaceProblem,
  workspaceReplacements,
} from './workspaces.js'

/** A user's mistake: the reason and message of the condition it becomes. */
export interface Mistake {
  readonly is: 'wrong'
  readonly reason: 'TaskRunValidationFailed' | 'TaskRunResolutionFailed' | 'InvalidParamValue'
  readonly message: string
}

export interface PreparedTask {
  readonly is: 'ready'
  /** What `status.taskSpec` keeps and the Pod is built from. */
  readonly spec: TaskSpec
}

export interface PrepareInput {
  readonly run: TaskRun
  readonly spec: TaskSpec
  /** The Task's name; undefined for an inline spec. */
  readonly taskName: string | undefined
  /** By step index, for every step with a `ref`. */
  readonly stepActions: ReadonlyMap<number, StepActionSpec>
  readonly settings: Settings
}

export function prepareTask({
  run,
  spec: written,
  taskName,
  stepActions,
  settings,
}: PrepareInput): PreparedTask | Mistake {
  const defaulted = defaultTaskSpec(written, settings)
  const inline = taskName === undefined
  const workspaces = inline
    ? withPropagated(defaulted.workspaces, run.spec.workspaces ?? [])
    : (defaulted.workspaces ?? [])
  const spec: TaskSpec = workspaces.length > 0 ? { ...defaulted, workspaces } : defaulted

  const name = taskName ?? run.metadata.name
  const early = paramMistake(run, spec, name)
  if (early) return early
  const params = hold(taskParams(run, spec.params ?? []))
  const outOfRange = indicesOutOfRange(spec, params)
  if (outOfRange.length > 0) return invalid(`non-existent param references:[${outOfRange.join(' ')}]`)
  const unbound = workspaceProblem(workspaces, run.spec.workspaces ?? [], settings.flags.coschedule)
  if (unbound) return invalid(unbound)

  const substituted = substituteAll(spec, params, surroundings(run, spec, name, params), stepActions)
  if ('is' in substituted) return substituted
  const ready = release(substituted)
  const wrong = stepMistake(run, ready)
  return wrong ?? { is: 'ready', spec: ready }
}

/** What `status.taskSpec` says of a task that cannot run: defaults and StepActions are in it, no variable is replaced. */
export function foundTask(
  written: TaskSpec,
  stepActions: ReadonlyMap<number, StepActionSpec>,
  settings: Settings,
): TaskSpec {
  const spec = defaultTaskSpec(written, settings)
  const steps = spec.steps.map((step, index) => {
    const action = step.ref && stepActions.get(index)
    const merged = action && applyStepAction(step, index, action)
    return merged?.is === 'step' ? merged.step : step
  })
  return { ...spec, steps }
}

/** The workspaces of a prepared task, with the variables of the run's bindings replaced. */
export function boundWorkspaces(run: TaskRun, spec: TaskSpec): BoundWorkspaces {
  const known = mergeReplacements(
    contextReplacements(run, run.spec.taskRef?.name ?? run.metadata.name),
    hold(taskParams(run, spec.params ?? [])),
  )
  const bindings = (run.spec.workspaces ?? []).map(binding => release(substituteBinding(binding, known)))
  return bindWorkspaces(spec.workspaces ?? [], bindings, run.metadata.uid)
}

/** What a task knows besides its params: context, paths, workspaces. */
function surroundings(run: TaskRun, spec: TaskSpec, name: string, params: Replacements): Replacements {
  const context = contextReplacements(run, name)
  const named = { ...spec, steps: spec.steps.map(step => ({ ...step, name: replaceString(step.name ?? '', params) })) }
  // A mount path may hold a param, and is then the workspace's path.
  const declared: readonly WorkspaceDeclaration[] = (spec.workspaces ?? []).map(one =>
    one.mountPath ? { ...one, mountPath: replaceString(replaceString(one.mountPath, params), context) } : one,
  )
  const bound = boundWorkspaces(run, { ...spec, workspaces: declared })
  return mergeReplacements(context, pathReplacements(named), workspaceReplacements(declared, bound))
}

/**
 * Params first, then the rest, as in Tekton: a param whose value is `$(workspaces.source.path)` or `$(context.taskRun.name)`
 * is that path or name. The other way round nothing happens: no value is scanned for params.
 */
function substituteAll(
  spec: TaskSpec,
  params: Replacements,
  rest: Replacements,
  stepActions: ReadonlyMap<number, StepActionSpec>,
): TaskSpec | Mistake {
  const steps: TaskSpec['steps'][number][] = []
  for (const [index, written] of spec.steps.entries()) {
    let step = substituteStep(written, params)
    const action = step.ref ? stepActions.get(index) : undefined
    if (action !== undefined) {
      const merged = applyStepAction(step, index, action)
      if (merged.is === 'wrong') return mistake('TaskRunResolutionFailed', merged.message)
      step = merged.step
    }
    steps.push(substituteStep(step, mergeReplacements(rest, stepReplacements(step, index))))
  }
  const sidecars = spec.sidecars?.map(written => {
    const sidecar = substituteSidecar(written, params)
    return substituteSidecar(sidecar, mergeReplacements(rest, usageReplacements(sidecar.workspaces)))
  })
  const { steps: _, sidecars: __, ...others } = spec
  const task = substituteTaskSpec(substituteTaskSpec({ ...others, steps: [] }, params), rest)
  return { ...task, steps, ...(sidecars && { sidecars }) }
}

function paramMistake(run: TaskRun, spec: TaskSpec, name: string): Mistake | undefined {
  const problems = checkParams(spec.params ?? [], run.spec.params ?? [])
  const message = paramsMessage(problems)
  if (message !== undefined) return invalid(`invalid input params for task ${name}: ${message}`)
  const [outside] = problems.notInEnum
  if (outside) {
    return mistake('InvalidParamValue', `param \`${outside.name}\` value: ${outside.value} is not in the enum list`)
  }
  return undefined
}

/** What can be seen only once everything is merged and replaced. */
function stepMistake(run: TaskRun, spec: TaskSpec): Mistake | undefined {
  if (spec.steps.length === 0) return invalid('missing field(s): spec.steps')
  const containers = new Set<string>()
  for (const [index, step] of spec.steps.entries()) {
    const place = `spec.steps[${index}]`
    if (!step.image && !spec.stepTemplate?.image) return invalid(`missing field(s): ${place}.Image`)
    const container = stepContainerName(step, index)
    if (containers.has(container)) return invalid(`invalid value: ${step.name}: ${place}.name`)
    containers.add(container)
    if (step.onError !== undefined && step.onError !== 'continue' && step.onError !== 'stopAndFail') {
      return invalid(
        `invalid value: "${step.onError}": ${place}.onError\nTask step onError must be either "continue" or "stopAndFail"`,
      )
    }
  }
  return overrideMistake(run, spec)
}

function overrideMistake(run: TaskRun, spec: TaskSpec): Mistake | undefined {
  const steps = new Set(spec.steps.map(({ name }) => name))
  const sidecars = new Set(spec.sidecars?.map(({ name }) => name))
  const unknown = [
    ...(run.spec.stepSpecs ?? [])
      .filter(one => !steps.has(one.name))
      .map(one => `invalid StepOverride: No Step named ${one.name}`),
    ...(run.spec.sidecarSpecs ?? [])
      .filter(one => !sidecars.has(one.name))
      .map(one => `invalid SidecarOverride: No Sidecar named ${one.name}`),
  ]
  if (unknown.length > 0) return invalid(unknown.join('\n'))
  const over = requestsOverLimits([
    ...spec.steps.map(step => step.computeResources),
    ...(spec.sidecars ?? []).map(sidecar => sidecar.computeResources),
    ...(run.spec.stepSpecs ?? []).map(one => one.computeResources),
    ...(run.spec.sidecarSpecs ?? []).map(one => one.computeResources),
    run.spec.computeResources,
  ])
  return over === undefined ? undefined : invalid(over)
}

function invalid(message: string): Mistake {
  return mistake('TaskRunValidationFailed', message)
}

function mistake(reason: Mistake['reason'], message: string): Mistake {
  return { is: 'wrong', reason, message: USER_ERROR + message }
}

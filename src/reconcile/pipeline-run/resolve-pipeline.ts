/** From a reference to a pipeline that can run: looked up, checked, with everything replaced that is known at the start. */
import type { New } from '../../resources/meta.js'
import { problemsText } from '../../resources/problem.js'
import type { ResolutionRequest } from '../../resources/resolution.js'
import type { PipelineRun, PipelineSpec, PipelineTask, TaskSpec } from '../../resources/tekton.js'
import { pipelineProblem, taskProblem } from '../../run/pipeline-problems.js'
import { enumSubsetProblem } from '../../run/pipeline-task-params.js'
import { snapshotPipeline } from '../../run/pipeline-variables.js'
import type { Settings } from '../../run/settings.js'
import { validatePipelineSpec } from '../../run/validate/pipeline.js'
import { onErrorValue } from '../../run/validate/pipeline-task.js'
import { PIPELINE_RUN_REASONS as REASONS, USER_ERROR } from '../../status/reasons.js'
import type { PipelineRunWorld } from '../decision.js'
import type { Origin } from '../resolved.js'

export type ResolvedPipeline =
  | { readonly is: 'ready'; readonly spec: PipelineSpec }
  /** `spec` is there as soon as only Tasks are waited for. */
  | {
      readonly is: 'waiting'
      readonly reason: string
      readonly requests: readonly New<ResolutionRequest>[]
      readonly spec?: PipelineSpec
    }
  | { readonly is: 'failed'; readonly reason: string; readonly message: string; readonly spec?: PipelineSpec }

export function resolvePipeline(run: PipelineRun, world: PipelineRunWorld): ResolvedPipeline {
  const { pipeline } = world
  const { namespace } = run.metadata
  const kept = run.status?.pipelineSpec
  if (kept && hasBegun(run, world)) return { is: 'ready', spec: kept }
  if (!kept && pipeline.is === 'pending') {
    const requests = pipeline.request ? [pipeline.request] : []
    return { is: 'waiting', reason: REASONS.ResolvingPipelineRef, requests }
  }
  if (!kept && pipeline.is === 'failed') return pipeline
  const from = pipeline.is === 'found' ? pipeline.from : undefined
  const name = pipelineNameOf(run, from)
  let spec = kept
  if (spec === undefined) {
    if (pipeline.is !== 'found') throw new Error(`PipelineRun "${namespace}/${run.metadata.name}" has no pipeline`)
    const problem = pipelineProblem(run, pipeline.value, name, spec => invalidSpec(spec, world.settings))
    if (problem) return { is: 'failed', ...problem, spec: pipeline.value }
    const snapshot = snapshotPipeline(run, pipeline.value, name, world.settings)
    if (snapshot.is === 'problem') {
      const message = `${USER_ERROR}Failed to apply parameters to Pipeline ${namespace}/${name}: ${snapshot.message}`
      return { is: 'failed', reason: REASONS.PipelineValidationFailed, message, spec: pipeline.value }
    }
    spec = snapshot.spec
    const invalid = [...(spec.tasks ?? []), ...(spec.finally ?? [])].flatMap(task => onErrorValue(task, ''))
    if (invalid.length > 0) {
      const why = problemsText(invalid).replaceAll(': .OnError', ': OnError')
      const message = `${USER_ERROR}Pipeline ${namespace}/${name} can't be Run; it has an invalid spec: ${why}`
      return { is: 'failed', reason: REASONS.PipelineValidationFailed, message, spec }
    }
    // Children without a status: we were interrupted in the very first pass. They were checked then.
    if (hasBegun(run, world)) return { is: 'ready', spec }
  }
  return resolveTasks(run, world, spec, name, pipeline.is === 'found' ? pipeline.value : spec)
}

/** Admission has said all this before, to whom there was one. Tekton's paths begin inside the spec here. */
function invalidSpec(spec: PipelineSpec, settings: Settings): string | undefined {
  const problems = validatePipelineSpec(spec, 'spec', { settings })
  if (problems.length === 0) return undefined
  return problemsText(problems.map(one => ({ ...one, paths: one.paths.map(path => path.replace(/^spec\./, '')) })))
}

/** As messages and `$(context.pipeline.name)` have it. */
export function pipelineNameOf(run: PipelineRun, from: Origin | undefined): string {
  return from?.name ?? run.spec.pipelineRef?.name ?? run.metadata.name
}

/** From the first child or skip on, only status.pipelineSpec and the children count: not what became of Pipeline and Tasks. */
function hasBegun(run: PipelineRun, world: PipelineRunWorld): boolean {
  const { childReferences = [], skippedTasks = [] } = run.status ?? {}
  return childReferences.length + skippedTasks.length + world.children.length > 0
}

/** `written` is the pipeline as its author wrote it, when this is the first look. */
function resolveTasks(
  run: PipelineRun,
  world: PipelineRunWorld,
  spec: PipelineSpec,
  name: string,
  written: PipelineSpec,
): ResolvedPipeline {
  const tasks = [...(spec.tasks ?? []), ...(spec.finally ?? [])]
  const requests: New<ResolutionRequest>[] = []
  let isPending = false
  for (const task of tasks) {
    const lookup = world.tasks.get(task.name)
    if (lookup?.is === 'failed') {
      const message = `Pipeline ${run.metadata.namespace}/${name} can't be Run; it contains Tasks that don't exist: ${lookup.message}`
      return { is: 'failed', reason: lookup.reason, message, spec }
    }
    const nested = world.pipelines.get(task.name)
    if (nested?.is === 'failed') {
      const message = `Pipeline ${run.metadata.namespace}/${name} can't be Run; it contains child Pipelines that don't exist: ${nested.message}`
      return { is: 'failed', reason: nested.reason, message, spec }
    }
    if (lookup?.is !== 'pending') continue
    isPending = true
    if (lookup.request) requests.push(lookup.request)
  }
  if (isPending) return { is: 'waiting', reason: REASONS.ResolvingTaskRef, requests, spec }
  const problem =
    taskProblem(run, spec, {
      taskSpec: task => taskSpecOf(task, world),
      nested: task => nestedSpecOf(task, world),
    }) ??
    (world.settings.flags.enableParamEnum ? enumSubsetProblem(written, task => taskSpecOf(task, world)) : undefined)
  return problem ? { is: 'failed', ...problem, spec } : { is: 'ready', spec }
}

function taskSpecOf(
  task: PipelineTask,
  world: PipelineRunWorld,
): Pick<TaskSpec, 'params' | 'results' | 'workspaces'> | undefined {
  const lookup = world.tasks.get(task.name)
  return task.taskSpec ?? (lookup?.is === 'found' ? lookup.value : undefined)
}

function nestedSpecOf(task: PipelineTask, world: PipelineRunWorld): PipelineSpec | undefined {
  const lookup = world.pipelines.get(task.name)
  return task.pipelineSpec ?? (lookup?.is === 'found' ? lookup.value : undefined)
}

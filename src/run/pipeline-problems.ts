/**
 * What is wrong with a PipelineRun that only shows when it is put together with its Pipeline and Tasks: checked once,
 * before the first child. The first problem in Tekton's order, with Tekton's reason and message.
 */
import type { PipelineRun, PipelineSpec, PipelineTask, TaskSpec } from '../resources/tekton.js'
import { PIPELINE_RUN_REASONS as REASONS, USER_ERROR } from '../status/reasons.js'
import { buildGraph } from './graph.js'
import { checkParams } from './params.js'
import { badIndices, resolvePipelineParams } from './pipeline-params.js'
import { taskParamProblem } from './pipeline-task-params.js'
import { expressionsWithin, isCustomTask, linkingReferences, referencesInValue } from './result-references.js'

export interface Problem {
  readonly reason: string
  readonly message: string
}

/** Needs the Pipeline as it was written. `invalidSpec` says what is wrong with it by itself. */
export function pipelineProblem(
  run: PipelineRun,
  spec: PipelineSpec,
  pipelineName: string,
  invalidSpec: (spec: PipelineSpec) => string | undefined = () => undefined,
): Problem | undefined {
  const namespace = run.metadata.namespace
  const names = {
    run: `PipelineRun ${namespace}/${run.metadata.name}`,
    pipeline: `Pipeline ${namespace}/${pipelineName}`,
  }
  return (
    graphProblem(spec, names) ??
    specProblem(invalidSpec(spec), names) ??
    paramProblem(run, spec, names) ??
    workspaceProblem(run, spec, names) ??
    taskRunSpecProblem(run, spec, names)
  )
}

interface Names {
  readonly run: string
  readonly pipeline: string
}

function userError(reason: string, message: string): Problem {
  return { reason, message: `${USER_ERROR}${message}` }
}

function graphProblem(spec: PipelineSpec, names: Names): Problem | undefined {
  const tasks = buildGraph(spec.tasks ?? [])
  if (tasks.is === 'problem') {
    return userError(REASONS.PipelineInvalidGraph, `${names.run}'s Pipeline DAG is invalid: ${tasks.message}`)
  }
  const seen = new Set((spec.tasks ?? []).map(task => task.name))
  for (const task of spec.finally ?? []) {
    if (seen.has(task.name)) {
      const message = `task ${task.name} is already present in Graph, can't add it again: duplicate pipeline task`
      return userError(
        REASONS.PipelineInvalidGraph,
        `${names.run}'s Pipeline DAG is invalid for finally clause: ${message}`,
      )
    }
    seen.add(task.name)
  }
  return undefined
}

function specProblem(invalid: string | undefined, names: Names): Problem | undefined {
  if (invalid === undefined) return undefined
  return userError(
    REASONS.PipelineValidationFailed,
    `${names.pipeline} can't be Run; it has an invalid spec: ${invalid}`,
  )
}

function paramProblem(run: PipelineRun, spec: PipelineSpec, names: Names): Problem | undefined {
  const specs = spec.params ?? []
  const given = run.spec.params ?? []
  const { missing, mistyped, missingKeys, notInEnum } = checkParams(specs, given)
  if (missing.length > 0) {
    const message = `${names.run} is missing some parameters required by ${names.pipeline}: pipelineRun missing parameters: [${missing.join(' ')}]`
    return userError(REASONS.ParameterMissing, message)
  }
  if (mistyped.length > 0) {
    const message = `${names.run} parameters have mismatching types with ${names.pipeline}'s parameters: parameters have inconsistent types : [${mistyped.join(' ')}]`
    return userError(REASONS.ParameterTypeMismatch, message)
  }
  if (missingKeys.size > 0) {
    const keys = [...missingKeys].map(([name, list]) => `${name}:[${list.join(' ')}]`).sort()
    const message = `${names.run} parameters is missing object keys required by ${names.pipeline}'s parameters: pipelineRun missing object keys for parameters: map[${keys.join(' ')}]`
    return userError(REASONS.ObjectParameterMissKeys, message)
  }
  const [wrong] = notInEnum
  if (wrong) {
    const message = `${names.run} parameters have invalid value: param \`${wrong.name}\` value: ${wrong.value} is not in the enum list`
    return userError(REASONS.InvalidParamValue, message)
  }
  return indexProblem(run, spec, names)
}

function indexProblem(run: PipelineRun, spec: PipelineSpec, names: Names): Problem | undefined {
  const resolved = resolvePipelineParams(spec.params ?? [], run.spec.params ?? [])
  if (resolved.is === 'problem') return undefined // Told when the params are applied.
  const texts = [...(spec.tasks ?? []), ...(spec.finally ?? [])].flatMap(task => {
    const { taskSpec, ...fields } = task
    // An inline task's own params may be longer arrays of the same name.
    const hidden = new Set(
      [...(task.params ?? []), ...(taskSpec?.params ?? [])].map((one: { name: string }) => one.name),
    )
    const inner = hidden.size === 0 ? expressionsWithin(taskSpec) : []
    return [...expressionsWithin(fields), ...inner]
  })
  const bad = badIndices([...new Set(texts)], resolved.params)
  if (bad.length === 0) return undefined
  const list = bad.map(expression => `$(${expression})`).join(' ')
  const message = `${names.run} failed validation: failed to validate ${names.pipeline}'s parameter which has an invalid index while referring to an array: non-existent param references:[${list}]`
  return userError(REASONS.ParamArrayIndexingInvalid, message)
}

function workspaceProblem(run: PipelineRun, spec: PipelineSpec, names: Names): Problem | undefined {
  const given = new Set((run.spec.workspaces ?? []).map(binding => binding.name))
  const missing = (spec.workspaces ?? []).find(workspace => !workspace.optional && !given.has(workspace.name))
  if (!missing) return undefined
  const message = `${names.run} doesn't bind ${names.pipeline}'s Workspaces correctly: pipeline requires workspace with name "${missing.name}" be provided by pipelinerun`
  return userError(REASONS.InvalidWorkspaceBindings, message)
}

function taskRunSpecProblem(run: PipelineRun, spec: PipelineSpec, names: Names): Problem | undefined {
  const tasks = new Set([...(spec.tasks ?? []), ...(spec.finally ?? [])].map(task => task.name))
  const unknown = (run.spec.taskRunSpecs ?? []).find(one => !tasks.has(one.pipelineTaskName))
  if (!unknown) return undefined
  const message = `${names.run} doesn't define taskRunSpecs correctly: pipelineRun's taskrunSpecs defined wrong taskName: "${unknown.pipelineTaskName}", does not exist in Pipeline`
  return userError(REASONS.InvalidTaskRunSpecs, message)
}

/** What stands behind a pipeline task; undefined for what it is not, or what is not known here. */
export interface Bodies {
  readonly taskSpec: (task: PipelineTask) => Pick<TaskSpec, 'params' | 'results' | 'workspaces'> | undefined
  readonly nested: (task: PipelineTask) => Pick<PipelineSpec, 'results'> | undefined
}

/** Needs the Tasks and nested Pipelines. */
export function taskProblem(run: PipelineRun, spec: PipelineSpec, bodies: Bodies): Problem | undefined {
  const taskSpecOf = bodies.taskSpec
  const tasks = new Map((spec.tasks ?? []).map(task => [task.name, task]))
  const last = new Map((spec.finally ?? []).map(task => [task.name, task]))
  const all = [...tasks.values(), ...last.values()]
  const declares = (producer: PipelineTask | undefined, name: string, result: string): string | undefined => {
    if (producer === undefined) return `referenced pipeline task "${name}" does not exist`
    if (isCustomTask(producer)) return undefined
    const isNested = producer.pipelineRef || producer.pipelineSpec
    const body = isNested ? bodies.nested(producer) : taskSpecOf(producer)
    // A Pipeline that a resolver is still to find.
    if (isNested && body === undefined) return undefined
    return (body?.results ?? []).some(one => one.name === result)
      ? undefined
      : `"${result}" is not a named result returned by pipeline task "${name}"`
  }
  const wrongParams = taskParamProblem(run, all, taskSpecOf)
  if (wrongParams) return wrongParams
  for (const task of all) {
    for (const { task: name, result } of linkingReferences(task)) {
      const wrong = declares(tasks.get(name), name, result)
      const message = `invalid result reference in pipeline task "${task.name}": ${wrong}`
      // Tekton, too, does not call this one the user's.
      if (wrong) return { reason: REASONS.InvalidTaskResultReference, message }
    }
  }
  for (const { name, value } of spec.results ?? []) {
    for (const reference of referencesInValue(value)) {
      const producer = (reference.from === 'tasks' ? tasks : last).get(reference.task)
      const wrong = declares(producer, reference.task, reference.result)
      const message = `Failed to resolve pipeline result reference for "${run.metadata.name}" with error invalid pipeline result "${name}": ${wrong}`
      if (wrong) return { reason: REASONS.InvalidPipelineResultReference, message }
    }
  }
  return optionalWorkspaceProblem(spec, all, taskSpecOf)
}

function optionalWorkspaceProblem(
  spec: PipelineSpec,
  tasks: readonly PipelineTask[],
  taskSpecOf: (task: PipelineTask) => Pick<TaskSpec, 'workspaces'> | undefined,
): Problem | undefined {
  const optional = new Set((spec.workspaces ?? []).filter(one => one.optional).map(one => one.name))
  if (optional.size === 0) return undefined
  for (const task of tasks) {
    const required = new Set((taskSpecOf(task)?.workspaces ?? []).filter(one => !one.optional).map(one => one.name))
    const wrong = (task.workspaces ?? []).find(one => optional.has(one.workspace || one.name) && required.has(one.name))
    if (!wrong) continue
    const message = `Optional workspace not supported by task: pipeline workspace "${wrong.workspace || wrong.name}" is marked optional but pipeline task "${task.name}" requires it be provided`
    return userError(REASONS.RequiredWorkspaceMarkedOptional, message)
  }
  return undefined
}

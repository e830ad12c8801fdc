/** A PipelineRun's workspaces: which binding each child gets, and the claims that templates ask for. */
import { FROM_FAILED_CLAIMS_ANNOTATION } from '../resources/annotations.js'
import type { PipelineRun, PipelineSpec, PipelineTask, WorkspaceBinding } from '../resources/tekton.js'
import { claimName } from './names.js'
import { expressionsWithin } from './result-references.js'
import { NOTHING, type Replacements } from './substitute.js'
import { substituteBinding } from './substitute-task.js'

export type ChildBindings =
  | { readonly is: 'bindings'; readonly bindings: readonly WorkspaceBinding[] }
  /** Tekton's message. */
  | { readonly is: 'problem'; readonly message: string }

/**
 * Those the task maps, in its order, then those that its inline spec merely mentions, by name. `known` are the params
 * and results that bindings may use, `declared` the workspaces of the Task it refers to, where that is known: a binding
 * that the Task does not declare is left out (a real Tekton makes the TaskRun fail; docs/decisions/0006).
 */
export function childBindings(
  run: PipelineRun,
  pipeline: PipelineSpec,
  task: PipelineTask,
  known: Replacements,
  declaredByTask?: ReadonlySet<string>,
): ChildBindings {
  const given = new Map((run.spec.workspaces ?? []).map(binding => [binding.name, binding]))
  const optional = new Set((pipeline.workspaces ?? []).filter(one => one.optional).map(one => one.name))
  // What a nested pipeline lacks it says itself.
  const isNested = task.pipelineRef !== undefined || task.pipelineSpec !== undefined
  const bindings: WorkspaceBinding[] = []
  for (const { name, workspace, subPath } of task.workspaces ?? []) {
    if (declaredByTask?.has(name) === false) continue
    const source = workspace || name
    const binding = given.get(source)
    if (binding) bindings.push(bind(run, substituteBinding(binding, known), name, subPath))
    else if (!optional.has(source) && !isNested) return problem(source, task)
  }
  const mapped = new Set((task.workspaces ?? []).map(one => one.name))
  const declared = new Set((task.taskSpec?.workspaces ?? []).map(one => one.name))
  for (const name of mentionedWorkspaces(task).filter(one => !mapped.has(one))) {
    const binding = given.get(name)
    if (binding) bindings.push(bind(run, substituteBinding(binding, known), name, undefined))
    // What the inline task declares it judges itself: it may be optional there.
    else if (!optional.has(name) && !declared.has(name)) return problem(name, task)
  }
  return { is: 'bindings', bindings }
}

function problem(workspace: string, task: PipelineTask): ChildBindings {
  const message = `expected workspace "${workspace}" to be provided by pipelinerun for pipeline task "${task.name}"`
  return { is: 'problem', message }
}

/** A template becomes the one claim that all tasks of the run share. */
function bind(
  run: PipelineRun,
  binding: WorkspaceBinding,
  name: string,
  subPath: string | undefined,
): WorkspaceBinding {
  const { volumeClaimTemplate, subPath: outer, ...source } = binding
  const path = joinPaths(outer, subPath)
  return {
    ...source,
    name,
    ...(path !== '' && { subPath: path }),
    ...(volumeClaimTemplate && { persistentVolumeClaim: { claimName: runClaimName(run, binding) } }),
  }
}

export function runClaimName(run: PipelineRun, binding: WorkspaceBinding): string {
  return (
    keptClaim(run, binding) ?? claimName(binding.volumeClaimTemplate?.metadata?.name, binding.name, run.metadata.uid)
  )
}

/** The claim of an earlier run that this one goes on with, instead of making one. */
export function keptClaim({ metadata }: PipelineRun, { name }: WorkspaceBinding): string | undefined {
  const kept = metadata.annotations?.[FROM_FAILED_CLAIMS_ANNOTATION]?.split(',') ?? []
  return kept.find(one => one.startsWith(`${name}=`))?.slice(name.length + 1) || undefined
}

/** As Go's `path.Join`: empty parts, `.` and doubled slashes vanish, `..` takes one away. */
export function joinPaths(...parts: readonly (string | undefined)[]): string {
  const text = parts.filter(part => part !== undefined && part !== '').join('/')
  const kept: string[] = []
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (part !== '..' || !text.startsWith('/')) kept.push(part)
  }
  return (text.startsWith('/') ? '/' : '') + kept.join('/')
}

/** `$(workspaces.<w>.…)` in the steps, sidecars and step template of an inline task; sorted. */
function mentionedWorkspaces(task: PipelineTask): readonly string[] {
  const { steps, sidecars, stepTemplate } = task.taskSpec ?? {}
  const names = expressionsWithin([steps, sidecars, stepTemplate]).flatMap(expression => {
    const name = /^workspaces\.([^.]+)\./.exec(expression)?.[1]
    return name === undefined ? [] : [name]
  })
  return [...new Set(names)].sort()
}

/** Bindings are read with the params of the run, and what results they mention. */
export function bindingReplacements(params: Replacements, results: Replacements): Replacements {
  return {
    strings: new Map([...params.strings, ...results.strings]),
    arrays: NOTHING.arrays,
    objects: NOTHING.objects,
  }
}

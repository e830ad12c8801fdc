/** What a PipelineRun knows before anything has run, put into its pipeline: params, context, which workspaces are bound. */
import type { Param, PipelineRun, PipelineSpec, PipelineTask } from '../resources/tekton.js'
import { defaultPipelineSpec } from './defaults.js'
import { paramReplacements, replaceParams } from './params.js'
import { paramNamed, resolvePipelineParams } from './pipeline-params.js'
import type { Settings } from './settings.js'
import {
  isList,
  mergeReplacements,
  type Replacements,
  replaceString,
  replaceValue,
  stringReplacements,
} from './substitute.js'
import { substituteTaskSpec } from './substitute-task.js'
import { resolveWhen } from './when.js'

export type Snapshot =
  | { readonly is: 'snapshot'; readonly spec: PipelineSpec; readonly params: readonly Param[] }
  | { readonly is: 'problem'; readonly message: string }

/**
 * The pipeline as this run sees it: what goes into `status.pipelineSpec` and from then on is the only truth about the
 * run, whatever happens to the Pipeline. References to results stay as they stand; they have their time later.
 */
export function snapshotPipeline(
  run: PipelineRun,
  spec: PipelineSpec,
  pipelineName: string,
  settings: Settings,
): Snapshot {
  const resolved = resolvePipelineParams(spec.params ?? [], run.spec.params ?? [])
  if (resolved.is === 'problem') return resolved
  const bound = boundWorkspaces(run, spec)
  const context = pipelineContext(run, pipelineName)
  const defaulted = defaultPipelineSpec(spec, settings)
  // Params first, as in Tekton: one whose value is `$(context.pipelineRun.name)` is that name.
  const substitute = (task: PipelineTask) => {
    const withParams = substituteTask(task, resolved.known, forInlineTask(task, resolved.known))
    return substituteTask(
      withParams,
      mergeReplacements(bound, context),
      mergeReplacements(outerOf(task, bound), context),
    )
  }
  return {
    is: 'snapshot',
    params: resolved.params,
    spec: {
      ...defaulted,
      ...(defaulted.tasks && { tasks: defaulted.tasks.map(substitute) }),
      ...(defaulted.finally && { finally: defaulted.finally.map(substitute) }),
    },
  }
}

export function pipelineContext({ metadata }: PipelineRun, pipelineName: string): Replacements {
  return stringReplacements({
    'context.pipelineRun.name': metadata.name,
    'context.pipelineRun.namespace': metadata.namespace,
    'context.pipelineRun.uid': metadata.uid,
    'context.pipeline.name': pipelineName,
  })
}

function boundWorkspaces(run: PipelineRun, spec: PipelineSpec): Replacements {
  const given = new Set((run.spec.workspaces ?? []).map(workspace => workspace.name))
  const declared = (spec.workspaces ?? []).map(workspace => workspace.name)
  return stringReplacements(
    Object.fromEntries([...declared, ...given].map(name => [`workspaces.${name}.bound`, `${given.has(name)}`])),
  )
}

/** A workspace that an inline task declares itself is its own. */
function outerOf({ taskSpec }: PipelineTask, bound: Replacements): Replacements {
  const declared = new Set((taskSpec?.workspaces ?? []).map(workspace => `workspaces.${workspace.name}.bound`))
  return declared.size === 0
    ? bound
    : { ...bound, strings: new Map([...bound.strings].filter(([expression]) => !declared.has(expression))) }
}

function substituteTask(task: PipelineTask, known: Replacements, inline: Replacements): PipelineTask {
  const substituted = substituteTaskFields(task, known)
  return task.taskSpec ? { ...substituted, taskSpec: substituteTaskSpec(task.taskSpec, inline) } : substituted
}

/** Every field of a pipeline task that takes variables, except what is inside its inline task. */
export function substituteTaskFields(task: PipelineTask, known: Replacements): PipelineTask {
  return {
    ...task,
    ...(task.displayName !== undefined && { displayName: replaceString(task.displayName, known) }),
    ...(task.onError !== undefined && { onError: replaceString(task.onError, known) }),
    ...(task.params && { params: replaceParams(task.params, known) }),
    ...(task.when && { when: resolveWhen(task.when, known) }),
    ...(task.matrix && { matrix: substituteMatrix(task.matrix, known) }),
    ...(task.workspaces && {
      workspaces: task.workspaces.map(workspace =>
        workspace.subPath === undefined
          ? workspace
          : { ...workspace, subPath: replaceString(workspace.subPath, known) },
      ),
    }),
    ...(task.taskRef && {
      taskRef: {
        ...task.taskRef,
        ...(task.taskRef.name !== undefined && { name: replaceString(task.taskRef.name, known) }),
        ...(task.taskRef.params && { params: replaceParams(task.taskRef.params, known) }),
      },
    }),
  }
}

function substituteMatrix(matrix: NonNullable<PipelineTask['matrix']>, known: Replacements): typeof matrix {
  return {
    ...matrix,
    ...(matrix.params && { params: replaceParams(matrix.params, known) }),
    ...(matrix.include && {
      include: matrix.include.map(entry => ({
        ...entry,
        ...(entry.name !== undefined && { name: replaceString(entry.name, known) }),
        ...(entry.params && { params: replaceParams(entry.params, known) }),
      })),
    }),
  }
}

/**
 * What flows into an inline task. Where the pipeline task gives a param that the pipeline has too, its value counts, as
 * in Tekton (of an object, keys it does not give fall back to the pipeline's); one that varies with the matrix is left to
 * the TaskRun. A mere default of the inline task hides nothing.
 */
function forInlineTask(task: PipelineTask, known: Replacements): Replacements {
  const varying = [...(task.matrix?.params ?? []), ...(task.matrix?.include?.flatMap(one => one.params ?? []) ?? [])]
  const given = task.params ?? []
  const own = new Set([...given, ...varying].map(param => param.name))
  if (own.size === 0) return known
  const visible = ([expression]: readonly [string, unknown]) => !paramNamed(expression).some(name => own.has(name))
  const isKnown = ({ name }: Param) =>
    known.strings.has(`params.${name}`) || known.arrays.has(`params.${name}`) || known.objects.has(`params.${name}`)
  const hiding = given.filter(isKnown).map(({ name, value }) => {
    const resolved = replaceValue(value, known)
    const whole = known.objects.get(`params.${name}`)
    const isObject = typeof resolved !== 'string' && !isList(resolved)
    return { name, value: whole && isObject ? { ...whole, ...resolved } : resolved }
  })
  const rest: Replacements = {
    strings: new Map([...known.strings].filter(visible)),
    arrays: new Map([...known.arrays].filter(visible)),
    objects: new Map([...known.objects].filter(visible)),
  }
  return mergeReplacements(rest, paramReplacements(hiding))
}

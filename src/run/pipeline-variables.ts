/** What a PipelineRun knows before anything has run, put into its pipeline: params, context, which workspaces are bound. */
import type { Param, ParamValue, PipelineRun, PipelineSpec, PipelineTask } from '../resources/tekton.js'
import { defaultPipelineSpec } from './defaults.js'
import { paramReplacements, replaceParams } from './params.js'
import { hasPayloadText } from './payload-text.js'
import { paramNamed, resolvePipelineParams } from './pipeline-params.js'
import { isCustomTask } from './result-references.js'
import type { Settings } from './settings.js'
import {
  expressionsIn,
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
  const substitute = (written: PipelineTask) => {
    const task = withPayloadParams(written, resolved.params)
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
  if (own.size === 0) return withoutPayloadText(known, task)
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
  return withoutPayloadText(mergeReplacements(rest, paramReplacements(hiding)), task)
}

/**
 * A stranger's text does not go into an inline task, whose TaskRun would look for variables in it: it goes beside it, as
 * a param of the TaskRun.
 */
function withPayloadParams(task: PipelineTask, params: readonly Param[]): PipelineTask {
  if (task.taskSpec === undefined || isCustomTask(task)) return task
  const texts = params.filter(({ value }) => hasPayloadText(value))
  if (texts.length === 0) return task
  const used = new Set(expressionsIn(JSON.stringify(task.taskSpec)).flatMap(paramNamed))
  const varying = [...(task.matrix?.params ?? []), ...(task.matrix?.include?.flatMap(one => one.params ?? []) ?? [])]
  const own = new Set([...(task.params ?? []), ...varying].map(param => param.name))
  const beside = texts.filter(({ name }) => used.has(name) && !own.has(name))
  return beside.length === 0 ? task : { ...task, params: [...(task.params ?? []), ...beside] }
}

function withoutPayloadText(known: Replacements, task: PipelineTask): Replacements {
  if (isCustomTask(task)) return known
  const values: readonly (readonly [string, ParamValue])[] = [...known.strings, ...known.arrays, ...known.objects]
  const names = new Set(values.flatMap(([expression, value]) => (hasPayloadText(value) ? paramNamed(expression) : [])))
  if (names.size === 0) return known
  const isOther = ([expression]: readonly [string, unknown]) => !paramNamed(expression).some(name => names.has(name))
  return {
    strings: new Map([...known.strings].filter(isOther)),
    arrays: new Map([...known.arrays].filter(isOther)),
    objects: new Map([...known.objects].filter(isOther)),
  }
}

/** The run that `start` creates. Pure. */
import type { New } from '../../resources/meta.js'
import type {
  Param,
  ParamSpec,
  Pipeline,
  PipelineRun,
  PipelineRunSpec,
  PodTemplate,
  Task,
  TaskRun,
  TaskRunSpec,
  WorkspaceBinding,
} from '../../resources/tekton.js'
import { typeOfParam } from '../../run/params.js'

export interface RunChoices {
  readonly namespace: string
  readonly params: readonly Param[]
  readonly workspaces: readonly WorkspaceBinding[]
  readonly labels: Readonly<Record<string, string>>
  /** Instead of what the name would begin with. */
  readonly prefixName?: string
  readonly serviceAccount?: string
  /** Of a Pipeline's tasks. */
  readonly taskServiceAccounts: readonly { readonly name: string; readonly value: string }[]
  /** Go durations. */
  readonly timeout?: string
  readonly tasksTimeout?: string
  readonly finallyTimeout?: string
  readonly podTemplate?: PodTemplate
}

export interface Definition<T extends Pipeline | Task = Pipeline | Task> {
  readonly object: T
  /** It comes from a file, and is none of the API server's. */
  readonly embedded: boolean
}

/** `base`: an earlier run, whose values hold where nothing else was chosen. */
export function newRun(
  { object, embedded }: Definition,
  choices: RunChoices,
  base?: PipelineRun | TaskRun,
): New<PipelineRun> | New<TaskRun> {
  const { namespace, labels, prefixName } = choices
  const metadata = {
    namespace,
    generateName: prefixName === undefined ? prefixOf(object, base) : `${prefixName}-`,
    ...(Object.keys(labels).length > 0 && { labels }),
  }
  const name = object.metadata.name
  if (object.kind === 'Pipeline') {
    const what: PipelineRunSpec = embedded ? { pipelineSpec: object.spec } : { pipelineRef: { name } }
    const { status: _status, ...before } = base?.kind === 'PipelineRun' ? base.spec : what
    const spec = pipelineRunSpec(before, choices)
    return { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', metadata, spec }
  }
  const what: TaskRunSpec = embedded ? { taskSpec: object.spec } : { taskRef: { name, kind: 'Task' } }
  const { status: _status, statusMessage: _message, ...before } = base?.kind === 'TaskRun' ? base.spec : what
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata, spec: taskRunSpec(before, choices) }
}

/** As tkn: a run of a run is called like the first one. */
function prefixOf({ metadata }: Pipeline | Task, base: PipelineRun | TaskRun | undefined): string {
  if (base === undefined) return `${metadata.name}-run-`
  return base.metadata.generateName ?? `${base.metadata.name}-`
}

function pipelineRunSpec(before: PipelineRunSpec, choices: RunChoices): PipelineRunSpec {
  const { serviceAccount, taskServiceAccounts, podTemplate, timeout, tasksTimeout, finallyTimeout } = choices
  const timeouts = {
    ...before.timeouts,
    ...(timeout && { pipeline: timeout }),
    ...(tasksTimeout && { tasks: tasksTimeout }),
    ...(finallyTimeout && { finally: finallyTimeout }),
  }
  const template = {
    ...before.taskRunTemplate,
    ...(serviceAccount && { serviceAccountName: serviceAccount }),
    ...(podTemplate && { podTemplate }),
  }
  const specs = taskServiceAccounts.map(({ name, value }) => {
    const earlier = before.taskRunSpecs?.find(each => each.pipelineTaskName === name)
    return { ...earlier, pipelineTaskName: name, serviceAccountName: value }
  })
  const others = (before.taskRunSpecs ?? []).filter(
    each => !specs.some(spec => spec.pipelineTaskName === each.pipelineTaskName),
  )
  return {
    ...before,
    ...values(before, choices),
    ...(Object.keys(template).length > 0 && { taskRunTemplate: template }),
    ...(Object.keys(timeouts).length > 0 && { timeouts }),
    ...([...others, ...specs].length > 0 && { taskRunSpecs: [...others, ...specs] }),
  }
}

function taskRunSpec(before: TaskRunSpec, choices: RunChoices): TaskRunSpec {
  const { serviceAccount, podTemplate, timeout } = choices
  return {
    ...before,
    ...values(before, choices),
    ...(serviceAccount && { serviceAccountName: serviceAccount }),
    ...(podTemplate && { podTemplate }),
    ...(timeout && { timeout }),
  }
}

type Values = Pick<PipelineRunSpec, 'params' | 'workspaces'>

function values(before: Values, choices: RunChoices): Values {
  const params = byName(before.params, choices.params)
  const workspaces = byName(before.workspaces, choices.workspaces)
  return { ...(params.length > 0 && { params }), ...(workspaces.length > 0 && { workspaces }) }
}

function byName<T extends { readonly name: string }>(before: readonly T[] = [], chosen: readonly T[]): readonly T[] {
  return [...new Map([...before, ...chosen].map(each => [each.name, each])).values()]
}

/** What a run of it still needs, and what was given that it does not have. */
export interface Gaps {
  /** Without a value, and without a default. */
  readonly params: readonly ParamSpec[]
  readonly workspaces: readonly string[]
  readonly unknownParams: readonly string[]
  readonly unknownWorkspaces: readonly string[]
}

export function gapsOf({ object }: Definition, { params, workspaces }: RunChoices, base?: PipelineRun | TaskRun): Gaps {
  const specs = object.spec.params ?? []
  const declared: readonly { readonly name: string; readonly optional?: boolean }[] = object.spec.workspaces ?? []
  const named = (lists: readonly (readonly { readonly name: string }[] | undefined)[]) =>
    new Set(lists.flatMap(list => list?.map(({ name }) => name) ?? []))
  const withParams = named([params, base?.spec.params])
  const bound = named([workspaces, base?.spec.workspaces])
  return {
    params: specs.filter(spec => spec.default === undefined && !withParams.has(spec.name)),
    workspaces: declared.filter(({ name, optional }) => !optional && !bound.has(name)).map(({ name }) => name),
    unknownParams: params.map(({ name }) => name).filter(name => !specs.some(spec => spec.name === name)),
    unknownWorkspaces: workspaces.map(({ name }) => name).filter(name => !declared.some(each => each.name === name)),
  }
}

/** All at once, each with the flag that gives it. Empty when nothing is wrong. */
export function gapLines({ object }: Definition, gaps: Gaps): readonly string[] {
  const names = (list: readonly { readonly name: string }[] = []) => list.map(({ name }) => name).join(', ') || 'none'
  return [
    ...gaps.unknownParams.map(name => `it has no param "${name}"; it has: ${names(object.spec.params)}`),
    ...gaps.unknownWorkspaces.map(name => `it has no workspace "${name}"; it has: ${names(object.spec.workspaces)}`),
    ...gaps.params.map(spec => `param "${spec.name}"${describedParam(spec)}: give it with --param ${exampleOf(spec)}`),
    ...gaps.workspaces.map(
      name => `workspace "${name}": give it with --workspace name=${name},emptyDir= or claimName=…`,
    ),
  ]
}

function describedParam({ description, ...spec }: ParamSpec): string {
  const type = typeOfParam(spec)
  const more = [...(type === 'string' ? [] : [type]), ...(description ? [description.trim()] : [])]
  return more.length === 0 ? '' : ` (${more.join('; ')})`
}

function exampleOf(spec: ParamSpec): string {
  const { name, properties = {}, enum: allowed } = spec
  if (allowed) return `${name}=${allowed.join('|')}`
  if (typeOfParam(spec) === 'array') return `${name}=a,b`
  if (typeOfParam(spec) === 'string') return `${name}=…`
  const keys = Object.keys(properties)
  return `'${name}=${(keys.length > 0 ? keys : ['key']).map(key => `${key}:…`).join(', ')}'`
}

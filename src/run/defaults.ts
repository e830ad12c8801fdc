/**
 * What Tekton's mutating webhook writes into an object at admission. Every function returns a new object and leaves
 * alone what the author wrote.
 */
import { formatDuration } from '../lib/duration.js'
import type { NewMeta } from '../resources/meta.js'
import type {
  EmbeddedTask,
  ParamSpec,
  PipelineRunSpec,
  PipelineSpec,
  PipelineTask,
  PodTemplate,
  Reference,
  ResultSpec,
  StepActionSpec,
  TaskRunSpec,
  TaskSpec,
} from '../resources/tekton.js'
import { typeOfParam } from './params.js'
import type { Settings } from './settings.js'

export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by'

/** The metadata of a new run: Chains' annotations are Chains' to write, not the author's. */
export function defaultRunMeta(kind: 'TaskRun' | 'PipelineRun', meta: NewMeta, settings: Settings): NewMeta {
  const annotations = Object.entries(meta.annotations ?? {}).filter(([key]) => !key.startsWith('chains.tekton.dev/'))
  const kept = meta.annotations === undefined ? meta : { ...meta, annotations: Object.fromEntries(annotations) }
  if (kind !== 'TaskRun') return kept
  return { ...kept, labels: { [MANAGED_BY_LABEL]: settings.managedByLabelValue, ...kept.labels } }
}

export function defaultTaskSpec(spec: TaskSpec, settings: Settings): TaskSpec {
  return { ...spec, ...defaultTaskParts(spec, settings) }
}

function defaultTaskParts(
  spec: EmbeddedTask,
  settings: Settings,
): Pick<TaskSpec, 'params' | 'results' | 'sidecars' | 'steps'> {
  return {
    // A sidecar may go without a name; its container is then called `sidecar`.
    ...(spec.sidecars ? { sidecars: spec.sidecars.map(sidecar => ({ ...sidecar, name: sidecar.name ?? '' })) } : {}),
    ...(spec.params ? { params: spec.params.map(defaultParamSpec) } : {}),
    ...(spec.results ? { results: spec.results.map(defaultResultSpec) } : {}),
    steps: (spec.steps ?? []).map(step => ({
      ...step,
      ...(step.ref ? { ref: withResolver(step.ref, settings) } : {}),
    })),
  }
}

function defaultEmbeddedTask(task: EmbeddedTask, settings: Settings): EmbeddedTask {
  const { steps, ...parts } = defaultTaskParts(task, settings)
  return { ...task, ...parts, ...(task.steps ? { steps } : {}) }
}

export function defaultStepActionSpec(spec: StepActionSpec): StepActionSpec {
  return {
    ...spec,
    ...(spec.params ? { params: spec.params.map(defaultParamSpec) } : {}),
    ...(spec.results ? { results: spec.results.map(defaultResultSpec) } : {}),
  }
}

function defaultParamSpec(spec: ParamSpec): ParamSpec {
  return { ...spec, type: typeOfParam(spec), ...(spec.properties ? { properties: typed(spec.properties) } : {}) }
}

function defaultResultSpec(spec: ResultSpec): ResultSpec {
  const type = spec.type ?? (spec.properties ? 'object' : 'string')
  return { ...spec, type, ...(spec.properties ? { properties: typed(spec.properties) } : {}) }
}

function typed(properties: NonNullable<ParamSpec['properties']>): NonNullable<ParamSpec['properties']> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, one]) => [key, { ...one, type: one.type ?? 'string' }]),
  )
}

export function defaultPipelineSpec(spec: PipelineSpec, settings: Settings): PipelineSpec {
  return {
    ...spec,
    ...(spec.params ? { params: spec.params.map(defaultParamSpec) } : {}),
    ...(spec.tasks ? { tasks: spec.tasks.map(task => defaultPipelineTask(task, settings)) } : {}),
    ...(spec.finally ? { finally: spec.finally.map(task => defaultPipelineTask(task, settings)) } : {}),
  }
}

function defaultPipelineTask(task: PipelineTask, settings: Settings): PipelineTask {
  return {
    ...task,
    ...(task.taskRef ? { taskRef: defaultTaskRef(task.taskRef, settings) } : {}),
    ...(task.taskSpec ? { taskSpec: defaultEmbeddedTask(task.taskSpec, settings) } : {}),
    ...(task.pipelineRef ? { pipelineRef: withResolver(task.pipelineRef, settings) } : {}),
    ...(task.pipelineSpec ? { pipelineSpec: defaultPipelineSpec(task.pipelineSpec, settings) } : {}),
  }
}

function withResolver(ref: Reference, { resolverType }: Settings): Reference {
  return ref.name || ref.resolver || resolverType === '' ? ref : { ...ref, resolver: resolverType }
}

function defaultTaskRef(ref: Reference, settings: Settings): Reference {
  const resolved = withResolver(ref, settings)
  return resolved.resolver || resolved.kind ? resolved : { ...resolved, kind: 'Task' }
}

export function defaultTaskRunSpec(spec: TaskRunSpec, settings: Settings): TaskRunSpec {
  const podTemplate = mergePodTemplates(allowedTemplate(settings), spec.podTemplate)
  return {
    ...spec,
    ...(spec.taskRef ? { taskRef: defaultTaskRef(spec.taskRef, settings) } : {}),
    ...(spec.taskSpec ? { taskSpec: defaultTaskSpec(spec.taskSpec, settings) } : {}),
    timeout: spec.timeout ?? formatDuration(settings.timeoutMinutes * 60_000),
    serviceAccountName: spec.serviceAccountName || settings.serviceAccount,
    ...(podTemplate ? { podTemplate } : {}),
  }
}

export function defaultPipelineRunSpec(spec: PipelineRunSpec, settings: Settings): PipelineRunSpec {
  const podTemplate = mergePodTemplates(allowedTemplate(settings), spec.taskRunTemplate?.podTemplate)
  return {
    ...spec,
    ...(spec.pipelineRef ? { pipelineRef: withResolver(spec.pipelineRef, settings) } : {}),
    ...(spec.pipelineSpec ? { pipelineSpec: defaultPipelineSpec(spec.pipelineSpec, settings) } : {}),
    timeouts: {
      ...spec.timeouts,
      pipeline: spec.timeouts?.pipeline ?? formatDuration(settings.timeoutMinutes * 60_000),
    },
    taskRunTemplate: {
      ...spec.taskRunTemplate,
      serviceAccountName: spec.taskRunTemplate?.serviceAccountName || settings.serviceAccount,
      ...(podTemplate ? { podTemplate } : {}),
    },
  }
}

/** What the installation forbids to be set, its own template does not set either. */
function allowedTemplate({ podTemplate, forbiddenEnv }: Settings): PodTemplate | undefined {
  if (!podTemplate?.env?.some(({ name }) => forbiddenEnv.includes(name))) return podTemplate
  return { ...podTemplate, env: podTemplate.env.filter(({ name }) => !forbiddenEnv.includes(name)) }
}

/** The run's fields win whole, except `env` and `volumes`, which merge by name. */
export function mergePodTemplates(
  base: PodTemplate | undefined,
  own: PodTemplate | undefined,
): PodTemplate | undefined {
  if (!base || !own) return own ?? base
  const env = byName(base.env, own.env)
  const volumes = byName(base.volumes, own.volumes)
  return { ...base, ...own, ...(env ? { env } : {}), ...(volumes ? { volumes } : {}) }
}

function byName<T extends { readonly name: string }>(
  base: readonly T[] | undefined,
  own: readonly T[] | undefined,
): readonly T[] | undefined {
  if (!base || !own) return own ?? base
  const names = new Set(own.map(item => item.name))
  return [...base.filter(item => !names.has(item.name)), ...own]
}

export function defaultCustomRunSpec<T extends { readonly serviceAccountName?: unknown }>(
  spec: T,
  settings: Settings,
): T {
  return spec.serviceAccountName ? spec : { ...spec, serviceAccountName: settings.serviceAccount }
}

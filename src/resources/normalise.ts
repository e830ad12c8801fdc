/**
 * tekton.dev/v1beta1 → v1, and Triggers' v1alpha1 → v1beta1. Renames and removals only: defaults come later.
 * `spec/tekton-features.md` section 20 is the table behind it. It goes by the fields that are there, and what is spelled
 * as in the newer version already stays and comes first: where an API server converts nothing, versions are only names.
 */
import { mustNotSet, type Problem } from './problem.js'
import { asRecord, isRecord, type Json } from './shape.js'
import { DEPRECATED_STEP_FIELDS } from './shapes-tekton.js'

export interface Normalised {
  readonly spec: Json
  /** Annotations the conversion leaves behind, as Tekton's does. */
  readonly annotations: Readonly<Record<string, string>>
}

const BUNDLE_HINT = 'bundles are fetched by the bundles resolver: resolver: bundles, params: bundle, name, kind'
const RESOURCES_HINT = 'PipelineResources no longer exist; use params, workspaces and results'

/** A v1beta1 spec of tekton.dev in v1 spelling. Problems: what v1 has no place for. */
export function normaliseTekton(kind: string, name: string, spec: Json, problems: Problem[]): Normalised {
  switch (kind) {
    case 'Task':
      return { spec: toV1Task(spec, 'spec', problems), annotations: deprecations(name, spec) }
    case 'TaskRun':
      return { spec: toV1TaskRun(spec, problems), annotations: {} }
    case 'Pipeline':
      return { spec: toV1Pipeline(spec, 'spec', problems), annotations: {} }
    case 'PipelineRun':
      return { spec: toV1PipelineRun(spec, problems), annotations: {} }
    default:
      return { spec, annotations: {} }
  }
}

function toV1Task(spec: Json, path: string, problems: Problem[]): Json {
  if (spec['resources'] !== undefined) problems.push(mustNotSet(`${path}.resources`, RESOURCES_HINT))
  return compact({
    ...without(spec, ['resources']),
    steps: eachOf(spec['steps'], step => toV1Container(step, DEPRECATED_STEP_FIELDS)),
    stepTemplate: inside(spec['stepTemplate'], one => toV1Container(one, [...DEPRECATED_STEP_FIELDS, 'name'])),
    sidecars: eachOf(spec['sidecars'], sidecar => toV1Container(sidecar, [])),
  })
}

function toV1Container(container: Json, dropped: readonly string[]): Json {
  const { resources, ...rest } = container
  return compact({ computeResources: resources, ...without(rest, dropped) })
}

/** What steps lose on the way to v1 is kept in the annotation that Tekton uses for it. */
function deprecations(name: string, spec: Json): Readonly<Record<string, string>> {
  const steps = isList(spec['steps']) ? spec['steps'].filter(isRecord).map(deprecatedFields) : []
  const template = isRecord(spec['stepTemplate']) ? deprecatedFields(spec['stepTemplate']) : {}
  const found = {
    ...(steps.some(step => Object.keys(step).length > 0) ? { deprecatedSteps: steps } : {}),
    ...(Object.keys(template).length > 0 ? { deprecatedStepTemplate: template } : {}),
  }
  if (Object.keys(found).length === 0) return {}
  return { 'tekton.dev/v1beta1.task-deprecations': JSON.stringify({ [name]: found }) }
}

function deprecatedFields(container: Json): Json {
  return Object.fromEntries(
    Object.entries(container).filter(([key]) => (DEPRECATED_STEP_FIELDS as readonly string[]).includes(key)),
  )
}

function toV1TaskRun(spec: Json, problems: Problem[]): Json {
  if (spec['resources'] !== undefined) problems.push(mustNotSet('spec.resources', RESOURCES_HINT))
  return compact({
    ...without(spec, ['resources', 'stepOverrides', 'sidecarOverrides']),
    taskRef: toV1Ref(spec['taskRef'], 'spec.taskRef', problems),
    taskSpec: inside(spec['taskSpec'], task => toV1Task(task, 'spec.taskSpec', problems)),
    ...newOverrides(spec),
  })
}

function newOverrides(written: Json): Json {
  return {
    stepSpecs: written['stepSpecs'] ?? eachOf(written['stepOverrides'], one => toV1Container(one, [])),
    sidecarSpecs: written['sidecarSpecs'] ?? eachOf(written['sidecarOverrides'], one => toV1Container(one, [])),
  }
}

function toV1Pipeline(spec: Json, path: string, problems: Problem[]): Json {
  if (spec['resources'] !== undefined) problems.push(mustNotSet(`${path}.resources`, RESOURCES_HINT))
  return compact({
    ...without(spec, ['resources']),
    tasks: eachOf(spec['tasks'], (task, i) => toV1PipelineTask(task, `${path}.tasks[${i}]`, problems)),
    finally: eachOf(spec['finally'], (task, i) => toV1PipelineTask(task, `${path}.finally[${i}]`, problems)),
  })
}

function toV1PipelineTask(task: Json, path: string, problems: Problem[]): Json {
  if (task['resources'] !== undefined) problems.push(mustNotSet(`${path}.resources`, RESOURCES_HINT))
  return compact({
    ...without(task, ['resources']),
    taskRef: toV1Ref(task['taskRef'], `${path}.taskRef`, problems),
    taskSpec: inside(task['taskSpec'], spec => toV1Task(spec, `${path}.taskSpec`, problems)),
    pipelineRef: toV1Ref(task['pipelineRef'], `${path}.pipelineRef`, problems),
    pipelineSpec: inside(task['pipelineSpec'], spec => toV1Pipeline(spec, `${path}.pipelineSpec`, problems)),
  })
}

function toV1PipelineRun(spec: Json, problems: Problem[]): Json {
  if (spec['resources'] !== undefined) problems.push(mustNotSet('spec.resources', RESOURCES_HINT))
  const { timeout, timeouts, serviceAccountName, podTemplate, ...rest } = without(spec, ['resources'])
  if (timeout !== undefined && timeouts !== undefined) {
    problems.push(mustNotSet(['spec.timeout', 'spec.timeouts'], 'keep timeouts.pipeline and remove timeout'))
  }
  const template = compact({ podTemplate, serviceAccountName, ...asRecord(spec['taskRunTemplate']) })
  return compact({
    ...rest,
    pipelineRef: toV1Ref(spec['pipelineRef'], 'spec.pipelineRef', problems),
    pipelineSpec: inside(spec['pipelineSpec'], one => toV1Pipeline(one, 'spec.pipelineSpec', problems)),
    timeouts: timeout === undefined ? timeouts : { pipeline: timeout },
    taskRunTemplate: Object.keys(template).length > 0 ? template : undefined,
    taskRunSpecs: eachOf(spec['taskRunSpecs'], toV1TaskRunSpec),
  })
}

function toV1TaskRunSpec(entry: Json): Json {
  const { taskServiceAccountName, taskPodTemplate, stepOverrides: _, sidecarOverrides: __, ...rest } = entry
  return compact({
    serviceAccountName: taskServiceAccountName,
    podTemplate: taskPodTemplate,
    ...rest,
    ...newOverrides(entry),
  })
}

function toV1Ref(ref: unknown, path: string, problems: Problem[]): Json | undefined {
  if (!isRecord(ref)) return undefined
  if (ref['bundle'] !== undefined && ref['bundle'] !== '') problems.push(mustNotSet(`${path}.bundle`, BUNDLE_HINT))
  return without(ref, ['bundle'])
}

/** Triggers' v1alpha1 spelling in v1beta1: inline `github`, `gitlab`, `bitbucket` and `cel` become `ref` + `params`. */
export function normaliseTriggers(kind: string, spec: Json): Json {
  if (kind === 'Trigger') return toV1beta1Trigger(spec)
  if (kind !== 'EventListener') return spec
  return compact({
    ...spec,
    triggers: eachOf(spec['triggers'], toV1beta1Trigger),
    triggerGroups: eachOf(spec['triggerGroups'], toV1beta1Trigger),
  })
}

function toV1beta1Trigger(trigger: Json): Json {
  return compact({ ...trigger, interceptors: eachOf(trigger['interceptors'], toV1beta1Interceptor) })
}

export const LEGACY_INTERCEPTORS = ['bitbucket', 'cel', 'github', 'gitlab']

function toV1beta1Interceptor(interceptor: Json): Json {
  const name = LEGACY_INTERCEPTORS.find(one => isRecord(interceptor[one]))
  if (name === undefined) return interceptor
  const kept = without(interceptor, LEGACY_INTERCEPTORS)
  const { ref } = interceptor
  // Tekton leaves the old block beside a reference where it is, and never looks at it.
  if (isRecord(ref) && ref['name']) return kept
  const params = Object.entries(interceptor[name] as Json).map(([param, value]) => ({ name: param, value }))
  return compact({ ...kept, ref: { name, kind: 'ClusterInterceptor' }, params })
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function eachOf(list: unknown, change: (item: Json, index: number) => Json): unknown {
  return isList(list) ? list.map((item, i) => (isRecord(item) ? change(item, i) : item)) : list
}

function inside(value: unknown, change: (value: Json) => Json): unknown {
  return isRecord(value) ? change(value) : value
}

function without(value: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)))
}

function compact(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined))
}

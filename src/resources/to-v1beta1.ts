/**
 * tekton.dev/v1 → v1beta1, for who asks for the older version and for runs that leave us in it: renames only. What
 * v1beta1 has no name for is left out, as Tekton's own conversion does (`managedBy`, `terminationReason`,
 * `spanContext`, `artifacts`), and what the way to v1 put into an annotation comes back from it.
 */
import type { Resource } from './meta.js'
import { asRecord, isRecord, type Json } from './shape.js'

/** The run without apiVersion and kind. */
export function runToV1beta1(run: Resource): Json {
  const { apiVersion: _, kind: __, ...rest } = toV1beta1(run)
  return rest
}

/** Kinds that v1 and v1beta1 spell alike come back as they are. */
export function toV1beta1<T extends Resource>(object: T): T {
  switch (object.kind) {
    case 'Task':
      return withDeprecations(inEach(object as unknown as Json, { spec: taskSpec })) as unknown as T
    case 'TaskRun':
      return inEach(object as unknown as Json, { spec: taskRunSpec, status: taskRunStatus }) as unknown as T
    case 'Pipeline':
      return inEach(object as unknown as Json, { spec: pipelineSpec }) as unknown as T
    case 'PipelineRun':
      return inEach(object as unknown as Json, { spec: pipelineRunSpec, status: pipelineRunStatus }) as unknown as T
    default:
      return object
  }
}

type Change = (value: Json) => Json

function taskRunSpec(spec: Json): Json {
  const { stepSpecs, sidecarSpecs, managedBy: _, ...rest } = spec
  return inEach(
    { ...rest, ...renamed({ stepOverrides: stepSpecs, sidecarOverrides: sidecarSpecs }) },
    { taskSpec, stepOverrides: container, sidecarOverrides: container },
  )
}

function taskRunStatus(status: Json): Json {
  const { results, artifacts: _, spanContext: __, ...rest } = status
  return inEach(
    { ...rest, ...renamed({ taskResults: results }) },
    { taskSpec, steps: withoutTerminationReason, retriesStatus: taskRunStatus },
  )
}

function withoutTerminationReason({ terminationReason: _, ...step }: Json): Json {
  return step
}

function taskSpec(spec: Json): Json {
  return inEach(spec, { steps: container, stepTemplate: container, sidecars: container })
}

/** Fields of steps that v1 has no more: `normalise.ts` put them there. */
const DEPRECATIONS = 'tekton.dev/v1beta1.task-deprecations'

function withDeprecations(task: Json): Json {
  const metadata = asRecord(task['metadata'])
  const { [DEPRECATIONS]: text, ...annotations } = asRecord(metadata['annotations'])
  const kept = asRecord(asRecord(parsed(text))[String(metadata['name'])])
  if (Object.keys(kept).length === 0) return task
  const { deprecatedSteps, deprecatedStepTemplate } = kept
  const steps = Array.isArray(deprecatedSteps) ? deprecatedSteps : []
  const spec = inEach(asRecord(task['spec']), {
    stepTemplate: template => ({ ...template, ...asRecord(deprecatedStepTemplate) }),
  })
  const restored = Array.isArray(spec['steps'])
    ? { steps: spec['steps'].map((step, index) => ({ ...asRecord(step), ...asRecord(steps[index]) })) }
    : {}
  return { ...task, metadata: { ...metadata, annotations }, spec: { ...spec, ...restored } }
}

/** Undefined for what is no JSON: anybody may write into an annotation. */
function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

function container({ computeResources, ...rest }: Json): Json {
  return { ...rest, ...renamed({ resources: computeResources }) }
}

function pipelineSpec(spec: Json): Json {
  return inEach(spec, { tasks: pipelineTask, finally: pipelineTask })
}

function pipelineTask(task: Json): Json {
  const { pipelineRef: _, pipelineSpec: __, ...rest } = task
  return inEach(rest, { taskSpec })
}

function pipelineRunSpec(spec: Json): Json {
  const { taskRunTemplate, managedBy: _, ...rest } = spec
  const template = asRecord(taskRunTemplate)
  const { serviceAccountName, podTemplate } = template
  return inEach(
    { ...rest, ...renamed({ serviceAccountName, podTemplate }) },
    { pipelineSpec, taskRunSpecs: taskRunSpecEntry },
  )
}

function taskRunSpecEntry(entry: Json): Json {
  const { serviceAccountName, podTemplate, stepSpecs, sidecarSpecs, ...rest } = entry
  const old = renamed({
    taskServiceAccountName: serviceAccountName,
    taskPodTemplate: podTemplate,
    stepOverrides: stepSpecs,
    sidecarOverrides: sidecarSpecs,
  })
  return inEach({ ...rest, ...old }, { stepOverrides: container, sidecarOverrides: container })
}

function pipelineRunStatus(status: Json): Json {
  const { results, spanContext: _, ...rest } = status
  return inEach({ ...rest, ...renamed({ pipelineResults: results }) }, { pipelineSpec })
}

/** Changes what stands in these fields: an object, or each of a list. */
function inEach(value: Json, changes: Readonly<Record<string, Change>>): Json {
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      const change = Object.hasOwn(changes, key) ? changes[key] : undefined
      if (change === undefined) return [key, field]
      if (Array.isArray(field)) return [key, field.map(item => (isRecord(item) ? change(item) : item))]
      return [key, isRecord(field) ? change(field) : field]
    }),
  )
}

function renamed(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

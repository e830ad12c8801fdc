/**
 * tekton.dev/v1 → v1beta1, for runs that leave us in the older version: renames only. What v1beta1 has no name for is
 * left out, as Tekton's own conversion does (`managedBy`, `terminationReason`, `spanContext`, `artifacts`).
 */
import type { Resource } from './meta.js'
import { asRecord, isRecord, type Json } from './shape.js'

/** The run without apiVersion and kind. */
export function runToV1beta1(run: Resource): Json {
  const { apiVersion: _, kind, metadata, ...body } = run as Resource & Json
  if (kind === 'TaskRun') return { metadata, ...inEach(body, { spec: taskRunSpec, status: taskRunStatus }) }
  if (kind === 'PipelineRun') return { metadata, ...inEach(body, { spec: pipelineRunSpec, status: pipelineRunStatus }) }
  return { metadata, ...body }
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

/** Shapes of what kinds say of themselves. Those of runs are read by `reconcile/malformed.ts`, too. */
import type { Fields, Shape } from './shape.js'
import { stringMap, strings } from './shapes-core.js'
import { tektonSpecShape, whenExpressions } from './shapes-tekton.js'

const conditions: Shape = {
  list: {
    type: 'Condition',
    fields: {
      type: 'string',
      status: 'string',
      severity: 'string',
      reason: 'string',
      message: 'string',
      lastTransitionTime: 'timestamp',
    },
    required: ['type', 'status'],
  },
}
const base = { observedGeneration: 'integer', conditions, annotations: stringMap } as const satisfies Record<
  string,
  Shape
>
const address: Fields = { type: 'Address', fields: { url: 'string' } }

const containerStates: Readonly<Record<string, Shape>> = {
  waiting: { kubernetes: 'ContainerStateWaiting', fields: { reason: 'string', message: 'string' } },
  running: { kubernetes: 'ContainerStateRunning', fields: { startedAt: 'timestamp' } },
  terminated: {
    kubernetes: 'ContainerStateTerminated',
    fields: {
      exitCode: 'integer',
      signal: 'integer',
      reason: 'string',
      message: 'string',
      startedAt: 'timestamp',
      finishedAt: 'timestamp',
      containerID: 'string',
    },
    required: ['exitCode'],
  },
}

const results: Shape = {
  list: {
    type: 'ResultValue',
    fields: { name: 'string', type: 'string', value: 'param-value' },
    required: ['name', 'value'],
  },
}

const refSource: Fields = { type: 'RefSource', fields: { uri: 'string', digest: stringMap, entryPoint: 'string' } }
const provenance: Fields = { type: 'Provenance', fields: { refSource, featureFlags: { map: 'any' } } }

const artifactList: Shape = {
  list: {
    type: 'Artifact',
    fields: {
      name: 'string',
      values: { list: { type: 'ArtifactValue', fields: { digest: stringMap, uri: 'string' } } },
      buildOutput: 'boolean',
    },
  },
}
const artifacts = { inputs: artifactList, outputs: artifactList } as const satisfies Record<string, Shape>

const containerState: Readonly<Record<string, Shape>> = {
  name: 'string',
  container: 'string',
  imageID: 'string',
  ...containerStates,
}
const steps: Shape = {
  list: {
    type: 'StepState',
    fields: { ...containerState, ...artifacts, results, terminationReason: 'string', provenance },
    required: ['name', 'container'],
  },
}
const sidecars: Shape = {
  list: { type: 'SidecarState', fields: containerState, required: ['name', 'container'] },
}

/** Of a run in the spelling of a version: v1beta1 has other names for results. */
function runStatus(version: string) {
  const v1 = version === 'v1'
  const taskRun: Fields = {
    type: 'TaskRunStatus',
    fields: {
      ...base,
      podName: 'string',
      startTime: 'timestamp',
      completionTime: 'timestamp',
      steps,
      sidecars,
      ...(v1 ? { results, artifacts: { type: 'Artifacts', fields: artifacts } } : { taskResults: results }),
      taskSpec: tektonSpecShape('Task', version) ?? 'object',
      retriesStatus: { list: () => taskRun },
      provenance,
      spanContext: stringMap,
    },
  }
  const pipelineRun: Fields = {
    type: 'PipelineRunStatus',
    fields: {
      ...base,
      startTime: 'timestamp',
      completionTime: 'timestamp',
      finallyStartTime: 'timestamp',
      ...(v1 ? { results } : { pipelineResults: results }),
      pipelineSpec: tektonSpecShape('Pipeline', version) ?? 'object',
      skippedTasks: {
        list: {
          type: 'SkippedTask',
          fields: { name: 'string', reason: 'string', whenExpressions },
          required: ['name', 'reason'],
        },
      },
      childReferences: {
        list: {
          type: 'ChildReference',
          fields: {
            apiVersion: 'string',
            kind: 'string',
            name: 'string',
            displayName: 'string',
            pipelineTaskName: 'string',
            whenExpressions,
          },
          required: ['kind', 'name', 'pipelineTaskName'],
        },
      },
      provenance,
      spanContext: stringMap,
    },
  }
  return { TaskRun: taskRun, PipelineRun: pipelineRun }
}

const customRun: Fields = {
  type: 'CustomRunStatus',
  fields: {
    ...base,
    startTime: 'timestamp',
    completionTime: 'timestamp',
    results,
    retriesStatus: 'any',
    extraFields: 'any',
  },
}

const OTHER_STATUS: Readonly<Record<string, Fields>> = {
  CustomRun: customRun,
  ResolutionRequest: {
    type: 'ResolutionRequestStatus',
    fields: { ...base, data: 'string', refSource, source: refSource },
  },
  EventListener: {
    type: 'EventListenerStatus',
    fields: {
      ...base,
      address,
      configuration: { type: 'ListenerConfiguration', fields: { generatedName: 'string' } },
    },
  },
  ClusterInterceptor: { type: 'InterceptorStatus', fields: { ...base, address } },
  Interceptor: { type: 'InterceptorStatus', fields: { ...base, address } },
  Schedule: {
    type: 'ScheduleStatus',
    fields: {
      ...base,
      observed: {
        type: 'ObservedSchedule',
        fields: { schedules: strings, timeZone: 'string', suspend: 'boolean', since: 'timestamp' },
      },
      lastScheduleTime: 'timestamp',
      lastSuccessfulTime: 'timestamp',
      nextScheduleTimes: { list: 'timestamp' },
      active: { list: { kubernetes: 'ObjectReference', fields: {}, open: true } },
    },
  },
}

const V1 = runStatus('v1')
const V1BETA1 = runStatus('v1beta1')

export const RUN_STATUS = { ...V1, CustomRun: customRun } as const

/** Of a built-in kind that is not Kubernetes' own; undefined for those that have none. */
export function statusShape(kind: string, version: string): Fields | undefined {
  const runs: Readonly<Record<string, Fields>> = version === 'v1' ? V1 : V1BETA1
  if (Object.hasOwn(runs, kind)) return runs[kind]
  return Object.hasOwn(OTHER_STATUS, kind) ? OTHER_STATUS[kind] : undefined
}
